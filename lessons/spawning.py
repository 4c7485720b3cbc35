"""Lesson 7: how memsrv builds an address space for a newborn task, and what the kernel half is good for."""

from watch.lesson import Lesson
from watch.reach import ended, returned, step, then, to, to_line

lesson = Lesson(7, "A space for a newborn", "7-spawning")
lesson.boot("newborn", programs=["newborn"], run="newborn one two")

WRITE, GLOBAL = 2, 256
PINNED, KERNEL_HALF = 1, 2
FETCH = 0x14  # a page fault's error code: not present, fetch, ring 3
PMO = 0xFFFF_8000_0000_0000
OPERATIONS = 0x2000_1000  # HF_MEMSRV_OPERATIONS
MODEL_SLOTS = [256, 384, 448, 511]  # PMO, frame table, stacks, the core's image


def refs(at, number):
    return at.guest.frame(number)["refs"]


# ---- memsrv at work ----

def for_newborn(at):
    """memsrv is asked for this program, not for one of the servers."""
    return at.guest.read_bytes(_strings(at), 8) == b"newborn\0"


def _asked(at):
    return at.guest.field("memsrv", "spawn", at.register("rdi"), "request")


def _strings(at):
    return _asked(at) + at.programs["memsrv"].field("hf_spawn", "strings")[0]


@lesson.station("The request", to("memsrv.spawn_do", when=for_newborn),
                ask="init has asked memsrv to spawn a program. What does memsrv have to know?",
                answer="A name, arguments, a priority, and which of init's handles the child gets. No code: "
                       "memsrv has all programs already, as boot modules.")
def request(at):
    at.keep.model = at.guest.read(at.symbol("root"))
    length = at.guest.field("memsrv", "hf_spawn", _asked(at), "string_bytes")
    at.say("The words came in init's IPC buffer; the core has copied them to memsrv's. Nothing of the child "
           "is there yet. memsrv is an ordinary program: all that it can do is to ask the core for "
           "operations.")
    at.show.here()
    at.show.fields("memsrv", "spawn", at.register("rdi"), ["priority", "given", "gift_count"], notes={
        "given": "handles that the parent gives by number", "gift_count": "with that of the console"})
    at.show.fields("memsrv", "hf_spawn", _asked(at), ["argument_count", "string_bytes"])
    at.show.physical_text(at.guest.physical(_strings(at)), length - 1)
    at.keep.free = at.show.free_blocks()
    at.expect(at.guest.field("memsrv", "hf_spawn", _asked(at), "argument_count") == 2,
              "there are two arguments")
    at.expect(at.guest.stop.ring == 3, "memsrv runs in ring 3")


def note_root(at):
    at.keep.root = at.guest.field("core", "hf_operation", at.register("rsi"), "object")
    at.keep.was = at.guest.frame_type(at.keep.root)


@lesson.station("ASPACE_CREATE: a frame becomes a PML4", then(to("mmu_aspace_create"), note_root, returned()),
                ask="memsrv has named a FREE frame, which may hold anything. What does the core do with it?",
                answer="It zeroes it: 512 entries that say nothing. And it changes the frame's type, so that "
                       "from now on nobody can map it or use it as something else (invariant I1).")
def created(at):
    at.say("A root without a single entry: in this address space nothing is mapped, not even the core. refs "
           "is what the core counts here: entries of the user half that are present, and tasks that run in "
           "it.")
    at.show.frame(at.keep.root)
    at.show.halves(at.keep.root)
    at.show.slots(at.keep.root, [0, 255, 256, 511])
    at.expect(at.keep.was == "FREE", "the frame was FREE before")
    at.expect(at.guest.frame_type(at.keep.root) == "PML4", "the frame is a PML4 now")
    at.expect(not any(at.guest.bytes_at(at.keep.root * 4096, 4096)), "all its entries are 0")
    at.expect(refs(at, at.keep.root) == 0, "nothing is counted in it")


@lesson.station("ASPACE_COPY_KERNEL: the kernel half", then(to("mmu_aspace_copy_kernel"), returned()),
                ask="Why must the core be mapped in every address space, though ring 3 can't use it there?",
                answer="An interrupt or a call doesn't change CR3. The processor goes on with the same "
                       "tables: it needs the IDT, the TSS, a stack and the core's code right there, at the "
                       "same addresses.")
def copied(at):
    at.say("Slots 256 to 511 are those of the core's own PML4 now. Only this top table is a copy: below it "
           "all address spaces share the same tables. Those in use are for all RAM (PMO), the frame table, "
           "stacks and devices, and the core's image. Nothing in them has the user bit.")
    at.show.frame(at.keep.root)
    at.show.halves(at.keep.root, at.keep.model)
    at.show.slots(at.keep.root, MODEL_SLOTS)
    at.show.slots(at.keep.model, MODEL_SLOTS)
    at.expect(_kernel_half(at, at.keep.root) == _kernel_half(at, at.keep.model),
              "the kernel half is the core's")
    at.expect(at.guest.frame(at.keep.root)["flags"] & KERNEL_HALF, "the frame table says that it is there")
    at.expect(refs(at, at.keep.root) == 0, "what all have is not counted")


def _kernel_half(at, root):
    return at.guest.bytes_at(root * 4096 + 2048, 2048)


@lesson.station("Regions are noted", to("memsrv.part_buffer"),
                ask="memsrv has read in the ELF file where code and data belong. How many pages does it map "
                    "for that?",
                answer="None, and no page table either. It makes notes. Pages come when they are touched.")
def regions(at):
    at.keep.task, at.keep.buffer = at.register("rdi"), at.register("rsi")
    tree = at.guest.field("memsrv", "task", at.keep.task, "aspace.regions.root")
    at.keep.start = at.symbol("newborn._start")
    at.say("The list that fault_page will look into: the segments of the image, a guard, and above that the "
           "stack, which grows down. Behind each region's rights stands its backing, which says where pages "
           "come from. The IPC buffer is to follow.")
    at.show.here()
    at.show.regions(tree)
    at.show.walk(at.keep.start, at.keep.root)
    at.expect(at.guest.field("memsrv", "task", at.keep.task, "aspace.root") == at.keep.root,
              "this is its root")
    at.expect(at.guest.field("memsrv", "task", at.keep.task, "aspace.regions.count") >= 4,
              "image, guard and stack are noted")
    at.expect(not at.guest.walk(at.keep.start, at.keep.root)[0].present, "no table is there")


@lesson.station("The core says what is missing", to("memsrv.core_install"),
                ask="memsrv has asked the core to MAP the IPC buffer's page. There is no table for it. Does "
                    "the core make one?",
                answer="It can't: it has no frames of its own. It answers NO_TABLE, and which level is "
                       "missing; memsrv names a frame for that, and asks again.")
def missing(at):
    at.keep.level = at.register("rdx")
    at.place("buffer", at.keep.buffer)
    at.say("memsrv's map_at calls core_install(root, address, level, frame) with what the core has answered. "
           "The loop in servers/memsrv/aspace.c goes on until the MAP succeeds: three times, for a first "
           "page.")
    at.show.here(around=0)
    at.show.registers(rdi="frame", rsi="address", rdx="number", rcx="frame")
    at.show.walk(at.keep.buffer, at.keep.root)
    at.show.frame(at.register("rcx"))
    at.expect(at.register("rdi") == at.keep.root and at.register("rsi") == at.keep.buffer,
              "it is about the buffer")
    at.expect(at.keep.level == 3, "the missing level is the one below the PML4")
    at.expect(at.guest.frame_type(at.register("rcx")) == "FREE", "the frame for it is FREE")


@lesson.station("PDPT, PD, PT", to("memsrv.part_page"),
                ask="The buffer is mapped. What does refs say of each table on the way, and of the page?",
                answer="1 everywhere: a table's refs are the entries in it that are present, a page's are "
                       "the leaves that name it.")
def tables(at):
    at.keep.walk = [(entry.level, entry.frame) for entry in at.guest.walk(at.keep.buffer, at.keep.root)]
    at.say("Three TABLE_INSTALLs and a MAP. Each made a FREE frame into something of one type, and wrote one "
           "entry. A table stands in exactly one slot (I2), so its refs can tell when it may be taken away "
           "again.")
    at.show.walk(at.keep.buffer, at.keep.root)
    for frame in [at.keep.root] + [frame for _, frame in at.keep.walk]:
        at.show.frame(frame)
    types = [at.guest.frame_type(frame) for _, frame in at.keep.walk]
    at.expect(types == ["PDPT", "PD", "PT", "USER"], "each frame has the type of its level")
    at.expect(all(refs(at, frame) == 1 for _, frame in at.keep.walk[:3]), "each table has one entry")


@lesson.station("The first page of the stack", returned(),
                ask="Where does a program find its arguments?",
                answer="At the end of its stack: memsrv has put struct hf_start, argv and the strings into "
                       "the first page of it, before the page was mapped. RDI and RSP will point there.")
def stack(at):
    top = at.guest.field("memsrv", "task", at.keep.task, "place.stack_end")
    at.keep.stack = top - 4096
    at.place("stack", at.keep.stack)
    page = at.guest.walk(at.keep.stack, at.keep.root)[-1]
    at.say("memsrv wrote this into a page of its own, and the core has copied it (STAGE with a source): a "
           "new page is zeroed or filled before anybody can see it (I7). The tables were there, since the "
           "buffer is near: refs of the page table has grown by one.")
    at.show.walk(at.keep.stack, at.keep.root)
    at.show.frame(at.keep.walk[2][1])
    at.show.frame(page.frame)
    at.keep.facts = page.frame * 4096 + _facts(at)
    _show_start(at)
    argc = at.guest.read_physical(at.keep.facts)
    at.expect(argc == 3, "argc counts the name and two arguments")
    at.expect(refs(at, at.keep.walk[2][1]) == 2, "the page table has two entries")


def _facts(at):
    """Where struct hf_start stands in the page: at the first word that isn't 0."""
    page = at.guest.bytes_at(at.guest.physical(at.symbol("memsrv.first_page")), 4096)
    return next(offset for offset in range(0, 4096, 16) if any(page[offset:offset + 16]))


def _show_start(at):
    argv = at.guest.read_physical(at.keep.facts + 8) - at.keep.stack + at.keep.facts // 4096 * 4096
    string = at.guest.read_physical(argv) - at.keep.stack + at.keep.facts // 4096 * 4096
    at.show.physical_word(at.keep.facts, note="argc")
    at.show.physical_word(at.keep.facts + 8, kind="address", note="argv")
    for number in range(3):
        at.show.physical_word(argv + 8 * number, kind="address", note=f"argv[{number}]")
    at.show.physical_text(string, len("newborn one two"))


def note_refs(at):
    at.keep.refs = refs(at, at.keep.root)
    at.keep.core_task = at.guest.field("core", "hf_operation", at.register("rsi"), "object")


@lesson.station("TASK_SET: what will run there", then(to("mmu_task_set"), note_refs, returned()),
                ask="A task's frame holds its registers. Which of them must be right before its first "
                    "instruction?",
                answer="RIP and RSP, RDI as the argument of _start, and RFLAGS; CR3 comes from the aspace. "
                       "The core itself has set CS and SS to those of ring 3.")
def task(at):
    address = PMO + at.keep.core_task * 4096
    at.say("The core has looked whether the PML4 has its kernel half (remember that). The task is counted in "
           "the PML4's refs, so that nobody can destroy the address space below it. Its pager is an endpoint "
           "of memsrv's: all its faults go there.")
    at.show.fields("core", "task", address, [
        ("registers.rip", "address"), ("registers.rsp", "address"), ("registers.rdi", "address"),
        "registers.cs", "registers.rflags", ("cr3", "address"), "state", "pager.kind"], notes={
            "state": "HF_TASK_STOPPED", "pager.kind": "HF_HANDLE_ENDPOINT", "registers.cs": "selector, ring 3"})
    at.show.frame(at.keep.core_task)
    at.show.frame(at.keep.root)
    rip, cr3 = (at.guest.field("core", "task", address, name) for name in ("registers.rip", "cr3"))
    at.expect(rip == at.keep.start, "it will begin at _start")
    at.expect(cr3 == at.keep.root * 4096, "it has the new root")
    at.expect(refs(at, at.keep.root) == at.keep.refs + 1, "the PML4 counts the task")


def to_newborn(at):
    """IRETQ is about to load the newborn's RIP."""
    return at.guest.read(at.register("rsp")) == at.keep.start


@lesson.station("Ring 3, and nothing to execute",
                then(to_line("core", "ukernel/entry.asm", "iretq", when=to_newborn), step()),
                ask="The IRETQ that ends in the new task is done. Can the processor execute the first "
                    "instruction?",
                answer="No. RIP is right, CR3 is right, ring 3 it is; but no page is mapped at RIP.")
def born(at):
    at.say("MOV CR3 has loaded the new root, and the core went on without noticing: its half is the same. "
           "Now ring 3 stands before the first instruction of newborn. The walk ends where image and stack "
           "part: they have PDPT and PD in common, but the page table for the image isn't there.")
    at.show.registers("rip", "rsp", "cr3")
    at.show.walk(at.keep.start)
    at.expect(at.guest.stop.ring == 3 and at.guest.stop.rip == at.keep.start, "ring 3 stands at _start")
    at.expect(at.guest.root == at.keep.root, "CR3 has the new root")
    at.expect(not at.entry(at.keep.start).present, "the first instruction isn't mapped")


@lesson.station("The first fault", step(),
                ask="What will the error code say?",
                answer="Not present, fetch, ring 3: the processor wanted an instruction.")
def fault(at):
    error = at.guest.read(at.register("rsp"))
    at.say("So a program is loaded by faults. The processor has pushed the words onto the end of the task's "
           "own frame: RSP lies in the core's half, in the PMO.")
    at.show.here(around=0)
    at.show.registers("cr2", "rsp")
    at.show.stack(["error code", "rip", "cs"], {"rip": "address"})
    at.show.error(error)
    at.expect(at.register("cr2") == at.keep.start, "the fault is about _start")
    at.expect(error == FETCH, "it was a fetch by ring 3 of what is not present")


@lesson.station("The page that others have too", to("newborn._start"),
                ask="Which frame did memsrv take for the first page of the program's text?",
                answer="None: it has mapped the boot module's own page, read-only. All who run this program "
                       "share it.")
def shared(at):
    page = at.entry(at.keep.start)
    at.say("fault_page found the region, image_page named the module's frame, and around_bring added its "
           "neighbours. The core installed one more page table. refs counts the leaves that name the frame: "
           "memsrv's own, by which it reads the module, and this one. Pinned: it stays when nobody maps it.")
    at.show.here()
    at.show.walk(at.keep.start)
    at.show.frame(page.frame)
    at.show.frame(at.entry(at.keep.start + 4096).frame)
    at.show.word(at.keep.start, "newborn", size=2, note="xor ebp, ebp")
    at.expect(at.guest.frame(page.frame)["flags"] & PINNED, "the frame is pinned, as all of a module are")
    at.expect(refs(at, page.frame) >= 2, "memsrv and newborn both map it")
    at.expect(not page.value & WRITE, "it is mapped read-only")


# ---- a space without a kernel half ----

lesson.boot("halfborn", memsrv="halfborn")


def half(at):
    """The aspace of the task block that TASK_SET is asked to take."""
    return at.guest.field("core", "hf_operation_page", OPERATIONS, "task.aspace")


def note_half(at):
    at.keep.root, at.keep.set = half(at), at.guest.field("core", "hf_operation", at.register("rsi"), "object")


@lesson.station("The same without ASPACE_COPY_KERNEL",
                then(to("halfborn.start"), to("mmu_task_set"), note_half, returned()),
                ask="A program in memsrv's place (lessons/halfborn) leaves ASPACE_COPY_KERNEL out, maps a "
                    "page of code, and asks for a task there. Who finds out, and when?",
                answer="The core, at TASK_SET: a root may be given to a task only if its frame says that the "
                       "kernel half is there (aspace_runnable). It answers HF_NOT_READY, and nothing has "
                       "changed.")
def refused(at):
    at.say("RAX has the status. Nobody has to look at the entries for that: one flag in the frame table is "
           "enough, since only ASPACE_COPY_KERNEL sets it, and nothing can change the kernel half of a PML4 "
           "afterwards (invariant I4).")
    at.show.registers(rax="number")
    at.show.frame(at.keep.root)
    at.show.halves(at.keep.root)
    at.show.fields("core", "task", PMO + at.keep.set * 4096, ["cr3", "state"], notes={"cr3": "none"})
    at.expect(at.register("rax") == at.programs["core"].enums["HF_NOT_READY"],
              "the core answers HF_NOT_READY")
    at.expect(not at.guest.frame(at.keep.root)["flags"] & KERNEL_HALF, "the kernel half is missing")
    at.expect(at.guest.field("core", "task", PMO + at.keep.set * 4096, "cr3") == 0, "the task has no root")


# ---- and with a core that doesn't look ----

lesson.boot("unready", memsrv="halfborn", core="unready-core")


def into_half(at):
    return at.register("rax") == at.keep.root * 4096


@lesson.station("A core that doesn't look", then(
    to("halfborn.start"), to("mmu_task_set"), note_half,
    to_line("core", "ukernel/entry.asm", "mov     cr3, rax", when=into_half)),
                ask="This core is linked with another aspace_runnable (lessons/core/unready.c), which always "
                    "agrees. Behind MOV CR3 the processor goes on with the new root. Is the core mapped "
                    "there?",
                answer="No. Neither the code, nor the stack, nor the IDT: nothing of slots 256 to 511 is.")
def before(at):
    at.keep.next = at.guest.stop.rip + 3
    at.keep.idt, at.keep.stack = at.symbol("idt"), at.register("rsp")
    at.say("RAX has the root without a kernel half. Below: the instruction behind MOV CR3, as the processor "
           "finds it with the old root, and with the new one. Mark what the old leaf says: global.")
    at.show.here()
    at.show.registers("rax", "cr3")
    at.show.walk(at.keep.next)
    at.show.walk(at.keep.next, at.keep.root)
    at.show.walk(at.keep.idt, at.keep.root)
    at.expect(at.entry(at.keep.next).value & GLOBAL, "the core's pages are global")
    at.expect(not at.entry(at.keep.next, root=at.keep.root).present, "the code isn't mapped in the new root")


@lesson.station("On borrowed translations", to("halfborn.live"),
                ask="MOV CR3, and then? The next instruction isn't mapped. Does the machine die here?",
                answer="No! It even reaches ring 3. MOV CR3 empties the TLB of everything but global "
                       "translations, and the core's are global: since all address spaces have the same "
                       "kernel half, they needn't be read again. Here the tables say something else, but the "
                       "processor doesn't look.")
def borrowed(at):
    at.say("That is what makes such a mistake bad: it works, for a while. The core went on, read the task's "
           "frame and did an IRETQ, all by what the TLB remembered. Now ring 3 runs, and there is no way "
           "back in the tables. `live` reads one page after the other, until the TLB has no room for the "
           "core's.")
    at.show.here()
    at.show.registers("cr3")
    at.show.walk(at.guest.stop.rip)
    at.show.walk(at.keep.idt)
    at.show.halves(at.keep.root)
    at.expect(at.guest.root == at.keep.root and at.guest.stop.ring == 3,
              "the task runs in ring 3 on that root")
    at.expect(not at.entry(at.keep.idt).present, "the IDT isn't mapped")


@lesson.station("Nobody is left to tell", ended(),
                ask="The timer interrupts. The processor wants the IDT's entry, whose translation has been "
                    "pushed out of the TLB. What happens?",
                answer="A page fault, for which it needs the IDT: a double fault, for which it needs the "
                       "IDT: a triple fault. The processor gives up; a real machine starts over without a "
                       "word.")
def gone(at):
    at.say("No fault handler could help: it would be found through the same table. That is why the core "
           "checks the kernel half before it lets a task have a root, instead of handling what comes of it. "
           "What the core has printed last is from long before.")
    at.show.ended()
    at.show.console_line("handoff: memory is memsrv's now")
    at.expect("triple fault" in at.guest.ended, "the machine ended by a triple fault")
