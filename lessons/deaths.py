"""Lesson 2: four accesses that are never allowed, what the processor knows of each, and what only memsrv does."""

from watch.faults import field, show_message, show_region, told, word
from watch.lesson import Lesson, Untrue
from watch.reach import then, to, to_address

lesson = Lesson(2, "Four ways to die", "2-four-ways-to-die")
lesson.boot("deaths", programs=["deaths"], run="deaths")

NULL, WRITE, FETCH, NX = 0x10, 2, 16, 1 << 63
NULL_END = 0x10000  # HF_USER_FIRST
FRAME_BYTES = 8192  # of each call of descend
READ, READ_WRITE, READ_EXECUTE = 1, 3, 5
LEDGER = {"held[0]": "pages", "held[2]": "page tables", "held[3]": "task, handle table", "sum": "all of them"}


# ---- what several stations ask for ----

def judged(address):
    """Where memsrv has judged the fault at an address, and the task is to end for it."""
    return then(told(address), to("memsrv.end_task"))


def at_address(at):
    return at.keep.address


def show_end(at, reason):
    """The record of the end. Answers its address."""
    record = at.register("rsi")
    at.show.fields("memsrv", "hf_exit", record, [
        "how", "reason", ("address", "address"), "error", ("rip", "address")],
        notes={"how": "HF_EXIT_FAULT", "reason": reason})
    faulted, known = field(at, "request", at.keep.request, "task"), at.programs["memsrv"].enums
    at.expect(at.register("rdi") == faulted, "the task that faulted ends")
    at.expect(field(at, "hf_exit", record, "reason") == known[reason], f"the reason is {reason}")
    return record


def show_verdict(at, error, reason, rights, backing):
    """Message, region and record, and whether they are what the lesson tells."""
    told_error = show_message(at)
    region = show_region(at, at.keep.address)
    show_end(at, reason)
    known = field(at, "region", region.address, "backing")
    at.expect(told_error == error, f"the error code is 0x{error:x}")
    at.expect(region.rights == rights, "the region has the rights that the lesson tells")
    at.expect(known == at.symbol(f"memsrv.{backing}"), f"its backing is {backing}")


# ---- a null pointer ----

@lesson.station("A null pointer", to("deaths.store", when=lambda at: at.register("rdi") == NULL),
                ask="A pointer that was never set, and the offset of a member: a write to 0x10. Where does "
                    "the walk end?",
                answer="At the second level: the lowest GiB is all empty, so there isn't even a table for "
                       "it.")
def null_pointer(at):
    at.keep.root = at.guest.root
    at.say("deaths has started itself as a child, to do this. It is the same store as in lesson 1, and the "
           "processor finds the same: an entry that isn't present.")
    at.show.here()
    at.show.registers("rdi", "cr3")
    at.show.walk(NULL)
    last = at.entry(NULL)
    at.expect(last.level == 3 and last.value == 0, "the PDPT has nothing for the lowest GiB")


@lesson.station("What memsrv is told", told(lambda at: NULL),
                ask="Which error code? Think of the store in lesson 1, which was no mistake at all.",
                answer="The same: 6. The processor can't tell them apart.")
def told_of_null(at):
    at.say("Not present is all that the processor knows. Whether a page is still to come, or will never "
           "be, stands in no table. memsrv must know it from elsewhere.")
    at.show.here()
    error = show_message(at)
    at.say("It knows what it has promised. These are all regions of the child: text, constants and data of "
           "its program, the stack's guard, the stack, and a page for messages. None of them has 0x10.")
    top = field(at, "task", at.keep.process, "aspace.regions.root")
    at.show.regions(top)
    at.expect(error == 6, "the error code is 6")
    at.expect(field(at, "region", top, "sum.start") >= NULL_END, "no region begins below 64 KiB")


@lesson.station("The verdict", to("memsrv.end_task"),
                ask="fault_judge looks at the address before it looks at the regions. Why?",
                answer="The lowest 64 KiB are for nobody. mem_map refuses them too, so no program can make "
                       "a null pointer work, not even by intent.")
def null_verdict(at):
    ledger = at.programs["memsrv"].field("task", "ledger")[0] + at.keep.process
    at.say("fault_judge has answered HF_REASON_NULL_PAGE; fault_end wrote down why. end_task is about to "
           "stop the task. All that the task has is still there; its ledger tells how many frames that is.")
    at.show.here(around=0)
    record = show_end(at, "HF_REASON_NULL_PAGE")
    at.show.fields("memsrv", "ledger", ledger, [(path, "amount") for path in LEDGER], notes=LEDGER)
    at.show.frame(at.keep.root)
    at.keep.free = at.show.free_frames()
    at.keep.ledger, at.keep.held = ledger, {path: field(at, "ledger", ledger, path) for path in LEDGER}
    at.expect(field(at, "hf_exit", record, "address") == NULL, "the record has the address")
    at.expect(at.guest.frame_type(at.keep.root) == "PML4", "the address space is still there")


@lesson.station("Taken apart", to("memsrv.ledger_close"),
                ask="The task never gave anything back. How many of its frames will be free again?",
                answer="All that the ledger has, to the last one. Pages of its text are not among them: "
                       "those are the boot module's, and were only shown to it.")
def taken_apart(at):
    at.say("end_reap took the task apart by operations of the core: the task itself, its handles, its "
           "pages, its tables from the lowest level up, at last the PML4. ledger_close checks that nothing "
           "is left.")
    at.show.here(around=0)
    at.show.fields("memsrv", "ledger", at.keep.ledger, [(path, "amount") for path in LEDGER], notes=LEDGER,
                   before=at.keep.held)
    at.show.frame(at.keep.root)
    now = at.show.free_frames(before=at.keep.free)
    at.expect(now - at.keep.free == at.keep.held["sum"], "as many frames came back as the ledger had")
    at.expect(not any(field(at, "ledger", at.keep.ledger, path) for path in LEDGER), "the ledger is at 0")
    at.expect(at.guest.frame_type(at.keep.root) == "FREE", "the frame that was the PML4 is FREE")


@lesson.station("The machine goes on", to("deaths.hf_exit_text"),
                ask="Who is told of this death?",
                answer="The parent, which waits for it. For everybody else nothing has happened.")
def goes_on(at):
    at.keep.parent, record = at.guest.root, at.register("rdi")
    at.say("memsrv has answered the parent's mem_wait with the record. The parent is another task in "
           "another address space; it makes a sentence of the record, prints it, and starts the next "
           "child.")
    at.show.here()
    at.show.registers("cr3", "rdi")
    at.show.fields("deaths", "hf_exit", record, ["how", "reason", "address", "error", ("rip", "address")],
                   notes={"how": "HF_EXIT_FAULT", "reason": "HF_REASON_NULL_PAGE"})
    at.keep.free = at.show.free_frames()
    at.expect(at.keep.parent != at.keep.root, "the parent has an address space of its own")
    address = at.guest.field("deaths", "hf_exit", record, "address")
    at.expect(address == NULL, "the record came as memsrv wrote it")


# ---- the stack's guard ----

def to_overflow(at):
    """The instruction that is about to push something into the guard."""
    at.keep.guard_end = field(at, "task", at.keep.process, "place.stack_start")
    near = at.keep.guard_end + FRAME_BYTES + 256
    at.guest.run_to([at.symbol("deaths.descend")], lambda: at.register("rsp") <= near)
    for _ in range(1000):
        pushes = at.guest.stop.instruction.startswith(("call", "push"))
        if pushes and at.register("rsp") - 8 < at.keep.guard_end:
            return
        at.guest.step()
    raise Untrue("descend does not come to the stack's guard")


@lesson.station("One call too many",
                then(to("deaths.overflow"), told(lambda at: at.register("cr2")), to_overflow),
                ask="The second child calls a function that calls itself, on and on. Each page of its "
                    "stack came when it was touched. What happens below the last one?",
                answer="The call pushes its return address, at RSP - 8, where no page will ever come.")
def overflow(at):
    at.keep.address = at.register("rsp") - 8
    at.forget_frames()
    at.place("RBP", at.register("rbp"), 1)
    at.place("RSP-8", at.keep.address, 1)
    at.say("RBP is where this call of descend keeps the caller's RBP: in the stack, in a page that came. "
           "RSP was lowered by 8 KiB for the array, which touches nothing. Now compare the last entries of "
           "the two walks.")
    at.show.here()
    at.show.registers(rbp="in the stack", rsp="in the guard")
    at.show.walk(at.register("rbp"))
    at.show.walk(at.keep.address, access=WRITE)
    last = at.entry(at.keep.address)
    at.expect(at.register("rbp") >= at.keep.guard_end, "RBP is in the stack")
    at.expect(at.entry(at.register("rbp")).value & WRITE, "its page is there")
    at.expect(last.level == 1 and last.value == 0, "where the return address should go, the entry is 0")


@lesson.station("A region that promises nothing", judged(at_address),
                ask="Error code 6 again. But this time there is a region at the address. What is it for?",
                answer="It keeps the place free. Without it mem_map could put something there, and a stack "
                       "that overflows would write into that, unnoticed.")
def guard_verdict(at):
    at.say("For the processor this was like any page of the stack that had not come yet. The difference is "
           "one word: the region's backing. backing_guard has no pages to give.")
    at.show.here(around=0)
    show_verdict(at, 6, "HF_REASON_GUARD", READ, "backing_guard")


# ---- one's own text ----

@lesson.station("A write to one's own instructions",
                to("deaths.store", when=lambda at: at.register("rdi") == at.symbol("deaths.write_text")),
                ask="This page is there: the third child runs instructions from it. Which error code will "
                    "a write have?",
                answer="7: the page is there, but the write isn't allowed.")
def write_text(at):
    at.keep.address = at.register("rdi")
    at.forget_frames()
    at.say("The walk comes through to the end, but the last entry has no W. A write needs it in all four, "
           "so one entry without it is enough.")
    at.show.here()
    at.show.registers("rdi", "cr3")
    at.show.walk(at.keep.address, access=WRITE)
    walk = at.guest.walk(at.keep.address)
    at.expect(walk[-1].level == 1 and walk[-1].present, "the page is there")
    allowed = [bool(entry.value & WRITE) for entry in walk]
    at.expect(allowed == [True] * 3 + [False], "only the PTE forbids the write")


@lesson.station("Read-only, and meant so", judged(at_address),
                ask="The entry says read-only. Why does memsrv look at the region all the same?",
                answer="An entry may be read-only for a while where the region may be written: lesson 3.")
def text_verdict(at):
    at.say("This time the processor knew: bit 0 of the error code is set, and the entry that refused came "
           "with the message. But memsrv decides by the region, and text was promised to be read and "
           "executed only.")
    at.show.here(around=0)
    show_verdict(at, 7, "HF_REASON_READ_ONLY", READ_EXECUTE, "backing_image")
    at.expect(word(at, 4) & 3 == 1, "the entry in the message is present, without W")


# ---- data as instructions ----

@lesson.station("Data as instructions", to_address(lambda at: at.symbol("deaths.code_as_data")),
                ask="The fourth child has jumped into an array, whose first byte is a ret. Will it return?",
                answer="No: the page has NX. The processor doesn't even fetch the byte.")
def execute_data(at):
    at.keep.address = at.guest.stop.rip
    at.forget_frames()
    at.say("RIP itself is the address now. The page is there, and may be read and written all the way "
           "down. To fetch an instruction is another matter: bit 63 of one entry is enough to forbid it.")
    at.show.here(around=0)
    at.show.registers("rip", "cr3")
    at.show.walk(at.keep.address, access=FETCH)
    walk = at.guest.walk(at.keep.address)
    writable = all(entry.present and entry.value & WRITE for entry in walk)
    at.expect(writable, "the page is there, and may be written")
    at.expect([bool(entry.value & NX) for entry in walk] == [False] * 3 + [True], "only the PTE has NX")


@lesson.station("The fourth verdict", judged(at_address),
                ask="What will be new in the error code?",
                answer="Bit 4: a fetch. And RIP is the address itself.")
def data_verdict(at):
    at.say("The core refuses to map any page writable and executable at once, whoever asks. So what can be "
           "written can't be run, and what runs can't be written.")
    at.show.here(around=0)
    show_verdict(at, 0x15, "HF_REASON_NOT_EXECUTABLE", READ_WRITE, "backing_image")
    at.expect(word(at, 2) == at.keep.address, "RIP is the address")


@lesson.station("Four deaths, one machine", to("memsrv.end_task"),
                ask="Four tasks have died. How many frames are lost?",
                answer="None: as many are free as after the first death.")
def all_over(at):
    record = at.register("rsi")
    at.say("This is end_task once more, and the fifth task to end is the parent. It has waited for each of "
           "the four, printed a line for it, and now asks to be ended, with code 0.")
    at.show.here(around=0)
    at.show.fields("memsrv", "hf_exit", record, ["how", "reason", "code"],
                   notes={"how": "HF_EXIT_CODE", "reason": "HF_REASON_NONE"})
    now = at.show.free_frames(before=at.keep.free)
    at.show.console(4)
    how = at.programs["memsrv"].enums["HF_EXIT_CODE"]
    at.expect(field(at, "hf_exit", record, "how") == how, "it ends by itself")
    at.expect(field(at, "hf_exit", record, "code") == 0, "each child ended as the parent expected")
    at.expect(now == at.keep.free, "no frame is missing")
