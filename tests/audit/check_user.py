"""User halves: the tree of tables, what leaves may name, and what is counted (I1, I2, I3, I6)."""

from collections import Counter

from .guest import RUN_FRAMES
from .memory import PAGE
from .paging import ACCESSED, ADDRESS, DIRTY, LARGE, NX, PD, PDPT, PRESENT, PT, USER, WRITE, entries

USER_FIRST, USER_END = 0x10000, 0x7FFF_FFFF_F000
TYPES = {PDPT: "PDPT", PD: "PD", PT: "PT"}
PINNED = 1
ENTRY_BITS = PRESENT | WRITE | USER | ACCESSED | DIRTY | LARGE


def check_user_halves(audit):
    """Walks every aspace, and leaves in the audit what was counted on the way."""
    audit.uses, audit.run_uses, audit.present, audit.parents = Counter(), Counter(), Counter(), {}
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
    frames = audit.guest.frames
    audit.check(leaf.user, "I6", f"aspace 0x{root:x}: {leaf} has no U/S")
    audit.check(not (leaf.writable and leaf.executable), "I5", f"aspace 0x{root:x}: {leaf} is writable and executable")
    audit.check(USER_FIRST <= leaf.address and leaf.address + leaf.size <= USER_END, "I6",
                f"aspace 0x{root:x}: {leaf} is outside of what ring 3 may map")
    audit.check(leaf.size in (PAGE, PAGE * RUN_FRAMES), "I2", f"aspace 0x{root:x}: {leaf} has an odd size")
    for frame in range(leaf.frame, leaf.frame + leaf.size // PAGE):
        audit.check(frames.type_name(frame) == "USER", "I1",
                    f"aspace 0x{root:x}: {leaf} maps frame 0x{frame:x}, which is {frames.type_name(frame)}")
    if leaf.size == PAGE:
        audit.uses[leaf.frame] += 1
    else:
        audit.run_uses[leaf.frame // RUN_FRAMES] += 1


def check_table_count(audit, frame, name):
    refs = audit.guest.frames.entry(frame)[3]
    audit.check(refs == audit.present[frame], "I3",
                f"{name} 0x{frame:x} has {audit.present[frame]} entries, refs say {refs}")
    for raw in audit.guest.memory.table(frame):
        if raw and (not raw & PRESENT or raw & ~(ADDRESS | NX | ENTRY_BITS)):
            audit.say("I2", f"{name} 0x{frame:x} has an odd entry 0x{raw:x}")


def check_counts(audit):
    """After tasks were looked at too: refs of USER frames, PML4s, handle tables and runs."""
    frames = audit.guest.frames
    for name, counted in (("USER", audit.uses), ("PML4", audit.present + audit.aspaces), ("HANDLES", audit.tables)):
        for frame in frames.all_of(name):
            refs = frames.entry(frame)[3]
            audit.check(refs == counted[frame], "I3", f"{name} 0x{frame:x}: {counted[frame]} uses, refs say {refs}")
    for frame in frames.all_of("USER"):
        audit.check(audit.uses[frame] or audit.run_uses[frame // RUN_FRAMES] or frames.entry(frame)[1] & PINNED, "I3",
                    f"USER frame 0x{frame:x} is neither used nor pinned")
    for run, header in enumerate(frames.headers):
        audit.check(header[3] == audit.run_uses[run], "I3",
                    f"run {run}: {audit.run_uses[run]} leaves name it, refs say {header[3]}")
