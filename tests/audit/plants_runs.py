"""Mistakes about runs, pages of 2 MiB, device leaves and tags, to be planted beside what runs.py makes."""

from .guest import ENTRIES, HEADERS, PMO, RUN_FRAMES
from .memory import PAGE
from .paging import ADDRESS, LARGE, NO_CACHE, NX, WRITE_THROUGH
from .plants import plants_into

RUN_PLANTS = {}
plant = plants_into(RUN_PLANTS)


@plant("I7")
def zeroed_page_that_is_not_zero(p):
    p.memory.write((p.first_frame("zeroing") + 2) * PAGE + 8, 1)


@plant("I1")
def more_zeroed_than_there_is(p):
    p.fill(p.first_frame("zeroing"), 0, RUN_FRAMES)
    p.change_header("zeroing", 2, RUN_FRAMES, 2)


@plant("I1")
def zeroing_run_with_a_pin(p):
    p.change_header("zeroing", 1, 1, 1)


@plant("I1", "I3")
def zeroing_run_with_refs(p):
    p.change_header("zeroing", 4, 1, 4)


@plant("I1")
def zeroing_run_mapped(p):
    p.change(p.large["user"], clear_bits=ADDRESS, set_bits=p.first_frame("zeroing") * PAGE)


@plant("I1")
def staged_run_with_a_pin(p):
    p.change_header("staged", 1, 1, 1)


@plant("I1", "I3")
def staged_run_with_refs(p):
    p.change_header("staged", 4, 1, 4)


@plant("I1")
def staged_run_mapped(p):
    p.change(p.large["user"], clear_bits=ADDRESS, set_bits=p.first_frame("staged") * PAGE)


@plant("I3")
def refs_of_a_page_of_2_mib_too_high(p):
    p.change_header("user", 4, 3, 4)


@plant("I3")
def refs_of_a_page_of_2_mib_too_low(p):
    p.change_header("user", 4, 1, 4)


@plant("I3")
def leaf_of_2_mib_lost(p):
    p.change(p.large["user"], clear_bits=~0)


@plant("I1")
def run_with_flags_that_there_are_not(p):
    p.change_header("user", 1, 2, 1)


@plant("I3")
def pinned_run_without_its_pin(p):
    p.change_header("pinned", 1, 0, 1)


@plant("I1")
def run_of_no_state(p):
    p.change_header("pinned", 0, 9, 1)


@plant("I1")
def page_within_a_whole_run(p):
    p.change(p.pt * PAGE, clear_bits=ADDRESS, set_bits=(p.first_frame("user") + 5) * PAGE)


@plant("I1")
def page_within_a_pinned_run(p):
    p.change(p.pt * PAGE, clear_bits=ADDRESS, set_bits=p.first_frame("pinned") * PAGE)


@plant("I1")
def buffer_within_a_whole_run(p):
    p.task_field("buffer", PMO + p.first_frame("user") * PAGE, wanted=lambda task: task["buffer"])


@plant("I2")
def leaf_of_2_mib_begins_within_a_run(p):
    p.change(p.large["user"], set_bits=PAGE)


@plant("I5")
def leaf_of_2_mib_writable_and_executable(p):
    p.change(p.large["user"], clear_bits=NX)


@plant("I1")
def leaf_of_2_mib_of_a_free_run(p):
    free = next(run for run, header in enumerate(p.guest.frames.headers)
                if header[0] == p.guest.frames.state["FREE"] and run not in p.run.values())
    p.change(p.large["user"], clear_bits=ADDRESS, set_bits=free * RUN_FRAMES * PAGE)


@plant("I1")
def leaf_of_2_mib_of_the_core(p):
    p.change(p.large["user"], clear_bits=ADDRESS, set_bits=0x20_0000)


@plant("I1")
def leaf_of_2_mib_of_no_ram(p):
    p.change(p.large["user"], clear_bits=ADDRESS, set_bits=0xFEE0_0000)


@plant("I6")
def leaf_of_2_mib_over_the_null_page(p):
    table = p.user(p.memsrv(), lambda entry: entry.level == 2 and entry.address < 1 << 30).table
    p.memory.write(table * PAGE, p.memory.word(p.large["user"]))


@plant("I2")
def leaf_of_1_gib(p):
    table = p.user(p.memsrv(), lambda entry: entry.level == 3).table
    p.memory.write(table * PAGE + 8 * 500, p.memory.word(p.large["user"]) & ~ADDRESS)


@plant("I2")
def large_bit_in_a_pt(p):
    p.change(p.pt * PAGE, set_bits=LARGE)


@plant("I3")
def refs_of_a_shared_run(p):
    p.change_header("shared", 4, 0, 4)


@plant("I3")
def refs_of_a_page_of_a_shared_run(p):
    p.frame_entry(p.first_frame("shared") + 3, refs=2)


@plant("I3")
def busy_of_a_shared_run(p):
    p.change_header("shared", 2, RUN_FRAMES - 1, 2)


@plant("I1")
def shared_run_with_a_free_frame(p):
    p.memory.write(p.pt * PAGE + 8 * 7, 0)
    p.frame_entry(p.pt, refs=RUN_FRAMES - 1)
    p.set(ENTRIES + 8 * (p.first_frame("shared") + 7), p.guest.frames.type["FREE"])
    p.change_header("shared", 2, RUN_FRAMES - 1, 2)


@plant("I1")
def shared_run_taken_for_free(p):
    p.change_header("shared", 0, p.guest.frames.state["FREE"], 1)


@plant("I1")
def table_in_a_shared_run(p):
    p.frame_entry(p.first_frame("kept") + 9, kind="PT")


@plant("I3")
def kept_run_without_its_pin(p):
    p.change_header("kept", 1, 0, 1)


@plant("I3")
def frame_of_a_kept_run_with_refs(p):
    p.frame_entry(p.first_frame("kept") + 1, refs=1)


@plant("device")
def device_leaf_cached(p):
    p.change(p.device, clear_bits=NO_CACHE)


@plant("device")
def device_leaf_written_back(p):
    p.change(p.device, clear_bits=WRITE_THROUGH)


@plant("I5")
def device_leaf_executable(p):
    p.change(p.device, clear_bits=NX | 2)


@plant("device")
def device_leaf_of_the_apic(p):
    p.change(p.device, clear_bits=ADDRESS, set_bits=0xFEE0_0000)


@plant("device")
def device_leaf_behind_vga_text(p):
    p.change(p.device, clear_bits=ADDRESS, set_bits=0xC_0000)


@plant("device", "I1")
def device_leaf_of_ram(p):
    p.change(p.device, clear_bits=ADDRESS, set_bits=p.free_frame() * PAGE)


@plant("I1")
def device_leaf_not_marked(p):
    p.change(p.device, clear_bits=0x200)


@plant("I3")
def device_leaf_not_counted(p):
    p.change(p.device, clear_bits=~0)


@plant("device")
def device_leaf_of_2_mib(p):
    p.change(p.large["user"], set_bits=0x218)


@plant("I2")
def uncached_page_of_ram(p):
    p.change(p.pt * PAGE, set_bits=NO_CACHE)


@plant("I1")
def tag_on_a_free_frame(p):
    p.set(ENTRIES + 8 * p.guest.frames.all_of("FREE")[-1] + 2, 1, 2)


@plant("I3")
def tag_on_a_free_run(p):
    free = next(run for run, header in enumerate(p.guest.frames.headers)
                if header[0] == p.guest.frames.state["FREE"] and run not in p.run.values())
    p.set(HEADERS + 8 * free + 2, 1, 2)


@plant("handle")
def handle_to_an_endpoint_within_a_run(p):
    """The entry that a whole run keeps behind its back says that there is an object."""
    frame = p.first_frame("staged") + 1
    p.set(ENTRIES + 8 * frame, p.guest.frames.type["ENDPOINT"], 1)
    layout = p.guest.debug.structures["handle"]
    at = p.first("HANDLES") * PAGE + 100 * layout.size
    p.memory.write(at + layout.offset("kind"), p.guest.debug.enums["hf_handle_kind"]["HF_HANDLE_ENDPOINT"], 1)
    p.memory.write(at + layout.offset("object"), PMO + frame * PAGE)
