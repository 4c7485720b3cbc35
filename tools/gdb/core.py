"""What the core knows: the frame table, and its objects."""

from collections import Counter

import headers
from guest import PAGE, Program, refuse
from paging import Space, current_root

RUN_FRAMES = 512
PINNED = 1


class Core:
    def __init__(self, memory, build):
        self.program = Program("the core", f"{build}/handoff.elf")
        self.memory = memory
        self.root = current_root()
        self.space = Space(memory, self.root, "the core")
        self.limit = int(self.variable("frame_limit"))
        self.pmo = headers.number("PMO_START")

    def variable(self, name):
        kind, address = self.program.variable(name)
        return self.space.value(kind, address)

    def frames(self):
        """The frame table, when there is one."""
        if not self.limit:
            refuse("the core has no frame table yet: it is still booting (break handoff is behind that)")
        return FrameTable(self)

    def object(self, tag, frame):
        """A structure at the start of a frame."""
        return self.memory.value(self.program.type(tag), frame * PAGE)

    def frame_of(self, pointer):
        """The frame of an object, from the core's pointer to it; None for NULL and what is none."""
        frame, rest = divmod(int(pointer) - self.pmo, PAGE)
        return frame if int(pointer) >= self.pmo and rest == 0 and frame < self.limit else None

    def current(self):
        """The frame of the task that runs; None while the processor is idle."""
        return self.frame_of(self.variable("processor")["current"])

    def queue(self, queue):
        """The frames of the tasks in a queue, the first one first."""
        frames, pointer = [], queue["first"]
        while int(pointer) and self.frame_of(pointer) not in frames:
            frames.append(self.frame_of(pointer))
            if frames[-1] is None:
                refuse(f"a queue has 0x{int(pointer):x} in it, which is no task")
            pointer = self.object("task", frames[-1])["next"]
        return frames


class FrameTable:
    """What each frame is. Entries count only where their run is split."""

    def __init__(self, core):
        self.core = core
        self.limit = core.limit
        self.type_name = core.program.enum("hf_frame_type", "HF_FRAME_")
        self.state_name = core.program.enum("hf_run_state", "HF_RUN_")
        self.split = next(value for value, name in self.state_name.items() if name == "SPLIT")
        _, types = core.program.variable("frame_types_of_runs")  # of bytes; its length may not be known
        self.whole = {state: core.space.read(types + state, 1)[0]
                      for state in self.state_name if state != self.split}
        self.header_layout = [(field.name, field.bitpos // 8, field.type.sizeof)
                              for field in core.program.type("hf_run_header").fields()]
        self.entry_layout = [(field.name, field.bitpos // 8, field.type.sizeof)
                             for field in core.program.type("hf_frame_entry").fields()]

    def _read(self, layout, start, index):
        data = self.core.space.read(headers.number(start) + index * 8, 8)
        return {name: int.from_bytes(data[at:at + size], "little") for name, at, size in layout}

    def header(self, run):
        """state, flags, busy, refs"""
        return self._read(self.header_layout, "FRAME_HEADERS_START", run)

    def is_split(self, run):
        return self.header(run)["state"] == self.split

    def entry(self, frame):
        """type, flags, tag, refs: of a frame in a run that isn't split, as if it were."""
        header = self.header(frame // RUN_FRAMES)
        if header["state"] == self.split:
            return self._read(self.entry_layout, "FRAME_ENTRIES_START", frame)
        tag = header["busy"] if self.state_name[header["state"]] in ("STAGED", "USER") else 0
        return {"type": self.whole[header["state"]], "flags": 0, "tag": tag, "refs": 0}

    def type(self, frame):
        """Its type by name; above the table everything is RESERVED."""
        return self.type_name[self.entry(frame)["type"]] if frame < self.limit else "RESERVED"

    def refs(self, frame):
        """Leaves and uses that name it, those of its run among them."""
        if frame >= self.limit:
            return 0
        return self.entry(frame)["refs"] + self.header(frame // RUN_FRAMES)["refs"]

    def _types(self):
        """(first frame, types of the frames from there on) for each run; one type stands for a whole run."""
        at = next(at for name, at, _ in self.entry_layout if name == "type")
        for run in range(-(-self.limit // RUN_FRAMES)):
            state = self.header(run)["state"]
            if state == self.split:
                start = headers.number("FRAME_ENTRIES_START") + run * RUN_FRAMES * 8
                yield run * RUN_FRAMES, self.core.space.read(start, RUN_FRAMES * 8)[at::8]
            else:
                yield run * RUN_FRAMES, bytes([self.whole[state]])

    def all_of(self, name):
        """The frames of a type that stand alone."""
        value = next(value for value, each in self.type_name.items() if each == name)
        return [first + at for first, types in self._types() if len(types) > 1
                for at, kind in enumerate(types) if kind == value]

    def sums(self):
        """How many frames there are of each type."""
        sums = Counter()
        for _, types in self._types():
            for kind in types:
                sums[self.type_name[kind]] += RUN_FRAMES if len(types) == 1 else 1
        return sums

    def text(self, frame):
        """In a few words: USER, refs 2."""
        refs = self.refs(frame)
        return self.type(frame) + (f", refs {refs}" if refs else "")
