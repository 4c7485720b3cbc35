"""The kernel half: what is mapped there, with which rights, and that it is the same in
every aspace (I4, I5)."""

from .guest import ENTRIES, HEADERS, PMO, RUN_FRAMES
from .memory import PAGE
from .paging import GLOBAL, NO_CACHE, USER, entries, merge, subtract

PMO_END = HEADERS
TABLE_END = 0xFFFF_C080_0000_0000
STACKS = 0xFFFF_E000_0000_0000
STACK_SPAN, STACK_BYTES, STACK_COUNT = 0x10000, 0x2000, 5
DEVICES, DEVICES_END = STACKS + 0x1000_0000, STACKS + 0x2000_0000
IMAGE = 0xFFFF_FFFF_8000_0000
DEVICE_REGISTERS = {0xFEE0_0000, 0xB_8000}  # the local APIC's, VGA text


def check_kernel_half(audit):
    frames = audit.guest.frames
    audit.kernel = list(entries(audit.guest.memory, audit.guest.root, 256, 512,
                                lambda entry: frames.type_name(entry.frame) == "CORE"))
    leaves = [entry for entry in audit.kernel if entry.leaf]
    check_rights(audit, leaves)
    check_tables(audit)
    regions = {"pmo": (PMO, PMO_END), "table": (HEADERS, TABLE_END), "stacks": (STACKS, DEVICES),
               "devices": (DEVICES, DEVICES_END), "image": (IMAGE, 1 << 64)}
    parts = {name: [leaf for leaf in leaves if start <= leaf.address < end] for name, (start, end) in regions.items()}
    for leaf in leaves:
        audit.check(any(start <= leaf.address < end for start, end in regions.values()), "I4",
                    f"{leaf} is mapped and belongs to nothing")
    check_pmo(audit, parts["pmo"])
    check_frame_table(audit, parts["table"])
    check_stacks(audit, parts["stacks"])
    check_devices(audit, parts["devices"])
    check_image(audit, parts["image"])


def image_part(audit, start, end):
    """Where the image stands in physical memory: [start, end)."""
    symbols = audit.guest.debug.symbols
    return symbols[start] - IMAGE, symbols[end] - IMAGE


def check_rights(audit, leaves):
    constant = image_part(audit, "text_start", "rodata_end")
    text = image_part(audit, "text_start", "text_end")
    for leaf in leaves:
        start, end = leaf.physical, leaf.physical + leaf.size
        if leaf.writable:
            audit.check(not leaf.executable, "I5", f"{leaf} is writable and executable")
            audit.check(end <= constant[0] or start >= constant[1], "I5", f"{leaf} is a writable alias of the image")
        if leaf.executable:
            audit.check(text[0] <= start and end <= text[1], "I5", f"{leaf} is executable and no text")
    for entry in audit.kernel:
        audit.check(not entry.raw & USER, "I6", f"{entry} of the kernel half has U/S set")


def check_tables(audit):
    frames = audit.guest.frames
    parents = {}
    for entry in audit.kernel:
        if not entry.leaf:
            audit.check(frames.type_name(entry.frame) == "CORE", "I1", f"{entry} leads to no CORE frame")
            audit.check(entry.frame not in parents, "I2",
                        f"{entry} leads to the table that {parents.get(entry.frame)} has")
            parents[entry.frame] = entry


def check_pmo(audit, leaves):
    ram = [(first * PAGE, end * PAGE) for first, end in audit.guest.ram]
    mapped = merge((leaf.address - PMO, leaf.address - PMO + leaf.size) for leaf in leaves)
    for start, end in subtract(mapped, ram):
        audit.say("PMO", f"0x{start:x} to 0x{end:x} is in the PMO and no RAM")
    for start, end in subtract(ram, mapped):
        audit.say("PMO", f"0x{start:x} to 0x{end:x} is RAM and not in the PMO")
    image = image_part(audit, "image_start", "image_end")
    for leaf in leaves:
        audit.check(leaf.physical == leaf.address - PMO, "PMO", f"{leaf} maps physical 0x{leaf.physical:x}")
        inside = image[0] <= leaf.physical < image[1]
        audit.check(leaf.writable != inside, "I5", f"{leaf} of the PMO: image {inside}, writable {leaf.writable}")
    check_pmo_sizes(audit, leaves)


def check_pmo_sizes(audit, leaves):
    """2 MiB pages wherever a whole run is RAM, but around the image."""
    image = image_part(audit, "image_start", "image_end")
    small = {leaf.frame // RUN_FRAMES for leaf in leaves if leaf.size == PAGE}
    for run in small:
        start = run * RUN_FRAMES
        whole = any(first <= start and start + RUN_FRAMES <= end for first, end in audit.guest.ram)
        near = start * PAGE < image[1] and (start + RUN_FRAMES) * PAGE > image[0]
        audit.check(not whole or near, "PMO", f"run {run} is RAM altogether, and in small pages")


def check_frame_table(audit, leaves):
    for leaf in leaves:
        audit.check(leaf.writable, "I5", f"{leaf} of the frame table can't be written")
        for frame in {leaf.frame, leaf.frame + leaf.size // PAGE - 1}:
            audit.check(audit.guest.frames.type_name(frame) == "CORE", "I1",
                        f"{leaf} of the frame table is no CORE frame")
    mapped = merge((leaf.address, leaf.address + leaf.size) for leaf in leaves)
    wanted = [(HEADERS, HEADERS + audit.guest.frames.run_count * 8)]
    wanted += [(ENTRIES + first * 8, ENTRIES + end * 8) for first, end in audit.guest.ram]
    for start, end in subtract(merge(wanted), mapped):
        audit.say("frame table", f"0x{start:x} to 0x{end:x} should be mapped")


def check_stacks(audit, leaves):
    tops = [STACKS + (number + 1) * STACK_SPAN for number in range(STACK_COUNT)]
    mapped = merge((leaf.address, leaf.address + leaf.size) for leaf in leaves)
    audit.check(mapped == [(top - STACK_BYTES, top) for top in tops], "guard",
                f"stacks stand at {[(hex(start), hex(end)) for start, end in mapped]}")
    seen = set()
    for leaf in leaves:
        audit.check(leaf.writable and leaf.size == PAGE, "I5", f"{leaf} is no page of a stack")
        audit.check(audit.guest.frames.type_name(leaf.frame) == "CORE", "I1", f"{leaf} of a stack is no CORE frame")
        audit.check(leaf.frame not in seen, "I1", f"{leaf}: two stacks share a frame")
        seen.add(leaf.frame)


def check_devices(audit, leaves):
    for leaf in leaves:
        audit.check(leaf.physical in DEVICE_REGISTERS and leaf.size == PAGE, "device", f"{leaf} is no known device's")
        audit.check(leaf.raw & NO_CACHE, "device", f"{leaf} of a device is cached")


def check_image(audit, leaves):
    symbols = audit.guest.debug.symbols
    parts = [("text", "text_start", "text_end", False, True), ("rodata", "rodata_start", "rodata_end", False, False),
             ("data", "data_start", "image_end", True, False)]
    mapped = merge((leaf.address, leaf.address + leaf.size) for leaf in leaves)
    audit.check(mapped == [(symbols["image_start"], symbols["image_end"])], "I5",
                f"the image is mapped at {[(hex(start), hex(end)) for start, end in mapped]}")
    for leaf in leaves:
        audit.check(leaf.physical == leaf.address - IMAGE, "I5", f"{leaf} of the image maps 0x{leaf.physical:x}")
        for name, start, end, write, execute in parts:
            if symbols[start] <= leaf.address < symbols[end]:
                audit.check((leaf.writable, leaf.executable) == (write, execute), "I5",
                            f"{leaf} of {name}: writable {leaf.writable}, executable {leaf.executable}")


def check_same_everywhere(audit):
    guest = audit.guest
    half = guest.memory.table(guest.root)[256:]
    for root in guest.frames.all_of("PML4"):
        table = guest.memory.table(root)[256:]
        ready = guest.frames.entry(root)[1] & 2
        audit.check(table == (half if ready else (0,) * 256), "I4",
                    f"the kernel half of aspace 0x{root:x} (flagged {bool(ready)}) is not the core's")
    for leaf in (entry for entry in audit.kernel if entry.leaf):
        audit.check(leaf.raw & GLOBAL, "I4", f"{leaf} of the kernel half is not global")
