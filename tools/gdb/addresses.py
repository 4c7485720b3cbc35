"""walk, why and frame: what is behind an address, and behind a frame."""

import gdb

import headers
from command import Command
from core import PINNED, RUN_FRAMES
from foresee import ACCESSES, Foresight
from guest import TaskWord, number, refuse
from paging import (KERNEL_SLOT, NAMES, PAGE, TABLES, check_canonical, current_root, entries_below,
                    is_canonical, rights, walk)


def frame_text(view, frame):
    """What the frame table says of a frame, once there is one."""
    return view.frames.text(frame) if view.core.limit else ""


def walk_lines(view, root, address):
    """The walk, an entry a line; the last one says where it ends."""
    entries = walk(view.memory, root, address)
    for entry in entries:
        if entry.present:
            what = f"frame 0x{entry.frame:<6x} {entry.flags():24} {frame_text(view, entry.frame)}"
        else:
            what = f"not present  <-- missing: {missing(entry)}"
        yield f"  {NAMES[entry.level]:5} {entry.index:3}  0x{entry.raw:016x}  {what}"
    yield f"  {end_of(entries, address)}"


def missing(entry):
    """What isn't there when an entry is empty."""
    return "the page" if entry.level == 1 else f"no {TABLES[entry.level - 1]}, so nothing in " + size(entry.level)


def size(level):
    return {2: "these 2 MiB", 3: "this GiB", 4: "these 512 GiB"}[level]


def end_of(entries, address):
    allowed = rights(entries)
    if allowed is None:
        return "nothing is mapped there"
    last = entries[-1]
    physical = last.frame * PAGE + address % (last.frames * PAGE)
    words = ["read", *(word for word in ("write", "execute") if word in allowed)]
    return f"physical 0x{physical:x}; {'ring 3' if 'user' in allowed else 'the core'} may {', '.join(words)}"


class Walk(Command):
    """walk ADDRESS [ROOT]: the four-level walk to an address, each entry decoded, and the missing one marked.

    ROOT is the frame of a PML4; without it, the one in CR3 is taken. Both may be expressions of C.
    Behind each entry stands what the frame table says of the frame that it leads to."""

    name = "walk"
    most = 2

    def prepare(self, words):
        if not words:
            refuse(f"usage: {self.usage()}")
        address = number(words[0])
        check_canonical(address)
        return address, number(words[1]) if len(words) > 1 else None

    def run(self, view, address, root):
        loaded = current_root()
        if root is None:
            root = loaded
        elif root != loaded and view.frames.type(root) != "PML4":
            refuse(f"frame 0x{root:x} is no PML4 but {view.frames.type(root)}")
        owner = view.owners().get(root)
        yield f"walk of 0x{address:x} from root frame 0x{root:x}" + (f" ({owner})" if owner else "")
        yield from walk_lines(view, root, address)


class Why(Command):
    """why ADDRESS [TASK]: does an address work in a task, and if not, why?

    Shows the walk, the region of memsrv's records, and what reading, writing and executing there would do:
    nothing special; a page fault, and what memsrv would do about it; or one that ends the task, and why.
    TASK is a name, or an expression for a number; without it, the task that runs is meant."""

    name = "why"
    most = 2

    def prepare(self, words):
        if not words:
            refuse(f"usage: {self.usage()}")
        return number(words[0]), TaskWord(words[1]) if len(words) > 1 else None

    def run(self, view, address, word):
        task = view.task(word) if word else view.running()
        if task is None:
            return self.of_memsrv(view, address)
        if task.state != "RUNNING":
            refuse(f"task {task} is no longer there: it is {task.state.lower()}")
        return self.of_task(view, address, task)

    def of_task(self, view, address, task):
        yield f"0x{address:x} in task {task}, root frame 0x{task.process.root:x}"
        if is_canonical(address):
            yield from walk_lines(view, task.process.root, address)
        foresight = Foresight(task, address)
        yield f"  region: {self.region_text(foresight.region)}"
        if foresight.work():
            yield f"  work on the address space: {foresight.work()}"
        for access in ACCESSES:
            yield f"  {access + ':':6} {foresight.sentence(access)}"

    def region_text(self, region):
        if not region:
            return "none"
        return f"0x{region.start:x} to 0x{region.end:x}, {region.allows()}: {region.name()}"

    def of_memsrv(self, view, address):
        check_canonical(address)
        root = view.memsrv.root
        yield f"0x{address:x} in memsrv, root frame 0x{root:x}"
        yield from walk_lines(view, root, address)
        allowed = rights(walk(view.memory, root, address)) or set()
        for access in ACCESSES:
            needs = {"user"} | {"read": set(), "write": {"write"}, "fetch": {"execute"}}[access]
            end = "page fault, and the end of the machine: nobody pages the pager"
            yield f"  {access + ':':6} {'no fault' if needs <= allowed else end}"


class Frame(Command):
    """frame N: what a frame of memory is, who maps it, and what is in it.

    N is an expression, such as $cr3 >> 12. Tells type, flags, tag and count from the frame table, the header
    of its run, each leaf or table entry of every address space that names it, and, for a task, an endpoint or
    a handle table, that. (gdb's own command of this name is `f`, and `select-frame`.)"""

    name = "frame"
    most = 1

    def words(self, argument):
        return [argument] if argument.strip() else []

    def prepare(self, words):
        if not words:
            refuse(f"usage: {self.usage()}")
        return [number(words[0])]

    def run(self, view, frame):
        frames = view.frames
        if frame >= frames.limit:
            refuse(f"frame 0x{frame:x} is above all RAM: the table knows those below 0x{frames.limit:x}")
        entry, header = frames.entry(frame), frames.header(frame // RUN_FRAMES)
        state = frames.state_name[header["state"]]
        kind = frames.type_name[entry["type"]]
        about = headers.texts("HF_FRAME_TYPE_LIST")[kind][0]
        yield f"frame 0x{frame:x}, physical 0x{frame * PAGE:x}: {kind}, {about}"
        if frames.is_split(frame // RUN_FRAMES):
            yield f"  entry: refs {entry['refs']}, tag 0x{entry['tag']:x}{self.flags(entry, kind)}"
        noted = {"SPLIT": "frames in use", "ZEROING": "pages zeroed"}.get(state, "tag")
        yield (f"  run 0x{frame // RUN_FRAMES:x}: {state}, refs {header['refs']}, {noted} {header['busy']}"
               f"{self.flags(header, '')}")
        yield from self.named_by(view, frame)
        yield from self.used_by(view, frame)

    def flags(self, entry, kind):
        words = [", pinned"] if entry["flags"] & PINNED else []
        return "".join(words + ([", kernel half"] if kind == "PML4" and entry["flags"] & 2 else []))

    def named_by(self, view, frame):
        """Entries of page tables that lead to it."""
        owners = view.owners()
        roots = view.frames.all_of("PML4")
        for root in sorted({*roots, view.core.root}):
            slots = range(KERNEL_SLOT) if root in roots else ()
            yield from self._entries(view, root, slots, frame, owners.get(root, f"root frame 0x{root:x}"))
        yield from self._entries(view, view.core.root, range(KERNEL_SLOT, 512), frame, "the core")

    def _entries(self, view, root, slots, frame, owner):
        for entry in entries_below(view.memory, root, slots):
            if entry.frame <= frame < entry.frame + entry.frames:
                how = "mapped" if entry.leaf else f"{NAMES[entry.level]}"
                at = entry.start + (frame - entry.frame) * PAGE
                yield f"  {how} at 0x{at:x} in {owner}: {entry.flags()}"

    def used_by(self, view, frame):
        """Core objects: what it is, or who uses it."""
        kind = view.frames.type(frame)
        core = view.core
        if kind == "PML4":
            yield f"  root of {view.owners().get(frame, 'nobody known to memsrv')}"
        for task_frame in view.frames.all_of("TASK"):
            task = core.object("task", task_frame)
            uses = {"IPC buffer": "buffer", "operation page": "operations", "handle table": "handles"}
            for text, field in uses.items():
                if core.frame_of(task[field]) == frame:
                    yield f"  {text} of {view.memsrv.name_of(task_frame)}"
        if kind == "TASK":
            yield f"  the core's task {view.memsrv.name_of(frame)}"


class StackFrame(gdb.Command):
    """f [N]: select and print a stack frame: gdb's own `frame`, whose name is taken by frames of memory."""

    def __init__(self):
        super().__init__("f", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        if argument.strip():
            try:
                gdb.execute(f"select-frame {argument}")
            except gdb.error as error:
                refuse(str(error))
        gdb.execute("up 0", from_tty)
