"""Lesson 6: faults that the usual way can't answer: the pager's own, that of a task that is killed meanwhile,
the core's."""

from watch.lesson import Lesson
from watch.reach import ended, returned, step, then, to

lesson = Lesson(6, "Who pages the pager", "6-who-pages-the-pager")

PRESENT, WRITE, ACCESSED = 1, 2, 32
VECTOR_PAGE_FAULT = 14
GONE_CALL = 1


def value(at, name):
    """Of an enumeration of the core's."""
    return at.programs["core"].enums[name]


def core_task(at, address, name):
    return at.guest.field("core", "task", address, name)


# ---- memsrv faults ----

lesson.boot("pager", programs=["first"], run="first", names=True)


@lesson.station("A page of memsrv's own", then(to("memsrv.own_page"), returned()),
                ask="Everyone else gets memory by touching it: memsrv answers the fault. How does memsrv get "
                    "its own?",
                answer="It asks for it beforehand. own_page takes a frame, has the core stage and map it, "
                       "and only then somebody may touch it.")
def own_page(at):
    at.keep.own = at.register("rax")
    at.place("own page", at.keep.own)
    at.say("own_page has just returned the address of a new page in RAX. The walk is complete, and the bit "
           "'accessed' isn't set in the PTE: nobody has touched the page. It was mapped first.")
    at.show.registers("rax", "cr3")
    at.show.walk(at.keep.own)
    at.show.frame(at.entry(at.keep.own).frame)
    at.expect(at.entry(at.keep.own).present, "the page is mapped")
    at.expect(not at.entry(at.keep.own).value & ACCESSED, "nobody has touched it")


def of_first(at):
    name = at.register("rdi") + at.programs["memsrv"].field("task", "name")[0]
    return at.guest.read_bytes(name, 6) == b"first\0"


@lesson.station("What memsrv keeps there", to("memsrv.part_task", when=of_first),
                ask="memsrv starts the program first. Where does it note what it must know about it?",
                answer="In such pages: records of tasks and regions, which all faults of `first` will need.")
def record(at):
    at.keep.record = at.register("rdi")
    at.place("record", at.keep.record)
    at.say("RDI has the address of memsrv's record of the task. Without it memsrv can't even tell which "
           "regions the task has. Here the walk says 'accessed' and 'dirty': memsrv writes to this page all "
           "the time.")
    at.show.registers("rdi")
    at.show.fields("memsrv", "task", at.keep.record, ["number", "state"], notes={
        "number": "as in ps", "state": "TASK_BUILDING"})
    at.show.walk(at.keep.record)
    entry = at.entry(at.keep.record)
    at.keep.place, at.keep.entry = entry.place, entry.value
    at.expect(entry.value & ACCESSED, "memsrv uses the page")


@lesson.station("Who has a pager, and who hasn't", to("first.store"),
                ask="`first` is about to touch a page that isn't there. The core will make a message of it, "
                    "to the task's pager. What stands in memsrv's own task as its pager?",
                answer="Nothing. Whoever made memsrv its own pager would have it wait for itself.")
def pagers(at):
    at.keep.first = at.guest.field("core", "processor", at.symbol("processor"), "current")
    endpoint = core_task(at, at.keep.first, "pager.object")
    at.keep.memsrv = at.guest.field("core", "endpoint", endpoint, "receivers.first")
    at.say("Two tasks, as the core knows them. The pager of `first` is a handle to an endpoint; the first "
           "who waits there to receive is memsrv, and that one's pager is HF_HANDLE_NONE.")
    at.show.here(around=0)
    paths = ["pager.kind", ("pager.object", "address"), "state", "memory"]
    at.show.fields("core", "task", at.keep.first, paths, notes={
        "pager.kind": "HF_HANDLE_ENDPOINT", "state": "HF_TASK_READY", "memory": "may not ask for MMU operations"})
    at.show.fields("core", "endpoint", endpoint, [("receivers.first", "address")], notes={
        "receivers.first": "memsrv's task"})
    at.show.fields("core", "task", at.keep.memsrv, ["pager.kind", "state", "memory"], notes={
        "pager.kind": "HF_HANDLE_NONE", "state": "HF_TASK_RECEIVING", "memory": "may"})
    at.expect(core_task(at, at.keep.memsrv, "memory") == 1, "it is memsrv that receives there")
    at.expect(core_task(at, at.keep.memsrv, "pager.kind") == value(at, "HF_HANDLE_NONE"),
              "memsrv has no pager")


def accident(at):
    at.guest.damage(at.keep.place, at.keep.entry & 0xFF & ~PRESENT)
    at.guest.step()


@lesson.station("An accident", accident,
                ask="memsrv never faults by itself. So this lesson cheats: it clears one bit in RAM, by the "
                    "debugger. Which one must it be, so that memsrv faults?",
                answer="'present' in the entry of the page with the record. In a real machine a bad memory "
                       "chip would do, or a mistake of memsrv's own: UNMAP of a page that it still needs.")
def broken(at):
    at.say("One step of the processor has been done since: the store of `first` has faulted, as always. The "
           "processor stands at the core's entry for vector 14, in ring 0. memsrv doesn't run yet, and knows "
           "nothing.")
    at.show.here(around=0)
    at.show.registers("cr2")
    at.show.stack(["error code", "rip"], {"rip": "address"})
    at.show.error(at.guest.read(at.register("rsp")))
    at.show.entry_change(at.keep.place, at.keep.entry, at.guest.read_physical(at.keep.place))
    at.expect(at.guest.read_physical(at.keep.place) == at.keep.entry & ~PRESENT, "the bit is gone")
    at.expect(at.guest.read(at.register("rsp")) == 6, "first has written to what is not present")


def memsrv_faults(at):
    return at.register("rdi") == at.keep.memsrv


@lesson.station("The pager faults", to("ipc_raise", when=memsrv_faults),
                ask="memsrv gets the message, and looks up whose it is. That fault is its own: vector 14, "
                    "from ring 3, like any other. Who is told?",
                answer="Nobody could be: ipc_raise finds no pager in the task, and answers false.")
def raised(at):
    at.say("MOV CR3 had emptied the TLB of memsrv's pages, so the processor walked the tables, and found "
           "what the accident has left. ipc_raise gets the task that has faulted in RDI: it is memsrv.")
    at.show.here()
    at.show.registers("rdi", "cr2")
    paths = ["registers.vector", "registers.error", ("registers.rip", "address"), "registers.cs",
             "pager.kind"]
    at.show.fields("core", "task", at.keep.memsrv, paths, notes={
        "registers.rip": "in memsrv", "pager.kind": "HF_HANDLE_NONE"})
    at.show.error(core_task(at, at.keep.memsrv, "registers.error"))
    at.show.walk(at.register("cr2"))
    at.expect(at.register("cr2") & ~0xFFF == at.keep.record & ~0xFFF, "the fault is about the record's page")
    at.expect(core_task(at, at.keep.memsrv, "registers.vector") == VECTOR_PAGE_FAULT, "it is a page fault")
    at.expect(core_task(at, at.keep.memsrv, "registers.cs") & 3 == 3, "it came from ring 3")


@lesson.station("The end", ended(),
                ask="The task that decides about all memory can't go on. What should the core do?",
                answer="Say what has happened, as exactly as it can, and end the machine. It has no policy "
                       "of its own with which it could go on without memsrv.")
def end_of_memsrv(at):
    at.say("panic_memsrv prints the fault, memsrv's registers, the walk that failed, and a backtrace with "
           "names. The exit code of a machine that can tell one (QEMU's) is 65. Compare the walk with the "
           "entry above.")
    _show_report(at, "memsrv faulted")
    at.expect("nobody pages the pager" in at.guest.console, "the core says what has happened")
    at.expect(_reported(at.guest.console, "  PTE").endswith("not present"),
              "the walk that it prints ends there")


def _show_report(at, beginning):
    """What the core has printed, but for the registers."""
    at.show.console_from(beginning, but=("  r", "  cs"))
    at.show.ended()


def _reported(console, beginning):
    return next((line for line in reversed(console.split("\n")) if line.startswith(beginning)), "")


# ---- a task is killed in the middle of a fault ----

lesson.boot("slow", programs=["slow"], run="slow")


@lesson.station("A page that somebody else brings", to("slow.load"),
                ask="`slow` is a pager by itself (docs/pagers.md), and has started a client, which is about "
                    "to read a page of the pager's. Who will be asked for the page, and in which order?",
                answer="The core asks memsrv, which finds that the region has a pager. So memsrv lets the "
                       "client wait, and tells the pager, when that asks.")
def touch(at):
    at.keep.address, at.keep.root = at.register("rdi"), at.guest.root
    at.keep.client = at.guest.field("core", "processor", at.symbol("processor"), "current")
    at.place("page", at.keep.address & ~0xFFF)
    at.say("The client has mapped what the pager serves. memsrv has noted a region for it, with the pager as "
           "its backing; the tables say nothing of it yet.")
    at.show.here(around=0)
    at.show.registers("rdi", "cr3")
    at.show.walk(at.keep.address)
    at.show.fields("core", "task", at.keep.client, ["serial", "state", "cancelled"], notes={
        "state": "HF_TASK_READY", "cancelled": "calls that have ended without a reply"})
    at.expect(not at.entry(at.keep.address).present, "the page isn't there")
    at.expect(core_task(at, at.keep.client, "cancelled") == 0, "no call of the client was cancelled so far")


def client_and_server(at, before=None):
    """The two ends of the call that the fault is."""
    before = before or {}
    at.show.fields("core", "task", at.keep.client, ["state", ("server", "address"), "slow", "cancelled"],
                   before=before.get("client"), notes={"state": before.get("state", "HF_TASK_WAITING"),
                                                       "slow": "1: its call is a fault"})
    at.show.fields("core", "task", at.keep.memsrv, [("caller", "address")], before=before.get("memsrv"),
                   notes={"caller": before.get("caller", "the client")})


@lesson.station("memsrv has the fault in hand", to("memsrv.hold_fault"),
                ask="A fault is a call that the core makes for the task. What holds the two ends together "
                    "while memsrv works?",
                answer="Two pointers: the client's server, and the server's caller. They are the only strong "
                       "names in the core, and whoever goes first unlinks the other (ukernel/object.h).")
def in_hand(at):
    at.keep.record = at.register("rdi")
    at.keep.memsrv = core_task(at, at.keep.client, "server")
    at.say("ask() has found that the region has a pager, and calls hold_fault: the client is to wait for as "
           "long as the pager likes. But memsrv must not: with a call in hand it can't receive another.")
    at.show.here()
    client_and_server(at)
    at.keep.caller = core_task(at, at.keep.memsrv, "caller")
    at.keep.before = {name: core_task(at, at.keep.client, name) for name in ("state", "slow", "cancelled")}
    at.expect(at.keep.caller == at.keep.client, "memsrv has the client's call in hand")
    at.expect(core_task(at, at.keep.client, "state") == value(at, "HF_TASK_WAITING"),
              "the client waits for a reply")


@lesson.station("The call loses its caller", then(to("mmu_task_stop"), returned()),
                ask="memsrv stops the client by TASK_STOP, in the middle of its own answer to it. memsrv "
                    "will still make a reply, since that is how it gets the next message. Whom does the core "
                    "give it to?",
                answer="Nobody. ipc_cancel has put GONE_CALL in the place of the caller: a reply to it is no "
                       "error, and does nothing.")
def stopped(at):
    at.say("The same happens to any task that is stopped or killed while somebody has its call in hand. The "
           "client's registers are as the fault has left them, so to let it go on is to start it: the "
           "instruction runs again.")
    client_and_server(at, {"client": at.keep.before, "memsrv": {"caller": at.keep.caller},
                           "state": "HF_TASK_STOPPED", "caller": "GONE_CALL"})
    at.expect(core_task(at, at.keep.memsrv, "caller") == GONE_CALL, "memsrv's caller is GONE_CALL")
    at.expect(core_task(at, at.keep.client, "state") == value(at, "HF_TASK_STOPPED"), "the client is stopped")
    at.expect(core_task(at, at.keep.client, "cancelled") == at.keep.before["cancelled"] + 1,
              "the cancelled call is counted")


def of_record(at):
    return at.register("rdi") == at.keep.record


@lesson.station("Killed", to("memsrv.end_task", when=of_record),
                ask="The pager has got the request, under an id. It thinks. Meanwhile its parent's patience "
                    "ends (`slow` plays both parts): mem_kill. What is there to be given back, and what to "
                    "be forgotten?",
                answer="Given back: task, PML4, tables, handle table, buffer, stack, all pages. To be "
                       "forgotten: that the pager owes an answer, which stands in the client's record only.")
def killed(at):
    task, root = (at.guest.field("memsrv", "task", at.keep.record, name) for name in ("task", "aspace.root"))
    at.keep.frames = [task, root, at.guest.field("memsrv", "task", at.keep.record, "handles")]
    at.keep.id = at.guest.field("memsrv", "task", at.keep.record, "asked.id")
    at.keep.number = at.guest.field("memsrv", "task", at.keep.record, "number")
    at.keep.serial = core_task(at, at.keep.client, "serial")
    at.keep.list = at.guest.field("memsrv", "task", at.keep.record, "held.list")
    at.say("memsrv's record of the client. The id of the request is a count, with the record's index below "
           "it. end_task takes the client out of the pager's list; then end_reap takes it apart.")
    at.show.here(around=0)
    paths = ["number", "index", "asked.id", ("asked.address", "address"), ("held.list", "address"),
             "held.stopped"]
    at.show.fields("memsrv", "task", at.keep.record, paths, notes={
        "asked.id": "what the pager calls it", "held.list": "of those whose requests were taken"})
    at.show.fields("core", "task", at.keep.client, ["serial", "state"], notes={"state": "HF_TASK_STOPPED"})
    for frame in at.keep.frames:
        at.show.frame(frame)
    types = [at.guest.frame_type(frame) for frame in at.keep.frames]
    at.expect(types == ["TASK", "PML4", "HANDLES"], "task, PML4 and handle table are there")


@lesson.station("Another client", to("slow.answer"),
                ask="The client is gone and was waited for. `slow` has started another, which waits for its "
                    "page too. Which of the dead one's belongings may the new one have got: frames, record, "
                    "index, number, id?",
                answer="Frames, record and index. What can't come again are the numbers: they are counted up "
                       "for ever, and 64 bits are enough for that.")
def another(at):
    root = at.root_of("memsrv")
    at.say("memsrv's record of the dead client has a new owner, and its frames have become something else. "
           "The pager knows nothing of all this. It is about to answer the first request, whose id is in "
           "RDI.")
    at.show.here(around=0)
    at.show.registers(rdi="number")
    at.show.fields("memsrv", "task", at.keep.record, ["number", "index", "asked.id"], root=root, before={
        "number": at.keep.number, "asked.id": at.keep.id})
    for frame in at.keep.frames:
        at.show.frame(frame, passing=True)
    at.expect(at.register("rdi") == at.keep.id, "it answers the first request")
    waiting = at.guest.field("memsrv", "task", at.keep.record, "asked.id", root)
    at.expect(waiting not in (0, at.keep.id), "another request waits, under another id")
    at.expect(at.guest.frame_type(at.keep.frames[0]) != "TASK" or
              core_task(at, at.keep.client, "serial") != at.keep.serial, "the first client's task is gone")


@lesson.station("Too late", then(to("memsrv.pager_supply"), returned()),
                ask="memsrv looks at the index in the id, and finds a task there that waits for this very "
                    "pager. What keeps it from giving that one the wrong page?",
                answer="The whole id is compared: the task waits under another. HF_NOT_FOUND, and nothing "
                       "has happened.")
def late(at):
    at.say("find() in servers/memsrv/answer.c wants three things: a task at that index, the same id, and "
           "that it still is in this pager's list. RAX has the status: HF_NOT_FOUND, which is no reason for "
           "a pager to worry. The other client is where it was.")
    at.show.registers(rax="number")
    paths = ["number", "asked.id", ("held.list", "address"), "held.stopped"]
    at.show.fields("memsrv", "task", at.keep.record, paths)
    at.expect(at.register("rax") == value(at, "HF_NOT_FOUND"), "the late answer is HF_NOT_FOUND")
    at.expect(at.guest.field("memsrv", "task", at.keep.record, "held.list") == at.keep.list,
              "the other client waits for an answer as before")


@lesson.station("Nothing hangs", ended(),
                ask="And the client that waits?",
                answer="It gets its page by the second answer, and ends as if nothing had been.")
def calm(at):
    at.say("Nobody had to be told that the first client is dead: not the pager, not the core's queues. "
           "Whoever comes too late finds out by himself.")
    at.show.console(3)
    at.show.ended()
    at.expect("slow: the late answer: NOT_FOUND" in at.guest.console, "the first answer came too late")
    at.expect("slow: the other one: OK" in at.guest.console, "the second answer was taken")
    at.expect("slow: the client has read '!'" in at.guest.console, "the second client got its page")


# ---- the core faults ----

lesson.boot("ring0", core="test-core", options="selftest=write-text", names=True)


@lesson.station("The core writes to its own text", to("write_text"),
                ask="This core was linked with tests/core/selftest.c, and told to violate a rule before "
                    "memsrv is started. The page is there. Will the processor let ring 0 do it?",
                answer="No: the entry doesn't allow writing, and CR0.WP makes that count in ring 0 as well "
                       "(I5).")
def violation(at):
    at.keep.text, at.keep.rip, at.keep.rsp = at.symbol("text_start"), at.guest.stop.rip, at.register("rsp")
    at.say("The instruction wants to write a HLT over the core's first byte. The walk ends at a leaf that is "
           "present, global, and without 'write'.")
    at.show.here()
    at.show.registers("rsp", "cr3")
    at.show.walk(at.keep.text)
    at.show.word(at.keep.text, "core", size=1)
    at.keep.byte = at.guest.read(at.keep.text, 1)
    leaf = at.entry(at.keep.text)
    at.expect(leaf.present and not leaf.value & WRITE, "the text is mapped, and read-only")
    at.expect(at.guest.stop.ring == 0, "the core runs")


@lesson.station("Vector 14 again", step(),
                ask="The same vector as for a task's fault. What is different in what the processor has "
                    "pushed?",
                answer="CS is that of ring 0; the error code's bit 2 (ring 3) is clear; and the stack is the "
                       "one that was in use: there was no change of rings, so it was not taken from the TSS.")
def pushed(at):
    error = at.guest.read(at.register("rsp"))
    at.say("Had RSP been bad, this would have been the moment of a double fault: the processor pushes onto "
           "the stack that it has. That is why #DF has a stack of its own (IST).")
    at.show.here(around=0)
    at.show.registers("cr2", "rsp")
    at.show.stack(["error code", "rip", "cs", "rflags", "rsp", "ss"], {
        "rip": "address", "rflags": "flags", "rsp": "address"})
    at.show.error(error)
    at.expect(error == 3, "the error code says: not allowed, write, not ring 3")
    at.expect(at.guest.read(at.register("rsp") + 8) == at.keep.rip, "it is the store that faulted")
    at.expect(at.guest.read(at.register("rsp") + 16) & 3 == 0, "ring 0 was interrupted")
    at.expect(at.keep.rsp - at.register("rsp") <= 64, "the stack is the same")


@lesson.station("Nobody to ask", to("entered_by_core_exception"),
                ask="`interrupted` in ukernel/entry.asm looks at the saved CS first. Where does it go for "
                    "ring 0, and why not to memsrv?",
                answer="To from_core, and from there to the end: a core that has faulted has broken its own "
                       "rules, and no page that memsrv could bring would mend that.")
def from_core(at):
    registers = at.register("rdi")
    at.say("from_core lets two things go on: a #DB that was held back, and an interrupt while the processor "
           "is idle. All else that comes in ring 0 ends here. RDI has the registers as they were pushed.")
    at.show.registers("rip")
    at.show.fields("core", "frame_registers", registers, ["vector", "error", ("rip", "address"), "cs"])
    at.show.word(at.keep.text, "core", size=1, note="nothing was written")
    at.expect(at.guest.field("core", "frame_registers", registers, "vector") == VECTOR_PAGE_FAULT,
              "it is vector 14")
    at.expect(at.guest.read(at.keep.text, 1) == at.keep.byte, "the text is as it was")


@lesson.station("Three answers to vector 14", ended(),
                ask="A task, memsrv, the core: who answers each one's page fault?",
                answer="A task's: memsrv, by a message. memsrv's, and the core's: nobody. They end the "
                       "machine, with words that tell where to look.")
def three(at):
    at.say("A task's fault is everyday life, and becomes a message. The core's and memsrv's are mistakes: "
           "the core prints what it knows, and stops before anything else is damaged.")
    _show_report(at, "panic")
    at.expect("write to 0x" in at.guest.console and "not allowed" in at.guest.console,
              "the panic tells of the write")
    at.expect("write_text" in _reported(at.guest.console, "panic"), "and where it was")
