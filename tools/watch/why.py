"""Why an address works, or doesn't, for whom the machine is running: the walk, memsrv's region, and what a read,
a write and a fetch would lead to."""

from .guest import LEVELS, NX, USER, WRITE, NotMapped
from .memsrv import Records, root_of

USER_FIRST, LOWER_HALF = 0x10000, 1 << 47
ACCESSES = (("read", 1), ("write", 2), ("fetch", 4))
GUARD = "guard"


def why(guest, address):
    """Lines that explain the address in the address space that is loaded."""
    lines = [_where(address)]
    entries = guest.walk(address)
    last = entries[-1]
    if last.present:
        lines.append(f"the walk ends at a {LEVELS[last.level]}: frame 0x{last.frame:x}")
    else:
        lines.append(f"the walk ends at a {LEVELS[last.level]} that is not present")
    region, known = _region(guest, address)
    if region:
        lines.append(f"memsrv's region: {region}")
    elif known and address < LOWER_HALF:
        lines.append("memsrv has no region there")
    for name, right in ACCESSES:
        lines.append(f"  {name:5} from ring 3: {_verdict(entries, right, region, known, address)}")
    return lines


def _where(address):
    if LOWER_HALF <= address < (1 << 64) - LOWER_HALF:
        return "no address: bits 47 to 63 differ (general protection fault, no page fault)"
    if address >= LOWER_HALF:
        return "in the upper half: the core's"
    return "in the null page, which is never mapped" if address < USER_FIRST else "in ring 3's half"


def _region(guest, address):
    """(the region or None, whether memsrv's records could be asked)"""
    try:
        root = root_of(guest, "memsrv")
        records = root and Records(guest, root)
        process = records and records.process_of(guest.root)
    except NotMapped:
        process = None
    return (records.region_at(process, address), True) if process else (None, False)


def _allowed(entries, right):
    if not entries[-1].present or not all(entry.value & USER for entry in entries):
        return False
    if right == 2:
        return all(entry.value & WRITE for entry in entries)
    return right != 4 or not any(entry.value & NX for entry in entries)


def _verdict(entries, right, region, known, address):
    if LOWER_HALF <= address < (1 << 64) - LOWER_HALF:
        return "general protection fault"
    if _allowed(entries, right):
        return "works, without a fault"
    if address >= LOWER_HALF:
        return "page fault, refused: the core's"
    if not known:
        return "page fault"
    if not region:
        return "page fault, refused: nothing is mapped there"
    if region.backing == GUARD:
        return "page fault, refused: a guard"
    if not region.rights & right:
        return "page fault, refused: the region doesn't allow it"
    return "page fault, which memsrv answers"
