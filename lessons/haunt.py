"""Lesson 4: a translation that outlives its entry, and what comes of it."""

from watch.lesson import Lesson
from watch.reach import ended, step, then, to

lesson = Lesson(4, "The ghost write", "4-ghost-write")

LETTER, FORGED = b"Pay 0010 to Ann. Bob", b"Pay 9999 to Ann. Bob"


def letter(at):
    return at.guest.bytes_at(at.keep.page * 4096, len(LETTER))


PLACES = ("here", "beyond", "there")


def show_places(at):
    """The addresses that the program has chosen."""
    at.show.fields("haunt", "places", at.symbol("haunt.places"), [(name, "address") for name in PLACES])


def first_store(at):
    """To the first store, and what it is about."""
    at.guest.run_to([at.symbol("haunt.store")])
    values = [at.guest.field("haunt", "places", at.symbol("haunt.places"), name) for name in PLACES]
    at.keep.here, at.keep.beyond, at.keep.there = values
    for name, value in zip(PLACES, values):
        at.place(name, value)


def meet(at):
    """To where the page is let to a tenant, whom the function's arguments name."""
    at.guest.run_to([at.symbol("haunt.let_to_tenant")])
    at.keep.tenant, at.keep.page = at.register("rsi"), at.register("rdx")


def traced_step(at):
    """One instruction, and what Bochs tells of its memory accesses."""
    at.guest.debugger("trace-mem on")
    at.keep.accesses = at.guest.debugger("s")
    at.guest.debugger("trace-mem off")


def has_type(at, kind):
    """Whether the frame table says that the page is of this type."""
    return at.guest.frame(at.keep.page)["type"] == at.programs["core"].enums[kind]


def show_page(at):
    """What the frame table and its content say of the page that is given away."""
    at.show.frame(at.keep.page)
    at.show.physical_text(at.keep.page * 4096, len(LETTER))


# ---- a core that forgets to flush ----

lesson.boot("ghost", core="ghost-core", memsrv="haunt")


@lesson.station("A store, and what the processor keeps of it", then(first_store, step()),
                ask="The program haunt stands in memsrv's place. It has mapped a page for itself, and "
                    "stores to it. Besides the data: what is now in the processor that was not there "
                    "before?",
                answer="The translation: page, frame and rights, in the TLB. The next access to this page "
                       "reads no table.")
def stored(at):
    at.keep.root, at.keep.entry = at.guest.root, at.entry(at.keep.here)
    at.keep.page = at.keep.entry.frame
    at.say("The store is done; the processor stands behind it. It set A and D in the PTE on its way, and "
           "it keeps what it has found. No instruction reads the TLB; it can only be noticed by what it "
           "does. `places` is the program's: its page is at .here.")
    at.show.here()
    show_places(at)
    at.show.registers("rdi", "cr3")
    at.show.walk(at.keep.here)
    at.show.frame(at.keep.page)
    at.expect(at.register("rdi") == at.keep.here, "the store went to the page that will be given away")
    at.expect(at.keep.entry.value & 0x60 == 0x60, "the processor has set accessed and dirty")
    at.expect(has_type(at, "HF_FRAME_USER"), "the frame is a page of ring 3's")


@lesson.station("UNMAP: where the translation should end", to("invalidate"),
                ask="haunt asks the core to UNMAP the page. The core has written 0 to the PTE. What else "
                    "has to be done before it may say that the frame is FREE?",
                answer="The processor must be told to forget the translation: INVLPG.")
def not_flushed(at):
    entry = at.entry(at.keep.here)
    at.say("retire (ukernel/retire.h) has put 0 into the entry and calls invalidate. In this core that "
           "function is nothing but a RET. Note the order: the frame is USER still. It is to become FREE "
           "when nobody can reach it any more.")
    at.show.here()
    at.show.registers("rdi", "cr3")
    at.show.entry_change(entry.place, at.keep.entry.value, entry.value)
    at.show.frame(at.keep.page)
    at.expect(entry.place == at.keep.entry.place and entry.value == 0, "the entry is 0")
    at.expect(at.register("rdi") == at.keep.here, "it is about this page")
    at.expect(at.guest.root == at.keep.root, "of the aspace that is loaded")
    at.expect(at.guest.stop.instruction.startswith("ret"), "this core does nothing here")
    at.expect(has_type(at, "HF_FRAME_USER"), "the frame is not given back yet")


@lesson.station("A free frame", meet,
                ask="UNMAP has answered HF_OK. Where in memory could one see that something went wrong?",
                answer="Nowhere. What went wrong is in the processor.")
def free(at):
    at.say("The core says OK, and all books agree: the tables have no such page, and the frame is FREE, "
           "memsrv's to use for whatever it likes. haunt is about to let it to a tenant: its arguments are "
           "aspaces and the frame.")
    at.show.here()
    at.show.registers(rdi="frame", rsi="frame", rdx="frame")
    at.show.walk(at.keep.here)
    at.show.frame(at.keep.page)
    at.expect(not at.entry(at.keep.here).present, "the walk ends at an entry that is 0")
    at.expect(has_type(at, "HF_FRAME_FREE"), "the frame is FREE")


@lesson.station("Somebody else's letter", to("haunt.store"),
                ask="Before the frame is let, who makes sure that nobody else can reach it?",
                answer="The core, by its count: a frame becomes FREE when nothing maps it any more, and "
                       "only a FREE one can be staged for somebody else.")
def haunted(at):
    at.say("Two walks: of the old address, in haunt's tables, which ends at 0; and of the tenant's. The "
           "store at > has RSI for it: the first 8 characters of another letter.")
    at.show.here()
    at.show.registers("rdi", rsi="number")
    at.show.walk(at.keep.here)
    at.show.walk(at.keep.there, at.keep.tenant)
    show_page(at)
    at.expect(not at.entry(at.keep.here).present, "haunt has nothing mapped at the address")
    at.expect(at.entry(at.keep.there, root=at.keep.tenant).frame == at.keep.page, "the tenant has the frame")
    at.expect(letter(at) == LETTER, "the letter is the tenant's")


@lesson.station("The ghost write", traced_step,
                ask="haunt is about to store to the old address. Its PTE is 0. What will happen?",
                answer="The store succeeds: the processor doesn't look at the PTE, it has the page in the "
                       "TLB.")
def written(at):
    at.say("RIP has moved on to the RET: no fault. The processor has read no page table for this store. "
           "Nobody could notice: the entry is still 0, the frame table is as it was, the core was not "
           "asked. But the tenant, a stranger in another address space, pays Ann a thousand times as much.")
    at.show.here()
    at.show.walk(at.keep.here)
    show_page(at)
    at.expect(at.guest.stop.ring == 3, "nothing has interrupted haunt")
    at.expect(at.guest.stop.rip > at.symbol("haunt.store"), "the store is done")
    at.expect("PML4E" not in at.keep.accesses, "the processor has read no page table")
    at.expect(not at.entry(at.keep.here).present, "the entry is still 0")
    at.expect(letter(at) == FORGED, "the tenant's letter is changed")


@lesson.station("Worse: the frame becomes a page table", to("haunt.store"),
                ask="The ghost is still in the TLB. What could the frame become next, so that a store into "
                    "it does even more harm?",
                answer="A page table. What stands there isn't data: the processor does what it says.")
def table(at):
    at.say("The tenant is gone, and the frame, FREE again, has become a page table of haunt's, filled with "
           "zeroes by the core. Walk the first address that it translates. RSI is the frame of haunt's own "
           "PML4, with the bits present, write and user.")
    at.show.here()
    at.show.registers("rdi", rsi="entry")
    at.show.walk(at.keep.beyond)
    at.show.frame(at.keep.page)
    at.show.frame(at.keep.root)
    at.keep.slot = at.entry(at.keep.beyond)
    at.expect(has_type(at, "HF_FRAME_PT"), "the frame is a page table")
    at.expect(at.keep.slot.place == at.keep.page * 4096 and at.keep.slot.value == 0, "its first entry is 0")
    at.expect(at.register("rsi") == at.keep.root * 4096 + 7, "what is stored is an entry for the PML4")


@lesson.station("One store, and the machine is haunt's", then(step(), to("haunt.load"), step()),
                ask="What can haunt do after this store? Which of the core's rules (docs/invariants.md) "
                    "will be broken?",
                answer="Read and write its own PML4. I8 was broken before; now I1: a table is mapped for "
                       "ring 3; and I3: a table that counts 0 entries has one. With I1 the others fall.")
def owned(at):
    entry = at.entry(at.keep.beyond)
    at.say("The core wrote nothing here: ring 3 did. The processor believes the entry, as it believes "
           "each. haunt has just read the first word of its own PML4 through it (RAX), and could as well "
           "have written it. The two last lines are what the core still thinks.")
    at.show.here()
    at.show.entry_change(entry.place, at.keep.slot.value, entry.value)
    at.show.walk(at.keep.beyond)
    at.show.registers(rax="entry")
    at.show.frame(at.keep.page)
    at.show.frame(at.keep.root)
    at.expect(entry.frame == at.keep.root and entry.value & 7 == 7, "ring 3 can write haunt's PML4")
    at.expect(at.register("rax") == at.guest.read_physical(at.keep.root * 4096), "haunt reads its own PML4")
    at.expect(at.guest.frame(at.keep.page)["refs"] == 0, "the core knows nothing of the entry")


# ---- the same with the core as it is ----

lesson.boot("flushed", memsrv="haunt")


@lesson.station("The fix: one instruction", then(first_store, to("invalidate")),
                ask="Another machine, with the core as it is; the same program. What stands in invalidate?",
                answer="INVLPG, and a RET.")
def flushed(at):
    at.say("INVLPG drops the translation of the page that its operand lies in. retire calls this only for "
           "the aspace in CR3: of others the processor has kept nothing, since loading CR3 drops all but "
           "the core's own, which are global.")
    at.show.here()
    show_places(at)
    at.show.registers("rdi", "cr3")
    at.show.walk(at.keep.here)
    at.expect(at.guest.stop.instruction.startswith("invlpg"), "this core has the instruction")
    at.expect(at.register("rdi") == at.keep.here, "its operand lies in the page")


@lesson.station("The same store, the same tables", then(meet, to("haunt.store")),
                ask="Again the frame is let to the tenant. What will the two walks look like, compared "
                    "with the first machine's?",
                answer="The same. The tables were right all the time.")
def again(at):
    at.say("All is as in the fourth station: the letter, the tenant, the entry that is 0. What differs is "
           "in no register that can be read, and in no memory.")
    at.show.here()
    at.show.registers("rdi", rsi="number")
    at.show.walk(at.keep.here)
    at.show.walk(at.keep.there, at.keep.tenant)
    show_page(at)
    at.expect(not at.entry(at.keep.here).present, "haunt has nothing mapped at the address")
    at.expect(letter(at) == LETTER, "the letter is the tenant's")


@lesson.station("A fault instead of a forgery", traced_step,
                ask="The same store, the same tables. What will happen?",
                answer="A page fault: the processor has forgotten, has to walk, and finds 0.")
def faulted(at):
    error = at.guest.read(at.register("rsp"))
    at.say("The processor has read all four entries, the last of which is 0; one step later it stands in "
           "the core, at the entry for page faults. A fault is good news: the mistake is noticed at the "
           "instruction that made it.")
    at.show.here()
    at.show.registers("cr2")
    at.show.error(error)
    show_page(at)
    at.expect("PTE" in at.keep.accesses, "the processor has walked down to the PTE")
    at.expect(at.guest.stop.ring == 0, "the core has been entered")
    at.expect(at.register("cr2") == at.keep.here, "because of the old address")
    at.expect(error == 6, "a write of ring 3 where nothing is mapped")
    at.expect(letter(at) == LETTER, "the letter is unchanged")


@lesson.station("Nobody pages the pager", ended(),
                ask="Who will be told of this fault?",
                answer="Nobody. Faults of tasks go to memsrv as messages; memsrv's own have nowhere to go.")
def end(at):
    beginning = "memsrv faulted, and nobody pages the pager:"
    at.say("haunt stands in memsrv's place and has no pager. So the core prints what happened, with all "
           "registers, the walk and who had called whom, and ends the machine. Hard, but true: the program "
           "was wrong, and who looks at the console knows where.")
    at.show.console_line(beginning)
    at.expect(beginning in at.guest.console, "the core has said why it ends the machine")
