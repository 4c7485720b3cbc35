"""Lesson 5: a page of 2 MiB, from the fault that asks for it to the pieces that are left of it."""

from watch.guest import FRAME_BITS, LARGE, RUN_FRAMES, RUN_HEADERS
from watch.lesson import Lesson
from watch.reach import returned, step, then, to, to_line, written
from watch.show import free_blocks

lesson = Lesson(5, "2 MiB", "5-two-mebibytes")
lesson.boot("large", programs=["large"], run="large")

PAGE, RUN_BYTES = 4096, 512 * 4096
MIDDLE = 256  # which page the program takes out
ACCESSED, DIRTY = 32, 64
LARGE_C = "servers/memsrv/large.c"


def header(at, name):
    """A member of the header of the run that becomes the page."""
    return at.guest.field("core", "hf_run_header", RUN_HEADERS + at.keep.run // RUN_FRAMES * 8, name)


def is_run(at, state):
    return header(at, "state") == at.programs["core"].enums[state]


def is_our_run(at):
    """Of a function of the core's that works on a run: whether it is that of this lesson."""
    return at.register("rsi") == at.keep.run


def pde(at):
    return at.entry(at.keep.start, 2, at.keep.root)


def page(at, number):
    """The address of one of the 512 pages."""
    return at.keep.start + number * PAGE


def pde_present(at):
    last = at.entry(at.keep.start, root=at.keep.root)
    return last.level == 2 and last.present


# ---- on the way ----


def asker(at):
    """At large_begin: who is to get a page, and what is free before."""
    at.keep.task = at.guest.field("memsrv", "request", at.register("rdi"), "task")
    at.keep.free = free_blocks(at.guest, at.programs)


def is_begun(at):
    return is_run(at, "HF_RUN_ZEROING")


def is_given_back(at):
    return is_run(at, "HF_RUN_FREE")


def has_directory(at):
    """The page directory is there: then MAP is not refused for want of tables."""
    return pde(at) is not None


def pde_place(at):
    return pde(at).place


def before_store(at):
    at.keep.store = at.guest.stop.rip


# ---- bringing it ----


@lesson.station("One store, 512 pages", to("large.store"),
                ask="large has asked mem_map for 2 MiB with HF_MAP_LARGE. With pages of 4 KiB, how many "
                    "entries would it take to map all of them? How many with one page of 2 MiB?",
                answer="512 in a PT, and one in a PD for that PT; or just one in a PD.")
def before(at):
    at.keep.address, at.keep.root = at.register("rdi"), at.guest.root
    at.keep.start = at.keep.address // RUN_BYTES * RUN_BYTES
    at.place("memory", at.keep.start, RUN_BYTES)
    at.say("Nothing is mapped yet. The mapping begins at a multiple of 2 MiB: the lowest 21 bits of an "
           "address in it say where in the page it is, and no table is asked for them.")
    at.show.here()
    at.show.registers("rdi", "cr3")
    at.show.walk(at.keep.address)
    at.expect(not at.entry(at.keep.address).present, "nothing is mapped")
    at.expect(at.entry(at.keep.address).level >= 2, "and there is no page table for it")


@lesson.station("memsrv takes a run",
                then(to("memsrv.large_begin"), asker, to_line("memsrv", LARGE_C, "jobs_wake(")),
                ask="memsrv's allocator gives single frames. Will any 512 of them do for one entry?",
                answer="No: an entry names one place. It takes a run: 512 frames one behind the other, the "
                       "first at a multiple of 2 MiB. So the allocator keeps what is free in blocks.")
def begin(at):
    at.keep.run = at.guest.field("memsrv", "task", at.keep.task, "run")
    at.say("large_begin (servers/memsrv/large.c) has found that the region takes large pages and that the "
           "2 MiB around the address lie in it, has taken a block of order 9, and has set the fault aside: "
           "large will wait. At > it wakes its worker, for whom there is work now.")
    at.show.here()
    at.show.fields("memsrv", "task", at.keep.task, [("run", "frame"), ("run_address", "address")])
    at.show.free_blocks(before=at.keep.free)
    at.show.run(at.keep.run)
    at.expect(at.keep.run % RUN_FRAMES == 0, "the run's first frame is at a multiple of 2 MiB")
    address = at.guest.field("memsrv", "task", at.keep.task, "run_address")
    at.expect(address == at.keep.start, "it is for the 2 MiB around the address")
    at.expect(is_run(at, "HF_RUN_FREE"), "the run is FREE")


@lesson.station("STAGE: the first 16 pages", then(to("run_zero", when=is_our_run), returned()),
                ask="What is in the run must be zeroed before ring 3 sees it (I7). Why shouldn't the core "
                    "do that in one go?",
                answer="An entry into the core does a bounded amount of work (I11): interrupts and more "
                       "urgent tasks would have to wait for all 2 MiB.")
def first_part(at):
    at.say("run_zero (ukernel/run.c) has zeroed what one entry may, and answers HF_AGAIN (RAX). The run's "
           "header has the progress: `busy` of a run that is ZEROING is the number of pages done.")
    at.show.here(done=True)
    at.show.registers(rax="number")
    at.show.run(at.keep.run)
    status = at.register("rax") & 0xFFFFFFFF
    at.expect(status == at.programs["core"].enums["HF_AGAIN"], "the core answers HF_AGAIN")
    at.expect(is_run(at, "HF_RUN_ZEROING"), "the run is ZEROING")
    at.expect(header(at, "busy") == 16, "16 pages are done")


@lesson.station("Others come in between", to("memsrv.large_do_part", when=is_begun),
                ask="memsrv could ask again until the core says HF_OK. Does it?",
                answer="No. After a few times it looks for messages first: others wait for their pages too.")
def between(at):
    at.say("memsrv begins the next part here, having been asked to by its worker: a task without rights "
           "that calls again and again, so that this work competes with other messages (docs/memsrv.md, "
           "Longer work). large has not run since its store.")
    at.show.here()
    at.show.run(at.keep.run)
    at.expect(16 < header(at, "busy") < RUN_FRAMES, "a part is done, and not all")
    at.expect(not pde_present(at), "nothing is mapped yet")


@lesson.station("STAGED, and about to be mapped", to("map_run", when=has_directory),
                ask="Between two parts the run was only half zeroed. Could memsrv have mapped it too "
                    "early, by mistake?",
                answer="No. MAP takes a run that is STAGED or in use already, and refuses one that is "
                       "ZEROING.")
def staged(at):
    at.keep.pde = pde(at).value
    at.say("All 512 are zeroed, and the run is STAGED: clean, and nobody has it. memsrv has installed what "
           "tables were missing, and asks for MAP with level PD: the core is here. run_check_use looks at "
           "the run's state.")
    at.show.here(around=2)
    at.show.walk(at.keep.address, at.keep.root)
    at.show.run(at.keep.run)
    at.expect(is_run(at, "HF_RUN_STAGED"), "the run is STAGED")
    at.expect(at.keep.pde == 0, "the entry of the PD is 0")


@lesson.station("One entry", written(pde_place),
                ask="The core writes one entry into the page directory. By which bit will the processor "
                    "know that it names a page, and not a page table?",
                answer="By bit 7, `large` (PS in the manual).")
def mapped(at):
    entry = pde(at)
    at.say("512 frames by one entry: no PT, one count. The run is USER now, and `refs` of its header "
           "counts the entries of 2 MiB that name it. Single frames of it have no entry of their own in "
           "the frame table.")
    at.show.here(done=True)
    at.show.entry_change(entry.place, at.keep.pde, entry.value)
    at.show.run(at.keep.run)
    at.show.frame(at.keep.run + MIDDLE)
    at.expect(entry.value & 1 and entry.value & LARGE, "the entry is present and large")
    at.expect(entry.value & (ACCESSED | DIRTY) == 0, "nobody has used it yet")
    at.expect(entry.frame == at.keep.run, "it names the run")
    at.expect(is_run(at, "HF_RUN_USER") and header(at, "refs") == 1, "the header counts it")


@lesson.station("The walk that stops early", then(to("large.store"), step()),
                ask="The store runs again. How many table entries does the processor read to translate its "
                    "address?",
                answer="Three: PML4E, PDPTE, PDE. Then 21 bits of the address are left, which say where in "
                       "the page.")
def walked(at):
    at.say("The store is done. Below the PDE there is nothing to read. The processor has set accessed and "
           "dirty in it: for all 2 MiB together, so nobody can tell any more which of the 512 pages was "
           "written.")
    at.show.here(done=True)
    at.show.registers("rdi")
    at.show.walk(at.keep.address)
    at.show.physical_word(at.guest.physical(at.keep.address), note="frame * 4096 + 21 bits")
    at.expect(at.guest.stop.ring == 3 and at.register("rdi") == at.keep.address, "the store is done")
    at.expect(len(at.guest.walk(at.keep.address)) == 3, "the walk has three entries")
    at.expect(pde(at).value & (ACCESSED | DIRTY) == ACCESSED | DIRTY, "accessed and dirty are set")
    at.expect(at.guest.read(at.keep.address, 1) == 1, "what was stored is there")


@lesson.station("Another page of it", then(to("large.store"), before_store, step()),
                ask="large stores to a page in the middle, which it has never touched. A fault?",
                answer="No: the one entry translates it as well.")
def other(at):
    at.say("One step, and the processor stands behind the store: nobody was asked. With pages of 4 KiB "
           "this would have been another fault.")
    at.show.here(done=True)
    at.show.registers("rdi")
    at.show.walk(at.register("rdi"))
    at.expect(at.register("rdi") == page(at, MIDDLE + 1), "the store went to another of the 512 pages")
    at.expect(at.guest.stop.ring == 3 and at.guest.stop.rip > at.keep.store, "there was no fault")


# ---- taking it apart ----


@lesson.station("A page is to go", to("memsrv.aspace_split"),
                ask="large unmaps one page of 4 KiB in the middle. But one entry maps all 512. What has to "
                    "be done first?",
                answer="The entry must be replaced by 512: a page table, which takes a frame. memsrv has "
                       "some put by for that, since to unmap something must not fail for want of memory.")
def splitting(at):
    at.keep.pde = pde(at).value
    at.say("mem_unmap has arrived in memsrv, which finds that the page at RSI lies in a large one: "
           "aspace_split is going to ask the core for SPLIT. Remember the entry.")
    at.show.here()
    at.show.registers("rsi")
    at.show.walk(page(at, MIDDLE), at.keep.root)
    at.show.run(at.keep.run)
    at.expect(at.register("rsi") == page(at, MIDDLE), "it is about the page in the middle")
    at.expect(pde(at).value & LARGE, "the entry is large still")


@lesson.station("512 equal entries", then(to("mmu_split"), written(pde_place)),
                ask="The PT will have 512 entries. In what do they differ from one another, and from the "
                    "PDE that was?",
                answer="From one another in the frame only, one further each. From the PDE by bit 7, which "
                       "is not theirs: rights, accessed and dirty are the same.")
def split(at):
    entry, entries = pde(at), [at.entry(page(at, number), root=at.keep.root) for number in (0, MIDDLE, 511)]
    at.keep.table, at.keep.leaf = entry.frame, entries[1]
    at.say("First the new table was filled, then retire (ukernel/retire.h) has changed the PDE, in one "
           "store: at no time is anything unmapped. INVLPG isn't needed, since another aspace is loaded: "
           "memsrv's. Below are the walks of the page in question and of the last one. Each frame has an "
           "entry in the frame table now.")
    at.expect(at.guest.root != at.keep.root, "another aspace is loaded")
    at.show.entry_change(entry.place, at.keep.pde, entry.value)
    at.show.walk(page(at, MIDDLE), at.keep.root)
    at.show.walk(page(at, 511), at.keep.root)
    at.show.run(at.keep.run)
    at.show.frame(at.keep.run + MIDDLE)
    at.show.frame(at.keep.table)
    at.expect(not entry.value & LARGE and not entry.value >> 63, "the PDE names a table and forbids nothing")
    bits = at.keep.pde & ~(FRAME_BITS | LARGE)
    at.expect([leaf.frame - at.keep.run for leaf in entries] == [0, MIDDLE, 511], "each names its own frame")
    at.expect(all(leaf.value & ~FRAME_BITS == bits for leaf in entries), "with the bits that the PDE had")
    at.expect(is_run(at, "HF_RUN_SPLIT"), "the run is SPLIT")
    at.expect(header(at, "busy") == RUN_FRAMES, "all of it is in use")
    at.expect(header(at, "refs") == 0, "no entry of 2 MiB names it any more")
    at.expect(at.guest.frame(at.keep.table)["refs"] == RUN_FRAMES, "the PT has 512 present entries")


@lesson.station("The one page goes", then(to("mmu_unmap"), returned()),
                ask="The page is unmapped. How many frames more than before the split are free now?",
                answer="None. One came back, and one was taken, for the page table.")
def unmapped(at):
    leaf = at.entry(page(at, MIDDLE), 1, at.keep.root)
    at.say("Now it is as with any page: its entry is 0, its frame FREE. `busy` of the run, the number of "
           "its frames that aren't FREE, is one less. But memsrv has no run of 512 free frames until all "
           "others are free too.")
    at.show.entry_change(leaf.place, at.keep.leaf.value, leaf.value)
    at.show.run(at.keep.run)
    at.show.frame(at.keep.run + MIDDLE)
    at.show.frame(at.keep.run + MIDDLE + 1)
    at.show.frame(at.keep.table)
    at.expect(leaf.place == at.keep.leaf.place and leaf.value == 0, "the entry is 0")
    at.expect(at.guest.frame_type(at.keep.run + MIDDLE) == "FREE", "the frame is FREE")
    at.expect(header(at, "busy") == RUN_FRAMES - 1, "511 are left")
    at.expect(at.guest.frame(at.keep.table)["refs"] == RUN_FRAMES - 1, "and in the PT too")


@lesson.station("The neighbour doesn't notice", then(to("large.store"), before_store, step()),
                ask="large stores to the page behind the hole. The processor's old translation, of 2 MiB, "
                    "is gone. A fault?",
                answer="No. The processor walks again, four levels now, and finds the entry that SPLIT has "
                       "made.")
def neighbour(at):
    address = at.register("rdi")
    at.say("The store is done, without a fault: the same frame as before, by a walk that is one entry "
           "longer. That, and a TLB entry for each page instead of one for all, is what a split costs for "
           "as long as the mapping lives.")
    at.show.here(done=True)
    at.show.walk(address)
    at.show.word(address & ~7, "large")
    at.expect(address == page(at, MIDDLE + 1), "the page behind the hole")
    at.expect(at.guest.stop.ring == 3 and at.guest.stop.rip > at.keep.store, "there was no fault")
    at.expect(len(at.guest.walk(address)) == 4 and at.entry(address).frame == at.keep.run + MIDDLE + 1,
              "four levels lead to the same frame")
    at.expect(at.guest.read(address, 1) == 3, "what was stored is there")


@lesson.station("Whole again", to("memsrv.ledger_close", when=is_given_back),
                ask="large ends. 511 frames of the run are given back one by one. What is the run in the "
                    "end?",
                answer="FREE as a whole, ready to be one page again: `busy` has come down to 0.")
def whole(at):
    at.say("No entry of the run counts any more; its header alone says what all 512 are. memsrv's "
           "allocator isn't so far: some of these frames are among those at hand, which it gives out next, "
           "and they become a block of order 9 again no sooner than one is missing (docs/buddy.md).")
    at.show.here()
    at.show.run(at.keep.run)
    at.show.free_blocks()
    at.expect(header(at, "busy") == 0 and header(at, "refs") == 0, "nothing of the run is in use")
    run = range(at.keep.run, at.keep.run + RUN_FRAMES)
    at.expect(any(frame in run for frame in at_hand(at)), "some are at hand")


def at_hand(at):
    """The frames that memsrv gives out next."""
    return [at.guest.field("memsrv", "buddy", at.symbol("memsrv.frames"), f"at_hand[{number}].frame")
            for number in range(free_blocks(at.guest, at.programs)[0])]
