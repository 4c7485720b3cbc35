"""The panels of a station: what is shown of the machine. Every line says enough to be looked up again by
somebody else: which register, which physical address, which structure of whose memory.

    lessons/first.c:9                             the source around RIP
    >    9     *at = value;
    at 0x54800000 first.store  mov byte ptr ...   RIP, and the instruction there
    lessons/first.c:9  done before 0x54800003 first.store+0x3      the source of the instruction before RIP
    rax 0x50000000                                registers
    error 0x6: not present, write, ring 3         a page fault's error code
    walk of 0x50000123 from root frame 0x86:      the processor's walk, entry by entry
      PML4E [  0] at 0x00086000  0x0000000000088027  frame 0x88 user write accessed
      PDE   [128] at 0x00089400  0x0000000000000000  <-- not present (or: no write, nx)
    entry at 0x0008b918:                          an entry's old and new value
      before 0x0000000000000000
      after  0x80000000001a3007
      bit 63 nx 0 -> 1
    frame 0x1a3: USER, refs 1                     the frame table
    struct region at 0x100000a20 in memsrv:       members of a structure, by their names; <- what it was
      .start 0x50000000
      .count 0x3 <- 0x2  (a note)
    stack +8 0x4400005e first.store  (rip)        the word at RSP + 8
    8 bytes at 0x50000123 in first: 0x2a          a program's memory
    4 bytes at physical 0x001a3123: 0x2a          physical memory
    free in memsrv: 7 at hand, blocks 0:1 5:2     its buddy allocator: order:count, before and now
    operations at 0x40013ca0 memsrv.x in memsrv:  struct hf_operation, one after the other
      0 TABLE_INSTALL object 0x1a address 0x80005000 frame 0x1c3
    FREE in the frame table: 7512 <- 7494         how many frames are FREE, and were
    console: first: 42                            what the guest has printed
    the machine has ended: the guest switched ... why, at the end
    PML4 in frame 0x1b2: 0 present in slots ...   all of a table, counted
    entries of the PML4 in frame 0x1b2:           some of its entries, as in a walk
    region at 0x100000a20 in memsrv: 0x... to ... a struct region: start, end, rights, backing
"""

import re
from dataclasses import dataclass

from .guest import (ACCESSED, DIRTY, FRAME_BITS, GLOBAL, LARGE, LEVELS, NX, PAGE, PRESENT, RUN_FRAMES, RUN_HEADERS,
                    USER, WRITE, Entry)
from .tokens import Address, Changing, Frame, Joined, Place, Raw

ERROR_BITS = [(1, "not allowed", "not present"), (2, "write", None), (16, "fetch", None), (8, "reserved bit", None),
              (4, "ring 3", "not ring 3")]
ENTRY_BITS = {0: "present", 1: "write", 2: "user", 3: "write-through", 4: "no-cache", 5: "accessed", 6: "dirty",
              7: "large", 8: "global", 9: "device", 63: "nx"}


def error_words(code):
    """ "not present, write, ring 3" """
    words = [one if code & bit else zero for bit, one, zero in ERROR_BITS]
    if not code & (2 | 16):
        words.insert(1, "read")
    return ", ".join(word for word in words if word)


def entry_words(entry):
    """What an entry's bits allow, and what the processor noted in it."""
    marks = [(LARGE, "2 MiB", entry.level > 1), (USER, "user", True), (WRITE, "write", True), (NX, "nx", True),
             (ACCESSED, "accessed", True), (DIRTY, "dirty", entry.leaf), (GLOBAL, "global", entry.leaf)]
    return [word for bit, word, counts in marks if entry.value & bit and counts]


def refusal(entry, access):
    """Why an access can't get beyond an entry, or ""."""
    if not entry.present:
        return "not present"
    if access & 2 and not entry.value & WRITE:
        return "no write"
    return "nx" if access & 16 and entry.value & NX else ""


@dataclass(frozen=True)
class Line:
    """Text and tokens; a fact can be looked up in the machine, prose can't."""

    parts: tuple
    fact: bool


class Show:
    """Collects the lines of one station."""

    def __init__(self, guest):
        self._guest = guest
        self.lines = []

    def _add(self, *parts):
        self.lines.append(Line(parts, fact=True))

    def prose(self, text):
        self.lines.append(Line((text,), fact=False))

    def _address(self, value):
        return Address(value, self._guest.programs.name_at(value))

    # ---- where we are ----

    def here(self, around=1, done=False):
        """Source line and instruction at RIP. `done`: those of the instruction that was just done, if it did not
        jump: the one that ends at RIP."""
        rip = self._guest.stop.rip
        line = self._guest.programs.line_at(rip - 1 if done else rip)
        if line:
            self._source(*line, "done before " if done else "", around)
        if not done:
            instruction = self._guest.stop.instruction
            self._add("at ", self._address(rip), "  ", Changing(instruction, instruction.split()[0]))

    def _source(self, path, number, done, around):
        behind = [f"  {done}", self._address(self._guest.stop.rip)] if done else []
        self._add(path, Changing(f":{number}", ""), *behind)
        for near in range(number - around, number + around + 1):
            text = self._guest.programs.text(path, near)
            if text.strip() or near == number:
                self._add("> " if near == number else "  ", Changing(f"{near:4} ", ""), text[:90])

    def registers(self, *names, **kinds):
        """Those that hold addresses, by their names; others as NAME=kind, as for `fields`."""
        for name in names:
            value = self._guest.register(name)
            self._add(f"{name} ", self._address(value) if name != "cr3" else Place(value))
        for name, kind in kinds.items():
            self._add(f"{name} ", self._valued(self._guest.register(name), kind))

    # ---- page faults ----

    def error(self, code):
        self._add(f"error 0x{code:x}: {error_words(code)}")

    def walk(self, address, root=None, access=0):
        """The walk of an address. Marked is what refuses it: an entry that is missing, or one that doesn't
        allow `access`, which is bits of a fault's error code."""
        root = self._guest.root if root is None else root
        self._add("walk of ", Address(address), " from root frame ", Frame(root), ":")
        for entry in self._guest.walk(address, root):
            self._entry(entry, access)

    def _entry(self, entry, access=0, index="i"):
        parts = [f"  {LEVELS[entry.level]:5} [", Changing(f"{entry.index:3}", index), "] at ",
                 Place(entry.place, slot=True), "  ", Raw(entry.value, entry.frame)]
        if entry.present:
            parts += ["  frame ", Frame(entry.frame), " ", " ".join(entry_words(entry))]
        refused = refusal(entry, access)
        self._add(*parts, f"  <-- {refused}" if refused else "")

    def entry_change(self, place, before, after):
        """An entry's value before and now, bit by bit."""
        old, new = (value & FRAME_BITS for value in (before, after))
        self._add("entry at ", Place(place, slot=True), ":")
        self._add("  before ", Raw(before, old >> 12))
        self._add("  after  ", Raw(after, new >> 12))
        for bit, name in sorted(ENTRY_BITS.items(), reverse=True):
            if (before ^ after) >> bit & 1:
                self._add(f"  bit {bit} {name} {before >> bit & 1} -> {after >> bit & 1}")
        if old != new:
            self._add("  frame ", Frame(old >> 12) if old else "0", " -> ", Frame(new >> 12) if new else "0")

    # ---- whole tables ----

    def halves(self, root, model=None):
        """How many entries of a PML4 are present, and, of the kernel half, how many are those of another PML4."""
        low, high = self._present(root, 0, 256), self._present(root, 256, 512)
        self._add("PML4 in frame ", Frame(root), f": {low} present in slots 0 to 255, {high} in slots 256 to 511")
        if model is not None:
            same = sum(one == other for one, other in zip(self._slots(root)[256:], self._slots(model)[256:]))
            self._add(f"  {same} of slots 256 to 511 are the same as in frame ", Frame(model))

    def _slots(self, root):
        data = self._guest.bytes_at(root * PAGE, PAGE)
        return [int.from_bytes(data[at:at + 8], "little") for at in range(0, PAGE, 8)]

    def _present(self, root, first, end):
        return sum(value & PRESENT for value in self._slots(root)[first:end])

    def slots(self, root, numbers):
        """Some entries of a PML4."""
        self._add("entries of the PML4 in frame ", Frame(root), ":")
        for number in numbers:
            place = root * PAGE + 8 * number
            self._entry(Entry(4, place, self._guest.read_physical(place)), index=f"{number:3}")

    # ---- frames and memory ----

    def frame(self, number, passing=False):
        """The frame table's words about a frame. `passing`: what it happens to be depends on the build."""
        core = self._guest.programs["core"]
        found = self._guest.frame(number)
        run = core.word("hf_run_state", found["run"])
        if run != "SPLIT":
            self._add("frame ", Frame(number), f": in a run that is {run}, refs {found['run_refs']}")
            return
        pinned = ", pinned" if found["flags"] & 1 else ""
        half = ", kernel half there" if found["flags"] & 2 else ""
        kind = core.word("hf_frame_type", found["type"])
        words = f"{kind}, refs {found['refs']}{pinned}{half}"
        self._add("frame ", Frame(number), ": ", Changing(words, "something") if passing else words)

    def run(self, number):
        """The frame table's words about the run that a frame belongs to: its header."""
        core, header = self._guest.programs["core"], RUN_HEADERS + number // RUN_FRAMES * 8
        read = {name: self._guest.field("core", "hf_run_header", header, name) for name in ("state", "busy", "refs")}
        state = core.word("hf_run_state", read["state"])
        self._add("run of frame ", Frame(number), f": {state}, busy {read['busy']}, refs {read['refs']}")

    def fields(self, program, type_name, address, paths, root=None, notes=None, before=None):
        """Members of a structure. What the build may change (a pointer, a frame, a count) is given as (path,
        kind), where kind is "address", "frame", "entry", or a word for the transcript; "amount", where even the
        difference may change. `notes`: what to say beside a path; `before`: what its value was."""
        self._add(f"struct {type_name} at ", Changing(f"0x{address:x}"), f" in {program}:")
        for path in paths:
            path, kind = path if isinstance(path, tuple) else (path, "number")
            value = self._guest.field(program, type_name, address, path, root)
            note = (notes or {}).get(path)
            self._add(f"  .{path} ", self._valued(value, kind), self._was(value, (before or {}).get(path), kind),
                      f"  ({note})" if note else "")

    def _was(self, value, old, kind):
        if old is None or old == value:
            return ""
        if kind in ("number", "address", "frame", "entry"):
            return Joined(" <- ", self._valued(old, kind))
        if kind == "amount":
            return Changing(f" <- 0x{old:x}", " <- another")
        return Changing(f" <- 0x{old:x}", f" <- {kind}{old - value:+d}")

    def _valued(self, value, kind):
        if kind == "number":
            return f"0x{value:x}"
        if kind == "address":
            return self._address(value)
        if kind == "frame":
            return Frame(value)
        if kind == "entry":
            return Raw(value, (value & FRAME_BITS) >> 12)
        return Changing(f"0x{value:x}", kind)

    def word(self, address, program, size=8, root=None, kind="number", note=""):
        """`size` bytes of a program's memory, as a number."""
        value = self._guest.read(address, size, root)
        self._add(_bytes(size), " at ", self._address(address), f" in {program}: ", self._valued(value, kind),
                  f"  ({note})" if note else "")

    def stack(self, names, kinds=None):
        """The words at RSP, from the lowest address on, by their names."""
        stack = self._guest.register("rsp")
        for number, name in enumerate(names):
            value = self._guest.read(stack + 8 * number)
            self._add(f"stack +{8 * number} ", self._valued(value, (kinds or {}).get(name, "number")), f"  ({name})")

    def physical_word(self, place, size=8, kind="number", note=""):
        value = self._guest.read_physical(place, size)
        self._add(_bytes(size), " at physical ", Place(place), ": ", self._valued(value, kind),
                  f"  ({note})" if note else "")

    def physical_text(self, place, size):
        """`size` bytes of text; a zero byte is written as \\0."""
        text = self._guest.bytes_at(place, size).decode("ascii", "replace").replace("\0", "\\0")
        self._add(f"{size} characters at physical ", Place(place), f': "{text}"')

    # ---- memsrv ----

    def free_blocks(self, before=None):
        """memsrv's free frames: single ones at hand, and blocks of 2^order. Answers them, as `before` for later."""
        now = free_blocks(self._guest, self._guest.programs)
        self._add("free in memsrv: ", Changing(f"{now[0]} at hand, blocks {_by_order(now)}", "n at hand, blocks"))
        if before:
            self._add("before:         ", Changing(f"{before[0]} at hand, blocks {_by_order(before)}",
                                                   f"n{before[0] - now[0]:+d} at hand"))
        return now

    def operations(self, program, address, count):
        """A list of operations for the core, which stands in a program's memory: what each has to be done where."""
        described = self._guest.programs[program]
        self._add("operations at ", self._address(address), f" in {program}:")
        for number in range(count):
            at = address + number * described.type("hf_operation")["size"]
            code, root, place, frame = (self._guest.field(program, "hf_operation", at, name)
                                        for name in ("code", "object", "address", "frame"))
            name = described.word("hf_operation_code", code)
            self._add(f"  {number} {name} object ", Frame(root), " address ", Address(place), " frame ",
                      "none" if frame >= 1 << 40 else Frame(frame) if frame else "0x0")

    def regions(self, tree, root=None):
        """All that an address space's list of regions has, from the lowest address on. `tree`: its topmost one."""
        if not tree:
            return
        below, above = (self._guest.field("memsrv", "region", tree, f"child[{side}]", root) for side in (0, 1))
        self.regions(below, root)
        self.region(tree, root)
        self.regions(above, root)

    def region(self, address, root=None):
        """One of them."""
        start, end, rights, backing = (self._guest.field("memsrv", "region", address, name, root)
                                       for name in ("start", "end", "rights", "backing"))
        letters = "".join(letter for bit, letter in enumerate("rwx") if rights >> bit & 1)
        self._add("region at ", Changing(f"0x{address:x}"), " in memsrv: ",
                  Changing(f"0x{start:x} to 0x{end:x}", "start to end"), f" {letters} ", self._address(backing))

    def free_frames(self, before=None):
        """How many frames are FREE in the frame table, and were. Answers the number."""
        now = self._guest.free_frames()
        then = "" if before is None else Changing(f" <- {before}", f" <- {_compared(before, now)}")
        self._add("FREE in the frame table: ", Changing(now, "n"), then)
        return now

    def console(self, count=3):
        """The last lines that the guest has printed."""
        for line in [line for line in self._guest.console.split("\n") if line][-count:]:
            shown = line if len(line) < 90 else f"{line[:86]} ..."
            self._add("console: ", *[Changing(part, "(an address)") if number % 2 else part
                                     for number, part in enumerate(re.split("(0x[0-9a-f]{5,})", shown))])

    def console_from(self, beginning, but=()):
        """The lines from the last one that begins so to the end, but for those that begin like one of `but`: as
        much of each as fits. Of what depends on the build the transcript says only that it is there."""
        lines = self._guest.console.rstrip("\n").split("\n")
        last = max((number for number, line in enumerate(lines) if line.startswith(beginning)), default=len(lines))
        for line in lines[last:]:
            if line and not line.startswith(but):
                stable = re.sub(r"\+?0x[0-9a-f]+|\b[0-9]{3,}\b", "..", line)
                self._add("console: ", Changing(line if len(line) < 90 else f"{line[:86]} ...", stable))

    def console_line(self, beginning):
        """The last line that begins so, as much of it as fits. What follows depends on the build."""
        for line in [line for line in self._guest.console.split("\n") if line.startswith(beginning)][-1:]:
            self._add("console: ", Changing(line if len(line) < 90 else f"{line[:86]} ...", f"{beginning} ..."))

    def ended(self):
        """Why the machine has ended."""
        self._add(f"the machine has ended: {self._guest.ended}")


def _compared(before, now):
    return "as many" if before == now else "fewer" if before < now else "more"


def free_blocks(guest, programs):
    """(frames at hand, {order: free blocks}) of memsrv's allocator; memsrv's address space must be loaded."""
    buddy, memsrv = programs.symbol("memsrv.frames"), programs["memsrv"]
    first, one = memsrv.field("buddy", "at_hand")[0], memsrv.type("buddy_frame")["size"]
    end = guest.field("memsrv", "buddy", buddy, "at_hand_end")
    at, layout = memsrv.field("buddy", "blocks")
    orders = layout["size"] // 8
    counts = {order: guest.read(buddy + at + 8 * order) for order in range(orders)}
    return (end - buddy - first) // one, {order: count for order, count in counts.items() if count}


def _by_order(free):
    return " ".join(f"{order}:{count}" for order, count in free[1].items())


def _bytes(size):
    return "1 byte" if size == 1 else f"{size} bytes"
