"""The frame table by itself, and against the memory map (I1, I3, I7, I9)."""

from .guest import PINNED, RUN_FRAMES
from .memory import PAGE
from .paging import merge, subtract

KERNEL_HALF = 2


def check_runs(audit):
    frames = audit.guest.frames
    for run, (state, flags, busy, refs) in enumerate(frames.headers):
        names = [name for name, value in frames.state.items() if value == state]
        if names:
            CHECKS_OF_RUNS.get(names[0], check_plain_run)(audit, run, flags, busy, refs)
        else:
            audit.say("I1", f"run {run} has state {state}")


def check_plain_run(audit, run, flags, busy, refs):
    audit.check(flags == busy == refs == 0, "I3", f"run {run} is whole, with flags {flags}, busy {busy}, refs {refs}")


def check_split_run(audit, run, flags, busy, refs):
    frames = audit.guest.frames
    used = [entry for entry in frames.entries[run] if entry[0] != frames.type["FREE"]]
    audit.check(not flags & ~PINNED, "I1", f"run {run} is split, with flags {flags}")
    audit.check(busy == len(used), "I3", f"run {run}: busy says {busy}, {len(used)} frames are not FREE")
    audit.check(used, "I3", f"run {run} is split, with nothing in use")
    if frames.run_in_use(run):
        audit.check(all(entry[0] == frames.type["USER"] for entry in frames.entries[run]), "I1",
                    f"run {run} is kept as one page (flags {flags}, refs {refs}), and not all of it is USER")


def check_zeroing_run(audit, run, flags, busy, refs):
    """What STAGE has done of it so far."""
    audit.check(flags == refs == 0 and busy < RUN_FRAMES, "I1",
                f"run {run} is being zeroed, with flags {flags}, busy {busy}, refs {refs}")
    done = min(busy, RUN_FRAMES) * PAGE
    audit.check(not any(audit.guest.memory.read(run * RUN_FRAMES * PAGE, done)), "I7",
                f"run {run} is not zero as far as it says")


def check_staged_run(audit, run, flags, tag, refs):
    audit.check(flags == refs == 0, "I1", f"run {run} is STAGED, with flags {flags}, refs {refs}")


def check_user_run(audit, run, flags, tag, refs):
    audit.check(not flags & ~PINNED, "I1", f"run {run} is USER, with flags {flags}")
    audit.check(audit.guest.frames.run_in_use(run), "I3", f"run {run} is USER, and neither used nor pinned")


CHECKS_OF_RUNS = {"SPLIT": check_split_run, "ZEROING": check_zeroing_run, "STAGED": check_staged_run,
                  "USER": check_user_run}


def check_entries(audit):
    frames = audit.guest.frames
    for run, entries in frames.entries.items():
        for at, (kind, flags, tag, refs) in enumerate(entries):
            frame = run * RUN_FRAMES + at
            name = frames.name.get(kind)
            audit.check(name is not None, "I1", f"frame 0x{frame:x} has type {kind}")
            if name in ("FREE", "RESERVED", "CORE", "TASK", "ENDPOINT", "STAGED"):
                audit.check(refs == 0, "I3", f"frame 0x{frame:x} is {name}, with {refs} refs")
            if name in ("FREE", "RESERVED", "CORE"):
                audit.check(flags == tag == 0, "I1", f"frame 0x{frame:x} is {name}, with flags {flags} and tag {tag}")
            allowed = PINNED if name == "USER" else KERNEL_HALF if name == "PML4" else 0
            audit.check(not flags & ~allowed, "I1", f"frame 0x{frame:x} is {name}, with flags {flags}")


def check_conserved(audit):
    """Every frame of RAM has a type, no other has one, and the sums agree."""
    guest = audit.guest
    sums = guest.frames.sums()
    ram = sum(end - first for first, end in guest.ram)
    counted = sum(count for name, count in sums.items() if name != "RESERVED")
    audit.check(counted == ram, "I9", f"the frame table has {counted} frames of RAM, the memory map {ram}")
    typed = merge(ranges_where(guest.frames, lambda name: name != "RESERVED"))
    for first, end in subtract(typed, guest.ram):
        audit.say("I9", f"frames 0x{first:x} to 0x{end:x} have a type and are no RAM")
    for first, end in subtract(guest.ram, typed):
        audit.say("I9", f"frames 0x{first:x} to 0x{end:x} are RAM and RESERVED")


def ranges_where(frames, wanted):
    """[first, end) of the frames whose type's name is wanted, in pieces of at most a run."""
    for run in range(frames.run_count):
        first = run * RUN_FRAMES
        if run not in frames.entries:
            if wanted(frames.type_name(first)):
                yield first, first + RUN_FRAMES
            continue
        for at, entry in enumerate(frames.entries[run]):
            if wanted(frames.name.get(entry[0])):
                yield first + at, first + at + 1


def check_boot_info(audit):
    """What memsrv was told at the handoff is still so: the core has exactly the frames it had,
    and modules stay pinned."""
    guest = audit.guest
    info, ranges = guest.boot_info()
    kinds = guest.debug.enums["hf_range_kind"]
    audit.check(info["magic"].to_bytes(8, "little") == b"HANDOFFO", "boot", "the boot information's magic is wrong")
    audit.check(merge((first, first + count) for first, count, _ in ranges) == guest.ram, "I9",
                "the boot information's ranges are not the memory map's RAM")
    audit.check(all(a[0] + a[1] <= b[0] for a, b in zip(ranges, ranges[1:])), "I9", "boot ranges overlap")
    ram = sum(end - first for first, end in guest.ram)
    audit.check(info["map"]["total_ram"] == ram * PAGE, "I9", "total_ram is wrong")
    core = merge((first, first + count) for first, count, kind in ranges if kind == kinds["HF_RANGE_CORE"])
    now = merge(ranges_where(guest.frames, lambda name: name == "CORE"))
    audit.check(core == now, "I1", f"CORE frames were {core} at the handoff and are {now}")
    for first, count, kind in ranges:
        if kind == kinds["HF_RANGE_MODULE"]:
            for frame in range(first, first + count):
                entry = guest.frames.entry(frame)
                audit.check(guest.frames.name.get(entry[0]) == "USER" and entry[1] & PINNED, "I13",
                            f"frame 0x{frame:x} of a module is {guest.frames.type_name(frame)}, flags {entry[1]}")
