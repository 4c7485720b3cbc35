"""User halves: the tree of tables, what leaves may name, and what is counted (I1, I2, I3, I6)."""

from collections import Counter

from .guest import PINNED, RUN_FRAMES
from .memory import PAGE
from .paging import (ACCESSED, ADDRESS, DEVICE, DIRTY, LARGE, NO_CACHE, NX, PD, PDPT, PRESENT, PT, USER, WRITE,
                     WRITE_THROUGH, entries)

USER_FIRST, USER_END = 0x10000, 0x7FFF_FFFF_F000
TYPES = {PDPT: "PDPT", PD: "PD", PT: "PT"}
ENTRY_BITS = ADDRESS | NX | PRESENT | WRITE | USER | ACCESSED | DIRTY
DEVICE_BITS = DEVICE | NO_CACHE | WRITE_THROUGH
VGA_TEXT = (0xB8, 0xC0)  # frames
APICS = (0xFEC00, 0xFF000)


def check_user_halves(audit):
    """Walks every aspace, and leaves in the audit what was counted on the way."""
    audit.uses, audit.run_uses, audit.present, audit.parents = Counter(), Counter(), Counter(), {}
    audit.devices = device_frames(audit.guest)
    frames = audit.guest.frames
    for root in frames.all_of("PML4"):
        for entry in entries(audit.guest.memory, root, 0, 256,
                             lambda entry: frames.type_name(entry.frame) == TYPES[entry.level - 1]):
            audit.present[entry.table] += 1
            if entry.leaf:
                check_leaf(audit, root, entry)
            else:
                check_table(audit, root, entry)
    for name in TYPES.values():
        for frame in frames.all_of(name):
            audit.check(frame in audit.parents, "I2", f"{name} 0x{frame:x} is in no aspace")
            check_table_count(audit, frame, name)


def check_table(audit, root, entry):
    name = audit.guest.frames.type_name(entry.frame)
    audit.check(name == TYPES[entry.level - 1], "I2", f"aspace 0x{root:x}: {entry} leads to a frame that is {name}")
    audit.check(entry.frame not in audit.parents, "I2",
                f"aspace 0x{root:x}: {entry} leads to a table that 0x{audit.parents.get(entry.frame, 0):x} has")
    audit.parents[entry.frame] = root
    audit.check(entry.raw & (WRITE | USER) == WRITE | USER and not entry.raw & NX, "I6",
                f"aspace 0x{root:x}: {entry} narrows what its leaves say")


def check_leaf(audit, root, leaf):
    audit.check(leaf.user, "I6", f"aspace 0x{root:x}: {leaf} has no U/S")
    audit.check(not (leaf.writable and leaf.executable), "I5", f"aspace 0x{root:x}: {leaf} is writable and executable")
    audit.check(USER_FIRST <= leaf.address and leaf.address + leaf.size <= USER_END, "I6",
                f"aspace 0x{root:x}: {leaf} is outside of what ring 3 may map")
    if leaf.device:
        check_device_leaf(audit, root, leaf)
    elif leaf.size == PAGE:
        check_page(audit, root, leaf)
    else:
        check_large_page(audit, root, leaf)


def check_page(audit, root, leaf):
    frames = audit.guest.frames
    audit.check(frames.type_name(leaf.frame) == "USER" and frames.by_itself(leaf.frame), "I1",
                f"aspace 0x{root:x}: {leaf} maps frame 0x{leaf.frame:x}, which is {frames.type_name(leaf.frame)}")
    audit.uses[leaf.frame] += 1


def check_large_page(audit, root, leaf):
    """A run that is one page, or was when the leaf was made."""
    frames, run = audit.guest.frames, leaf.frame // RUN_FRAMES
    audit.check(leaf.level == PD, "I2", f"aspace 0x{root:x}: {leaf} has an odd size")
    audit.check(not leaf.raw & ADDRESS & leaf.size - 1, "I2", f"aspace 0x{root:x}: {leaf} begins within a run")
    kinds = {frames.type_name(frame) for frame in range(leaf.frame, leaf.frame + RUN_FRAMES)}
    audit.check(kinds == {"USER"}, "I1", f"aspace 0x{root:x}: {leaf} maps run {run}, which is {sorted(kinds)}")
    audit.run_uses[run] += 1


def device_frames(guest):
    """Ranges of frames of devices that ring 3 may have: VGA's text, and the boot framebuffer."""
    screen = guest.boot_info()[0]["framebuffer"]
    first = screen["address"] // PAGE
    end = -(-(screen["address"] + screen["pitch"] * screen["height"]) // PAGE)
    on_apics = first < APICS[1] and end > APICS[0]
    return [VGA_TEXT] + ([(first, end)] if screen["address"] and not on_apics else [])


def check_device_leaf(audit, root, leaf):
    """It counts in its table only; what it names is no RAM, whatever the list says."""
    name = audit.guest.frames.type_name(leaf.frame)
    where = f"aspace 0x{root:x}: {leaf} of a device"
    audit.check(leaf.level == PT, "device", f"{where} has an odd size")
    audit.check(any(first <= leaf.frame < end for first, end in audit.devices), "device",
                f"{where}: nobody may have frame 0x{leaf.frame:x}")
    audit.check(name == "RESERVED", "I1", f"{where} maps frame 0x{leaf.frame:x}, which is {name}")
    audit.check(leaf.raw & NO_CACHE and leaf.raw & WRITE_THROUGH, "device", f"{where} is cached")
    audit.check(not leaf.executable, "I5", f"{where} is executable")


def check_table_count(audit, frame, name):
    refs = audit.guest.frames.entry(frame)[3]
    audit.check(refs == audit.present[frame], "I3",
                f"{name} 0x{frame:x} has {audit.present[frame]} entries, refs say {refs}")
    for raw in audit.guest.memory.table(frame):
        allowed = ENTRY_BITS | (DEVICE_BITS if name == "PT" and raw & DEVICE else LARGE if name == "PD" else 0)
        if raw and (not raw & PRESENT or raw & ~allowed):
            audit.say("I2", f"{name} 0x{frame:x} has an odd entry 0x{raw:x}")


def check_counts(audit):
    """After tasks were looked at too: refs of USER frames, PML4s, handle tables and runs."""
    frames = audit.guest.frames
    for name, counted in (("USER", audit.uses), ("PML4", audit.present + audit.aspaces), ("HANDLES", audit.tables)):
        for frame in frames.all_of(name):
            refs = frames.entry(frame)[3]
            audit.check(refs == counted[frame], "I3", f"{name} 0x{frame:x}: {counted[frame]} uses, refs say {refs}")
    for frame in frames.all_of("USER"):
        audit.check(audit.uses[frame] or frames.run_in_use(frame // RUN_FRAMES) or frames.entry(frame)[1] & PINNED,
                    "I3", f"USER frame 0x{frame:x} is neither used nor pinned")
    for run, header in enumerate(frames.headers):
        audit.check(header[3] == audit.run_uses[run], "I3",
                    f"run {run}: {audit.run_uses[run]} leaves name it, refs say {header[3]}")
