"""The machine as the lessons see it: registers, memory by physical and virtual address, walks, the frame
table, and how to come from one moment to the next."""

import re
from dataclasses import dataclass

from .bochs import Bochs, BochsError, GuestEnded

PAGE = 4096
ADDRESSABLE = 1 << 32
LEVELS = {4: "PML4E", 3: "PDPTE", 2: "PDE", 1: "PTE"}
PRESENT, WRITE, USER, ACCESSED, DIRTY, LARGE, GLOBAL, NX = 1, 2, 4, 32, 64, 128, 256, 1 << 63
FRAME_BITS = 0x000F_FFFF_FFFF_F000
RUN_HEADERS, FRAME_ENTRIES, RUN_FRAMES = 0xFFFF_C000_0000_0000, 0xFFFF_C040_0000_0000, 512
STOPPED = re.compile(r"Next at t=(\d+)\n\(\d\) \[(0x[0-9a-f]+)\] ([0-9a-f]{4}):([0-9a-f]+) \([^)]*\): (.*?)\s*; (\w+)")
UNKNOWN = "(not mapped)"  # an instruction that the debugger can't read
UNMAPPED = re.compile(r"Next at t=(\d+)\n\(\d\)\.\[\d+\] \?\?\?")


class NotMapped(Exception):
    """A virtual address that the tables don't translate."""


@dataclass(frozen=True)
class Entry:
    """One step of a walk: an entry, where it lies, and what it says."""

    level: int
    place: int  # its physical address
    value: int

    @property
    def index(self):
        return self.place % PAGE // 8

    @property
    def present(self):
        return bool(self.value & PRESENT)

    @property
    def leaf(self):
        return self.level == 1 or bool(self.value & LARGE)

    @property
    def frame(self):
        """The table, or the first frame of the page, that it names."""
        return (self.value & FRAME_BITS & ~((PAGE << 9 * (self.level - 1)) - 1 if self.leaf else 0)) // PAGE


@dataclass(frozen=True)
class Stop:
    """Where the machine stands."""

    tick: int
    ring: int
    rip: int
    instruction: str


class Guest:
    """`image` booted in Bochs; `programs` says what its addresses mean."""

    STOPS = 20000  # at one breakpoint, before it is held to be the wrong one
    SHORT = 10000  # ticks

    def __init__(self, image, programs):
        self.image, self.programs = image, programs
        self._bochs, self._spare = Bochs(image), None
        self._start_ahead()
        self.stop = None
        self._registers = {}
        self.ended = None  # why, once the machine has ended
        self._damages = []  # (tick, command of Bochs's), in their order

    def _start_ahead(self):
        """No lesson begins before the core does: the machine runs so far while nobody waits for it."""
        try:
            for command in (f"lb 0x{self.programs.symbol('core_main'):x}", "c", "d 1"):
                self._bochs.post(command)
        except GuestEnded:
            pass  # the first command that waits for its answer will tell

    def close(self):
        for bochs in (self._bochs, self._spare):
            if bochs:
                bochs.close()

    @property
    def console(self):
        return self._bochs.console

    def debugger(self, text):
        """One command of Bochs's own; the machine may have moved by it."""
        said = self._bochs.command(text)
        self._moved(said)
        return said

    # ---- moving ----

    def _moved(self, said):
        found = STOPPED.findall(said)
        if found:
            tick, _, selector, rip, instruction, _ = found[-1]
            self.stop = Stop(int(tick), int(selector, 16) & 3, int(rip, 16), instruction.strip())
        self._registers = {}
        unmapped = UNMAPPED.findall(said)
        if unmapped:
            selector = re.search(r"cs:0x([0-9a-f]+)", self._bochs.command("sreg"))[1]
            self.stop = Stop(int(unmapped[-1]), int(selector, 16) & 3, self.register("rip"), UNKNOWN)

    def _go(self, command):
        if self.ended:
            raise GuestEnded(self.ended)
        try:
            self._moved(self._bochs.command(command))
        except GuestEnded as end:
            self.ended = str(end)
            raise

    def step(self, count=1):
        for _ in range(count):
            self._go("s")

    def step_over(self):
        """One instruction, a whole call if it is one."""
        self._go("n" if self.stop.instruction.startswith("call") else "s")

    def run_to(self, addresses, when=lambda: True):
        """To the next time that one of these instructions is about to run, and `when` holds."""
        addresses = sorted(set(addresses))
        for address in addresses:
            self._bochs.command(f"lb 0x{address:x}")
        try:
            for _ in range(self.STOPS):
                if self.stop and self.stop.rip in addresses:
                    self._go("s")
                    if self.stop.rip in addresses and when():
                        return
                self._go("c")
                if self.stop.rip in addresses and when():
                    return
            raise GuestEnded(f"the guest came by {self.STOPS} times, but never as the lesson tells")
        finally:
            self._delete_breakpoints()

    def run_to_write(self, place, size=8):
        """Until an instruction has changed `size` bytes at a physical address."""
        old = self.read_physical(place, size)
        self._bochs.command(f"watch w 0x{place:x} {size}")
        try:
            for _ in range(self.STOPS):
                self._go("c")
                if self.read_physical(place, size) != old:
                    return
            raise GuestEnded("the memory was written again and again, but never changed")
        finally:
            if not self.ended:
                self._bochs.command("unwatch")

    def run_to_end(self):
        try:
            for _ in range(self.STOPS):  # by a breakpoint at a tick, see _run_to_tick
                self._go("c")
        except GuestEnded:
            return
        raise BochsError("the guest stopped where nothing stops it")

    def _delete_breakpoints(self):
        if self.ended:
            return
        for number in re.findall(r"^ *(\d+) lbreakpoint", self._bochs.command("info break"), re.MULTILINE):
            self._bochs.command(f"d {number}")

    def prepare(self, tick):
        """Lets a second machine run to a moment, so that going back to it, or to a later one, takes no time."""
        if self._spare:
            return
        self._spare, self._spare_tick = Bochs(self.image), tick
        self._spare.post(f"sba {tick}")
        self._spare.post("c")

    def go_back(self, tick):
        """To an earlier moment: another machine runs to it from power-on."""
        self._bochs.close()
        if self._spare and self._spare_tick <= tick:
            self._bochs, self._spare = self._spare, None
        else:
            self._bochs = Bochs(self.image)
        self.ended, self._registers = None, {}
        self._look()
        self._damages = [damage for damage in self._damages if damage[0] < tick]
        for when, command in self._damages:
            self._run_to_tick(when)
            self._bochs.command(command)
        self._run_to_tick(tick)

    def _run_to_tick(self, tick):
        """A breakpoint at a tick comes again and again, whenever so many ticks have gone by as it took to come
        there. So a short way is stepped."""
        while self.stop.tick < tick:
            if tick - self.stop.tick > self.SHORT:
                self._bochs.command(f"sba {tick}")
                self._go("c")
            else:
                self.step()
        if self.stop.tick != tick:
            raise BochsError(f"Bochs can't go back to tick {tick}: it is at {self.stop.tick}")

    def _look(self):
        """Where the machine stands, when nobody has seen how it came there."""
        tick = int(re.search(r"ptime: (\d+)", self._bochs.command("ptime"))[1])
        selector = int(re.search(r"cs:0x([0-9a-f]+)", self._bochs.command("sreg"))[1], 16)
        instruction = self._bochs.command("u /1").partition("): ")[2].split(";")[0].strip()
        self.stop = Stop(tick, selector & 3, self.register("rip"), instruction or UNKNOWN)

    def damage(self, place, value):
        """A byte of physical memory becomes another, though no instruction has written it: an accident. It happens
        again when somebody goes back to a later moment, so a station lies behind it, not at the same tick."""
        command = f"setpmem 0x{place:x} 1 0x{value:x}"
        self._damages.append((self.stop.tick, command))
        self._bochs.command(command)

    # ---- reading ----

    def register(self, name):
        if not self._registers:
            said = self._bochs.command("r") + self._bochs.command("creg")
            for register, high, low in re.findall(r"(\w+) *: ([0-9a-f]{8})_([0-9a-f]{8})", said):
                self._registers[register] = int(high + low, 16)
            for register, value in re.findall(r"(CR[0-9])=[^0]*(0x[0-9a-f]+)", said):
                self._registers[register.lower()] = int(value, 16)
            self._registers["rflags"] = int(re.search(r"eflags 0x([0-9a-f]+)", said)[1], 16)
        if name not in self._registers:
            raise BochsError(f"there is no register '{name}'")
        return self._registers[name]

    @property
    def root(self):
        """The PML4 frame in CR3."""
        return self.register("cr3") // PAGE

    def read_physical(self, place, size=8):
        return int.from_bytes(self.bytes_at(place, size), "little")

    def bytes_at(self, place, size):
        """Physical memory. (Bochs ends when it is asked for what no processor of its has lines for.)"""
        if place + size > ADDRESSABLE:
            raise NotMapped(f"physical address 0x{place:x} is beyond this machine")
        first = place & ~7
        count = (place + size - first + 7) // 8
        said = self._bochs.command(f"xp /{count}gx 0x{first:x}")
        words = [int(word, 16) for line in said.splitlines() if "<bogus" in line
                 for word in re.findall(r"0x([0-9a-f]+)", line.split(":", 1)[1])]
        if len(words) < count:
            raise BochsError(f"nothing can be read at physical address 0x{place:x}")
        data = b"".join(word.to_bytes(8, "little") for word in words)
        return data[place - first:place - first + size]

    def walk(self, address, root=None):
        """The entries that the processor reads, down to the leaf or to one that isn't present."""
        entries, table = [], self.root if root is None else root
        for level in (4, 3, 2, 1):
            place = table * PAGE + (address >> (12 + 9 * (level - 1)) & 511) * 8
            entries.append(Entry(level, place, self.read_physical(place)))
            if not entries[-1].present or entries[-1].leaf:
                break
            table = entries[-1].frame
        return entries

    def physical(self, address, root=None):
        """The physical address that a virtual one means."""
        last = self.walk(address, root)[-1]
        if not last.present:
            raise NotMapped(f"0x{address:x} is not mapped")
        span = PAGE << 9 * (last.level - 1)
        return last.frame * PAGE + address % span

    def read(self, address, size=8, root=None):
        """Virtual memory, which may cross a page's end; a number."""
        return int.from_bytes(self.read_bytes(address, size, root), "little")

    def read_bytes(self, address, size, root=None):
        data = b""
        while len(data) < size:
            piece = min(size - len(data), PAGE - (address + len(data)) % PAGE)
            data += self.bytes_at(self.physical(address + len(data), root), piece)
        return data

    def field(self, program, type_name, address, path, root=None):
        """A member of a structure in a program's memory."""
        offset, layout = self.programs[program].field(type_name, path)
        return self.read(address + offset, layout["size"], root)

    def frame(self, number):
        """What the frame table says of a frame: {"type", "flags", "tag", "refs", "run", "run_refs"}; of a run
        that isn't split, its header speaks for all its frames."""
        header = self.read(RUN_HEADERS + number // RUN_FRAMES * 8)
        entry = self.read(FRAME_ENTRIES + number * 8)
        return {"type": entry & 255, "flags": entry >> 8 & 255, "tag": entry >> 16 & 0xFFFF, "refs": entry >> 32,
                "run": header & 255, "run_refs": header >> 32}

    def free_frames(self):
        """How many frames are FREE, by the headers of their runs."""
        core, count = self.programs["core"], 0
        free, split = core.enums["HF_RUN_FREE"], core.enums["HF_RUN_SPLIT"]
        for run in range(self.read(core.symbol("frame_limit")) // RUN_FRAMES):
            header = self.read(RUN_HEADERS + run * 8)
            busy = header >> 16 & 0xFFFF
            count += {free: RUN_FRAMES, split: RUN_FRAMES - busy}.get(header & 255, 0)
        return count

    def frame_type(self, number):
        """The word for a frame's type; of a run that isn't split, the run's state."""
        core, found = self.programs["core"], self.frame(number)
        if found["run"] != core.enums["HF_RUN_SPLIT"]:
            return core.word("hf_run_state", found["run"])
        return core.word("hf_frame_type", found["type"])
