"""Lesson 1: the first touch of a page, from the instruction to the bits that the processor leaves behind."""

from watch.faults import show_list, show_message, show_region, told, word
from watch.lesson import Lesson
from watch.reach import returned, step, then, to, to_address, written

lesson = Lesson(1, "First touch of a page", "1-first-touch")
lesson.boot("first", programs=["first"], run="first")

OFFSET = 0x5123
ACCESSED, DIRTY = 32, 64


@lesson.station("A store to memory that was only promised", to("first.store"),
                ask="first has called mem_map for 1 MiB and got an address. How many frames has it got?",
                answer="None. memsrv has noted a region; the tables say nothing of it yet.")
def before(at):
    at.keep.address = at.register("rdi")
    at.keep.root, at.keep.store = at.guest.root, at.guest.stop.rip
    at.place("page", at.keep.address & ~0xFFF)
    at.say("The instruction at > stores 42 through RDI. The processor has to translate the address: one "
           "table after the other, from CR3 down. This is what it will find.")
    at.show.here()
    at.show.registers("rdi", "cr3")
    at.show.walk(at.keep.address)
    at.expect(at.keep.address % 0x10000 == OFFSET, "the address is the one that the program asks for")
    at.expect(not at.entry(at.keep.address).present, "nothing is mapped at the address")


@lesson.station("The processor asks for help", step(),
                ask="One step of the processor. Where does it stand afterwards, and in which ring?",
                answer="At the core's entry for vector 14, in ring 0. Nothing was stored.")
def asked(at):
    at.say("It could not finish the walk. It put the address into CR2, took its stack from the TSS (that is the "
           "end of the task's own frame, where its registers are kept) and pushed six words: why, and where to "
           "go on. RIP is that of the store, so the store can be done again.")
    at.show.here(around=0)
    at.show.registers("cr2")
    error = at.guest.read(at.register("rsp"))
    at.show.error(error)
    at.show.stack(["error code", "rip", "cs", "rflags", "rsp", "ss"], {"rip": "address", "rsp": "address"})
    at.expect(at.guest.stop.ring == 0, "the processor is in ring 0")
    at.expect(at.register("cr2") == at.keep.address, "CR2 has the address of the store")
    at.expect(error == 6, "the error code says: not present, write, ring 3")
    at.expect(at.guest.read(at.register("rsp") + 8) == at.keep.store, "the saved RIP is that of the store")


@lesson.station("The core makes a message of it", told(lambda at: at.keep.address),
                ask="What must memsrv be told to be able to help?",
                answer="Who (the badge), which address, what kind of access; and, so that it need not ask, the "
                       "entry where the walk ended.")
def message(at):
    at.say("The core decided nothing. It sent a message for the task, as if the task had called memsrv, and switched "
           "to memsrv: CR3 is another one. memsrv's loop has looked up who it is and calls fault_page.")
    at.show.here()
    at.show.registers("cr3", "rdi")
    error = show_message(at)
    at.keep.level = word(at, 5) & 0xFF
    at.expect(at.guest.root != at.keep.root, "memsrv has an address space of its own")
    at.expect(word(at, 0) == at.keep.address and error == 6, "the message tells address and error code")
    at.expect(word(at, 4) == 0, "the message brings the entry, which is empty")


@lesson.station("The region that decides", to("memsrv.ledger_take"),
                ask="The address is in nobody's tables. How does memsrv know that it is no mistake?",
                answer="By its own list of regions: first was promised this range, to read and to write.")
def region(at):
    at.keep.output = at.register("rdx")
    at.say("fault_judge has compared the access with the region and found nothing wrong. The region's backing says "
           "what a new page of it holds: zeroes. So memsrv is about to take a frame, for which the task pays.")
    at.show.here()
    found = show_region(at, at.keep.address)
    at.keep.free = at.show.free_blocks()
    at.expect(at.keep.address in found, "the region has the address")
    at.expect(found.rights & 2, "the region may be written")


@lesson.station("A frame from the buddy allocator", returned(),
                ask="What does the frame that memsrv takes hold now?",
                answer="Something, and memsrv can't read it. It needn't: nobody will see it.")
def taken(at):
    at.keep.frame = at.guest.read(at.keep.output)
    at.say("ledger_take has put the frame's number where its caller wants it. memsrv has one frame less; for the "
           "core nothing has changed: its frame table still calls the frame FREE. Only the core changes that.")
    at.show.here()
    at.show.word(at.keep.output, "memsrv", kind="frame", note="the frame's number")
    at.show.free_blocks(before=at.keep.free)
    at.show.frame(at.keep.frame)
    at.expect(at.register("rax") & 0xFFFFFFFF == 0, "ledger_take answers HF_OK")
    at.expect(at.guest.frame_type(at.keep.frame) == "FREE", "the core's frame table calls it FREE")


@lesson.station("What memsrv answers", to("memsrv.list_reply_receive"),
                ask="memsrv can't write a page table. What can its answer be?",
                answer="A list of operations, which the core checks one by one, does, and then delivers the reply.")
def answered(at):
    at.say("The walk ended above the page, so the tables that are missing come first; each takes a frame of its own. "
           "Then the page's frame is staged (zeroed by the core), then mapped. One entry into the core for it all.")
    at.show.here()
    words, root = show_list(at)
    at.expect(root == at.keep.root, "it is about the tables of first")
    at.expect(words == ["TABLE_INSTALL"] * (at.keep.level - 1) + ["STAGE", "MAP"],
              "the list has a table for each level that is missing, STAGE and MAP")


@lesson.station("Zeroed", then(to("mmu_stage"), returned()),
                ask="The tables are installed. May the frame be mapped now, as it is?",
                answer="No: FREE frames can't be mapped at all. They are staged first, so no task sees what was there.")
def staged(at):
    at.say("mmu_stage has written 4 KiB of zeroes into the frame through the PMO, the core's map of all RAM, and "
           "the frame is STAGED. The new tables are there; the walk ends at the last of them.")
    at.show.here()
    at.show.frame(at.keep.frame)
    at.show.physical_word(at.keep.frame * 4096 + at.keep.address % 4096 // 8 * 8, note="where 42 will stand")
    at.show.walk(at.keep.address, at.keep.root)
    last = at.entry(at.keep.address, root=at.keep.root)
    at.keep.place = last.place
    at.expect(at.guest.frame_type(at.keep.frame) == "STAGED", "the frame is STAGED")
    at.expect(not any(at.guest.bytes_at(at.keep.frame * 4096, 4096)), "all 4096 bytes of it are 0")
    at.expect(last.level == 1 and not last.present, "only the PTE is missing")


@lesson.station("The entry that changes from 0", written(lambda at: at.keep.place),
                ask="Which bits will the core set in the entry?",
                answer="Present, write and user; NX, since memory to write is never memory to execute.")
def mapped(at):
    now = at.guest.read_physical(at.keep.place)
    at.say("This is the one write that makes the page exist for first. It is the core's: nobody else has these "
           "tables mapped. Accessed and dirty are 0: those two are the processor's to set.")
    at.show.here(done=True)
    at.show.entry_change(at.keep.place, 0, now)
    at.expect(now & 0xFFF == 7 and now >> 63, "the entry says present, write, user, NX")
    at.expect(now >> 12 & 0xFFFFFFFFFF == at.keep.frame, "the entry names the frame that memsrv took")


@lesson.station("The same instruction again",
                to_address(lambda at: at.keep.store, when=lambda at: at.guest.stop.ring == 3),
                ask="The reply is delivered. Where does first go on?",
                answer="At the store: RIP was never moved on. It knows nothing of all this.")
def again(at):
    at.keep.before = at.guest.read_physical(at.keep.place)
    at.say("CR3 is that of first again. All four entries are there. The frame is USER now, and one entry names it.")
    at.show.here()
    at.show.registers("rdi", "cr3")
    at.show.walk(at.keep.address)
    at.show.frame(at.keep.frame)
    at.expect(at.guest.root == at.keep.root and at.register("rdi") == at.keep.address, "everything is as it was")
    at.expect(not at.keep.before & (ACCESSED | DIRTY), "the processor has not used the entry yet")
    at.expect(at.guest.frame_type(at.keep.frame) == "USER", "the frame is USER")


@lesson.station("What the processor leaves behind", step(),
                ask="One step again. It is a store; which bits of the entry will the processor set?",
                answer="Accessed, because it used the entry; dirty, because it wrote to the page.")
def stored(at):
    now = at.guest.read_physical(at.keep.place)
    at.say("No core, no memsrv: the processor itself writes to the tables when it walks them. memsrv can ask for "
           "these bits (UNMAP and PROTECT tell them) and so learn which pages are used.")
    at.show.here(around=0)
    at.show.entry_change(at.keep.place, at.keep.before, now)
    at.show.physical_word(at.keep.frame * 4096 + at.keep.address % 4096, size=1, note="42")
    at.keep.before = now
    at.expect(at.guest.stop.ring == 3, "the store went through")
    at.expect(now & (ACCESSED | DIRTY) == ACCESSED | DIRTY, "accessed and dirty are set")
    at.expect(at.guest.read_physical(at.keep.frame * 4096 + at.keep.address % 4096, 1) == 42, "42 is in memory")


@lesson.station("The second touch is free", then(to("first.load"), step()),
                ask="first reads the byte that it wrote. How many instructions of the core will run for it?",
                answer="None. The translation is in the tables, and by now in the TLB.")
def second(at):
    at.say("One step, and the value is in EAX; still ring 3. This is what demand paging costs: one fault for a page, "
           "and then nothing, ever.")
    at.show.here(around=0)
    at.show.registers("rax")
    at.show.walk(at.keep.address)
    at.expect(at.guest.stop.ring == 3, "the processor stayed in ring 3")
    at.expect(at.register("rax") & 0xFF == 42, "EAX has 42")
    at.expect(at.guest.read_physical(at.keep.place) == at.keep.before, "the entry has not changed")
