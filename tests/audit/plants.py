"""Mistakes to plant into a copy of a guest's memory, to see that the auditor finds each."""

from .guest import BOOT_INFO, ENTRIES, HEADERS, PMO, frame_of
from .memory import PAGE
from .paging import ADDRESS, NX, PRESENT, USER, WRITE, entries


PLANTS = {}


def plants_into(plants):
    """plant(found, ...): notes a mistake, and what the findings about it begin with."""

    def plant_one(*found):

        def note(function):
            plants[function.__name__] = (function, found)
            return function

        return note

    return plant_one


plant = plants_into(PLANTS)


@plant("I5")
def writable_text(p):
    p.change_entry(p.leaf(p.symbol("text_start")), set_bits=WRITE)


@plant("I5")
def writable_rodata(p):
    p.change_entry(p.leaf(p.symbol("rodata_start")), set_bits=WRITE)


@plant("I5")
def executable_rodata(p):
    p.change_entry(p.leaf(p.symbol("rodata_start")), clear_bits=NX)


@plant("I5")
def executable_data(p):
    p.change_entry(p.leaf(p.symbol("data_start")), clear_bits=NX)


@plant("I5")
def writable_alias_of_text(p):
    p.change_entry(p.leaf(PMO + p.guest.physical(p.symbol("text_start"))), set_bits=WRITE)


@plant("I5")
def alias_of_data_writable(p):
    p.change_entry(p.leaf(PMO + p.guest.physical(p.symbol("data_start"))), set_bits=WRITE)


@plant("I5")
def executable_pmo(p):
    p.change_entry(p.leaf(PMO + 0x2000), clear_bits=NX)


@plant("PMO")
def hole_in_the_pmo(p):
    p.change_entry(p.leaf(PMO + 0x4000), clear_bits=PRESENT)


@plant("PMO")
def pmo_beyond_ram(p):
    p.set(PMO + p.leaf(PMO).table * PAGE + 8 * 0xA0, 0xA0000 | NX | WRITE | PRESENT)


@plant("PMO")
def pmo_maps_another_frame(p):
    p.change_entry(p.leaf(PMO + 0x4000), set_bits=0x10000)


@plant("I6")
def kernel_leaf_for_ring_3(p):
    p.change_entry(p.leaf(p.symbol("data_start")), set_bits=USER)


@plant("I6")
def kernel_table_for_ring_3(p):
    p.change_entry(next(entries(p.memory, p.guest.root, 256)), set_bits=USER)


@plant("I4")
def leaf_that_belongs_to_nothing(p):
    table = p.leaf(p.symbol("image_start")).table
    p.set(PMO + table * PAGE + 8, 0x1000 | NX | PRESENT)


@plant("guard")
def guard_page_mapped(p):
    leaf = p.leaf(0xFFFF_E000_0000_E000)
    p.set(PMO + leaf.table * PAGE + 8 * (leaf.address // PAGE % 512 - 1), leaf.raw)


@plant("device")
def cached_device(p):
    p.change_entry(p.leaf(0xFFFF_E000_1000_0000), clear_bits=0x10)


@plant("device")
def unknown_device(p):
    p.change_entry(p.leaf(0xFFFF_E000_1000_0000), set_bits=0x1000)


@plant("I4")
def kernel_half_differs(p):
    root = next(root for root in p.guest.frames.all_of("PML4") if root != p.guest.root)
    p.memory.write(root * PAGE + 8 * 300, 0x1003)


@plant("I4")
def kernel_half_not_flagged(p):
    p.frame_entry(p.aspace(), flags=0)


@plant("I1")
def user_leaf_maps_a_table(p):
    leaf = p.user()
    p.change_entry(leaf, clear_bits=ADDRESS, set_bits=p.first("PT") * PAGE)


@plant("I1")
def user_leaf_maps_the_core(p):
    leaf = p.user()
    p.change_entry(leaf, clear_bits=ADDRESS, set_bits=0x20_0000)


@plant("I1")
def user_leaf_maps_free_memory(p):
    p.change_entry(p.user(), clear_bits=ADDRESS, set_bits=p.free_frame() * PAGE)


@plant("I1")
def user_leaf_maps_no_memory(p):
    p.change_entry(p.user(), clear_bits=ADDRESS, set_bits=0xFEE0_0000)


@plant("I5")
def user_leaf_writable_and_executable(p):
    p.change_entry(p.user(wanted=lambda entry: entry.leaf and entry.writable), clear_bits=NX)


@plant("I6")
def user_leaf_of_the_core(p):
    p.change_entry(p.user(), clear_bits=USER)


@plant("I6")
def user_table_narrows(p):
    p.change_entry(p.user(wanted=lambda entry: not entry.leaf), clear_bits=WRITE)


@plant("I6")
def null_page_mapped(p):
    """The table that has memsrv's boot information, put in again where it covers address 0."""
    table = p.user(p.memsrv(), lambda entry: entry.level == 2 and entry.address == BOOT_INFO)
    p.memory.write(table.table * PAGE, table.raw)


@plant("I2")
def identity_map_left(p):
    p.memory.write(p.aspace() * PAGE, 0x20_0003)


@plant("I2")
def table_with_two_parents(p):
    table = p.user(wanted=lambda entry: not entry.leaf and entry.level == 2)
    p.memory.write(table.table * PAGE + 8 * 500, table.raw)
    p.more_refs(table.table)


@plant("I2")
def table_of_the_wrong_level(p):
    p.frame_entry(p.first("PT"), kind="PD")


@plant("I2")
def table_that_loops(p):
    table = p.user(wanted=lambda entry: not entry.leaf and entry.level == 3)
    p.memory.write(table.frame * PAGE, table.raw)


@plant("I2")
def self_map(p):
    p.memory.write(p.aspace() * PAGE + 8 * 255, p.aspace() * PAGE | 7)


@plant("I2", "I3")
def lost_table(p):
    p.change_entry(p.user(wanted=lambda entry: not entry.leaf and entry.level == 2), clear_bits=~0)


@plant("I3")
def refs_of_a_table(p):
    p.more_refs(p.first("PT"))


@plant("I3")
def refs_of_an_aspace(p):
    p.more_refs(p.aspace())


@plant("I3")
def refs_of_a_page(p):
    p.more_refs(p.user(wanted=lambda entry: entry.leaf and entry.writable).frame)


@plant("I3")
def refs_of_a_handle_table(p):
    p.more_refs(p.first("HANDLES"))


@plant("I3")
def refs_of_a_free_frame(p):
    p.frame_entry(p.free_frame(), refs=1)


@plant("I3")
def page_that_nobody_uses(p):
    p.frame_entry(p.free_frame(), kind="USER")


@plant("I3")
def busy_of_a_run(p):
    p.set(HEADERS + 2, p.guest.frames.headers[0][2] - 1, 2)


@plant("I3")
def refs_of_a_run(p):
    p.set(HEADERS + 4, 1, 4)


@plant("I3")
def split_run_without_use(p):
    run = next(run for run, header in enumerate(p.guest.frames.headers) if header[0] == 2)
    p.set(HEADERS + run * 8, p.guest.frames.split, 1)


@plant("I9")
def lost_frame(p):
    p.frame_entry(p.free_frame(), kind="RESERVED")


@plant("I9")
def invented_frame(p):
    p.frame_entry(0xA0, kind="FREE")


@plant("I1")
def unknown_type(p):
    p.set(ENTRIES + p.free_frame() * 8, 99, 1)


@plant("I1")
def new_core_frame(p):
    p.frame_entry(p.free_frame(), kind="CORE")


@plant("I13")
def module_not_pinned(p):
    pinned = next(frame for frame in p.guest.frames.all_of("USER") if p.guest.frames.entry(frame)[1] & 1)
    p.frame_entry(pinned, flags=0)


@plant("I1")
def buffer_in_a_free_frame(p):
    p.task_field("buffer", PMO + p.free_frame() * PAGE, wanted=lambda task: task["buffer"])


@plant("I1")
def handles_in_a_page(p):
    p.task_field("handles", PMO + p.first("USER") * PAGE)


@plant("I4")
def task_in_an_unready_aspace(p):
    p.task_field("cr3", p.free_frame() * PAGE)


@plant("MEMORY")
def privilege_for_everyone(p):
    p.task_field("memory", 1, 1, wanted=lambda task: not task["memory"])


@plant("serial")
def serial_twice(p):
    p.task_field("serial", 1)
    p.task_field("serial", 1, wanted=lambda task: task["serial"] != 1 and not task["memory"])


@plant("ring 3")
def task_in_ring_0(p):
    p.task_field("registers.cs", 8)


@plant("ring 3")
def task_with_io_privilege(p):
    ready = p.guest.debug.enums["hf_task_state"]["HF_TASK_READY"]
    waiting = next(frame for frame, task in p.guest.tasks().items() if task["state"] != ready)
    at = waiting * PAGE
    layout = p.guest.debug.structures["task"]
    p.memory.write(at + layout.offset("state"), ready, 1)
    p.memory.write(at + layout.offset("registers.rflags"), 0x3202)


@plant("queue")
def task_in_no_queue(p):
    states = p.guest.debug.enums["hf_task_state"]
    p.task_field("state", states["HF_TASK_READY"], 1, lambda task: task["state"] == states["HF_TASK_RECEIVING"])


@plant("queue")
def endpoint_forgets_its_receiver(p):
    layout = p.guest.debug.structures["endpoint"]
    frame = next(frame for frame in p.guest.frames.all_of("ENDPOINT")
                 if p.guest.object("endpoint", frame)["receivers"]["first"])
    p.memory.write(frame * PAGE + layout.offset("receivers.first"), 0)


@plant("call")
def server_of_nobody(p):
    waiting = p.guest.debug.enums["hf_task_state"]["HF_TASK_WAITING"]
    caller, task = next((frame, task) for frame, task in p.guest.tasks().items() if task["state"] == waiting)
    other = next(frame for frame in p.guest.tasks() if frame not in (caller, frame_of(task["server"])))
    at = caller * PAGE + p.guest.debug.structures["task"].offset("server")
    p.memory.write(at, PMO + other * PAGE)


def plant_handle(p, kind, target):
    layout = p.guest.debug.structures["handle"]
    at = p.first("HANDLES") * PAGE + 100 * layout.size
    p.memory.write(at + layout.offset("kind"), p.guest.debug.enums["hf_handle_kind"][kind], 1)
    p.memory.write(at + layout.offset("object"), target)


@plant("handle")
def handle_to_a_user_address(p):
    plant_handle(p, "HF_HANDLE_ENDPOINT", 0x40000000)


@plant("handle")
def handle_to_the_reset_port(p):
    plant_handle(p, "HF_HANDLE_PORTS", 0xCF9)


@plant("handle")
def handle_to_the_disks_interrupt(p):
    plant_handle(p, "HF_HANDLE_IRQ", 14)


@plant("segment")
def code_segment_of_32_bits(p):
    p.set(p.guest.registers["GDT"] + 6 * 8 - 16, 0x00CFFA000000FFFF)


@plant("IDT")
def gate_for_ring_3(p):
    p.set(p.guest.registers["IDT"] + 14 * 16 + 5, 0xEE, 1)


@plant("IDT")
def gate_out_of_text(p):
    p.set(p.guest.registers["IDT"] + 13 * 16, 0, 2)
    p.set(p.guest.registers["IDT"] + 13 * 16 + 6, 0, 2)


@plant("IDT")
def double_fault_on_the_common_stack(p):
    p.set(p.guest.registers["IDT"] + 8 * 16 + 4, 0, 1)


@plant("TSS")
def shared_interrupt_stacks(p):
    p.set(p.symbol("tss") + 36, 0xFFFF_E000_0003_0000)


@plant("TSS")
def io_bitmap(p):
    p.set(p.symbol("tss") + 102, 0, 2)
