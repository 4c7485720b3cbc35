"""Mistakes that the core's own audit should find beside those of tests/audit/, and by which invariant it
knows each: enum hf_invariant in <handoff/mmu.h>."""

from audit.guest import PMO
from audit.memory import PAGE
from audit.paging import GLOBAL, NX, PRESENT, USER, WRITE
from audit.plants import PLANTS, plants_into
from audit.plants_runs import RUN_PLANTS

TYPED, TREE, COUNTED, KERNEL_HALF, W_XOR_X, USER_HALF, CLEAN = range(1, 8)
CONSERVED, BOUNDED, OBJECTS, PROCESSOR = 9, 11, 14, 15

CORE_PLANTS = {}
plant = plants_into(CORE_PLANTS)


def state_named(p, name):
    return p.guest.debug.enums["hf_task_state"][f"HF_TASK_{name}"]


def task_in(p, name, **fields):
    """Changes fields of a task that is in the state of this name."""
    wanted = state_named(p, name)
    sizes = {"state": 1, "slow": 1, "effective": 1}
    for field, value in fields.items():
        p.task_field(field, value, sizes.get(field, 8), lambda task: task["state"] == wanted)


def frame_in(p, name):
    """The frame of such a task."""
    wanted = state_named(p, name)
    return next(frame for frame, task in p.guest.tasks().items() if task["state"] == wanted and not task["memory"])


def processor_field(p, field, value):
    p.set(p.symbol("processor") + p.guest.debug.structures["processor"].offset(field), value)


def page_table(p):
    """One of a spare aspace's."""
    return p.user(wanted=lambda entry: entry.level == 1).table


@plant(W_XOR_X)
def leaf_behind_the_image(p):
    p.memory.write(p.leaf(p.symbol("image_start")).table * PAGE + 8 * 511, 0x1000 | NX | GLOBAL | PRESENT)


@plant(TYPED)
def kernel_table_that_is_none(p):
    p.frame_entry(p.leaf(p.symbol("text_start")).table, kind="PT")


@plant(USER_HALF)
def kernel_table_for_ring_3_everywhere(p):
    """In the core's own root too, from which the others are copied."""
    half = p.memory.table(p.guest.root)[256:]
    roots = [frame for frame in p.guest.frames.all_of("CORE") if p.memory.table(frame)[256:] == half]
    for root in roots + p.guest.frames.all_of("PML4"):
        p.memory.write(root * PAGE + 8 * 256, half[0] | USER)


@plant(TYPED)
def absent_entry_with_bits(p):
    p.memory.write(page_table(p) * PAGE + 8 * 300, 0x1000)


@plant(TYPED)
def pinned_table(p):
    p.frame_entry(page_table(p), flags=1)


@plant(USER_HALF)
def highest_page_mapped(p):
    table, slot = p.aspace(), 255
    frames = [frame for frame in p.guest.frames.all_of("FREE") if frame > 0][:3]
    for frame, kind in zip(frames, ("PDPT", "PD", "PT")):
        p.memory.write(table * PAGE + 8 * slot, frame * PAGE | PRESENT | WRITE | USER)
        p.memory.overwrite(frame * PAGE, bytes(PAGE))
        p.frame_entry(frame, kind=kind, refs=1)
        table, slot = frame, 511
    p.memory.write(table * PAGE + 8 * slot, p.user().raw)


@plant(KERNEL_HALF)
def aspace_that_runs_unready(p):
    bare = next(root for root in p.guest.frames.all_of("PML4") if not p.guest.frames.entry(root)[1])
    p.task_field("cr3", bare * PAGE)


@plant(OBJECTS)
def task_that_goes_on_in_the_core(p):
    p.task_field("registers.rip", p.symbol("text_start"))


@plant(OBJECTS)
def task_without_a_serial(p):
    p.task_field("serial", 0)


@plant(OBJECTS)
def task_in_no_state(p):
    p.task_field("state", 9, 1)


@plant(OBJECTS)
def task_below_its_priority(p):
    p.task_field("effective", 0, 1, lambda task: task["priority"])


@plant(OBJECTS)
def fs_base_unseen(p):
    p.task_field("slow", 2, 1)


@plant(OBJECTS)
def fpu_of_two_tasks(p):
    p.task_field("slow", 4, 1)


@plant(OBJECTS)
def ready_in_no_queue(p):
    task_in(p, "STOPPED", state=state_named(p, "READY"))


@plant(OBJECTS)
def receives_from_nothing(p):
    task_in(p, "RECEIVING", queued_at=0)


@plant(OBJECTS)
def queue_without_an_end(p):
    task_in(p, "RECEIVING", next=PMO + frame_in(p, "SENDING") * PAGE)


@plant(OBJECTS)
def call_of_somebody_stopped(p):
    task_in(p, "RECEIVING", caller=PMO + frame_in(p, "STOPPED") * PAGE)


@plant(OBJECTS)
def senders_and_receivers(p):
    layout = p.guest.debug.structures["endpoint"]
    frame = next(frame for frame in p.guest.frames.all_of("ENDPOINT")
                 if p.guest.object("endpoint", frame)["receivers"]["first"])
    for field in ("senders.first", "senders.last"):
        p.memory.write(frame * PAGE + layout.offset(field), PMO + frame_in(p, "SENDING") * PAGE)


@plant(OBJECTS)
def handle_in_slot_0(p):
    layout = p.guest.debug.structures["handle"]
    at = p.first("HANDLES") * PAGE + layout.offset("kind")
    p.memory.write(at, p.guest.debug.enums["hf_handle_kind"]["HF_HANDLE_POWER"], 1)


@plant(OBJECTS)
def map_of_an_empty_queue(p):
    processor_field(p, "map", 1 << 5)


@plant(OBJECTS)
def highest_priority_of_nobody(p):
    processor_field(p, "top", 3)


@plant(OBJECTS)
def highest_priority_forgotten(p):
    processor_field(p, "top", 0xFFFF_FFFF_FFFF_FFFF)


@plant(PROCESSOR)
def null_descriptor_in_use(p):
    p.set(p.guest.registers["GDT"], 0x0000930000000000)


@plant(PROCESSOR)
def data_segment_of_ring_0_for_ring_3(p):
    p.set(p.guest.registers["GDT"] + 2 * 8, 0x0000F30000000000)


@plant(PROCESSOR)
def longer_tss(p):
    p.set(p.guest.registers["GDT"] + 5 * 8, 0xFFFF, 2)


@plant(PROCESSOR)
def gate_that_nobody_needs(p):
    p.set(p.guest.registers["IDT"] + 200 * 16 + 5, 0x8E, 1)


@plant(PROCESSOR)
def stack_of_ring_1(p):
    p.set(p.symbol("tss") + 12, p.symbol("image_end"))


# The outside auditor's names for what has no number, in the core's words.
WORDS = {"PMO": KERNEL_HALF, "guard": W_XOR_X, "device": W_XOR_X, "ring 3": OBJECTS, "queue": OBJECTS,
         "call": OBJECTS, "handle": OBJECTS, "serial": OBJECTS, "segment": PROCESSOR, "IDT": PROCESSOR, "TSS": PROCESSOR}

# Where the core calls the same by another name than the outside auditor.
OTHERWISE = {
    "pmo_maps_another_frame": W_XOR_X,
    "kernel_table_for_ring_3": KERNEL_HALF,  # of one aspace: it differs from the others
    "lost_table": COUNTED,
    "lost_frame": COUNTED,  # the core keeps no sums, but `busy` of each run
    "invented_frame": KERNEL_HALF,
    "new_core_frame": COUNTED,
    "module_not_pinned": CONSERVED,
    "task_in_an_unready_aspace": TYPED,
    "more_zeroed_than_there_is": BOUNDED,
    "pinned_run_without_its_pin": CONSERVED,
    "kept_run_without_its_pin": CONSERVED,
    "leaf_of_2_mib_begins_within_a_run": TYPED,
    "large_bit_in_a_pt": TYPED,
    "uncached_page_of_ram": TYPED,
    "tag_on_a_free_run": TYPED,
    "device_leaf_of_ram": TYPED,
    "device_leaf_of_the_apic": TYPED,
    "device_leaf_behind_vga_text": TYPED,
    "device_leaf_of_2_mib": TYPED,
}

# What can't be planted into a guest that has to go on, or is nothing that the core can judge.
UNSEEN = {
    "leaf_that_belongs_to_nothing": "it takes the place of a page of the core's code; see leaf_behind_the_image",
    "code_segment_of_32_bits": "the next interrupt goes back to ring 3 by it: it is planted while the core runs",
    "serial_twice": "all objects would have to be compared with all; the core counts serials up, and nothing else",
    "privilege_for_everyone": "a second task with MEMORY is no mistake to the core: it is how a successor gets it",
}


# Sentences of the audit that no test gets it to say: the core has no instruction that would load these from where
# a test has something else.
UNTRIED = {"GDTR", "IDTR", "TR or LDTR"}


# Plants that show at another frame than they are about: at the root, for pages that may not be where they are; at a
# table's parent; at a run's first frame; at the other end of a link.
SHOWN_ELSEWHERE = {
    "hole_in_the_pmo", "null_page_mapped", "leaf_of_2_mib_over_the_null_page", "table_with_two_parents", "lost_frame",
    "new_core_frame", "page_that_nobody_uses", "endpoint_forgets_its_receiver", "map_of_an_empty_queue",
    "highest_priority_of_nobody", "highest_priority_forgotten",
}


def number(name, found):
    """The invariant that the audit should name for a plant."""
    first = found[0]
    if isinstance(first, int):
        return first
    if name in OTHERWISE or first in WORDS:
        return OTHERWISE.get(name) or WORDS[first]
    return int(first.removeprefix("I"))


ALL = {**PLANTS, **RUN_PLANTS, **CORE_PLANTS}
