"""A guest that stands still, as the auditor sees it: memory, registers, and what the build says."""

import re
import struct
from collections import Counter

from .memory import PAGE
from .paging import merge, translate

PMO = 0xFFFF_8000_0000_0000
HEADERS = 0xFFFF_C000_0000_0000
ENTRIES = 0xFFFF_C040_0000_0000
RUN_FRAMES = 512
BOOT_INFO = 0x1000_0000
PINNED = 1
# What all frames of a run are that is not split.
WHOLE = {"RESERVED": "RESERVED", "CORE": "CORE", "FREE": "FREE", "ZEROING": "STAGED", "STAGED": "STAGED",
         "USER": "USER"}


def ram_of(console):
    """RAM as the core's lines about its memory map tell it: [first frame, end frame)."""
    lines = re.findall(r"^memory: 0x([0-9a-f]+) to 0x([0-9a-f]+) \w+$", console, re.MULTILINE)
    return merge((int(start, 16) // PAGE, int(end, 16) // PAGE) for start, end in lines)


def registers_of(text):
    """QEMU's "info registers": names to numbers; of GDT and IDT the base, of TR and LDT the selector."""
    found = {name: int(value, 16) for name, value in re.findall(r"\b(R\w{1,2}|CR\d|EFER) *=([0-9a-f]+)", text)}
    for name, base, limit in re.findall(r"\b(GDT|IDT)= +([0-9a-f]+) ([0-9a-f]+)", text):
        found[name], found[name + "_LIMIT"] = int(base, 16), int(limit, 16)
    for name, selector in re.findall(r"\b(CS|SS|DS|ES|FS|GS|TR|LDT) *=([0-9a-f]{4}) ", text):
        found[name] = int(selector, 16)
    found["HLT"] = int(re.search(r"HLT=(\d)", text)[1])
    return found


class Frames:
    """The frame table: headers of runs, and entries of those that are split."""

    def __init__(self, guest):
        types = guest.debug.enums["hf_frame_type"]
        self.type = {name.removeprefix("HF_FRAME_"): value for name, value in types.items()
                     if name != "HF_FRAME_TYPE_COUNT"}
        self.name = {value: name for name, value in self.type.items()}
        states = guest.debug.enums["hf_run_state"]
        self.state = {name.removeprefix("HF_RUN_"): value for name, value in states.items()}
        self.split = self.state["SPLIT"]
        self.whole = {self.state[state]: self.type[name] for state, name in WHOLE.items()}
        self.run_count = -(-guest.ram[-1][1] // RUN_FRAMES)
        data = guest.read(HEADERS, self.run_count * 8)
        self.headers = list(struct.iter_unpack("<BBHI", data))  # state, flags, busy, refs
        self.entries = {run: list(struct.iter_unpack("<BBHI", guest.read(ENTRIES + run * PAGE, PAGE)))
                        for run, header in enumerate(self.headers) if header[0] == self.split}

    def entry(self, frame):
        """type, flags, tag, refs"""
        run, at = divmod(frame, RUN_FRAMES)
        if run >= self.run_count:
            return self.type["RESERVED"], 0, 0, 0
        if run in self.entries:
            return self.entries[run][at]
        return self.whole.get(self.headers[run][0], -1), 0, 0, 0

    def by_itself(self, frame):
        """Whether the frame has an entry of its own, and is not part of a whole run."""
        return frame // RUN_FRAMES in self.entries

    def run_in_use(self, run):
        """Whether all frames of a run are kept, by leaves of 2 MiB or by its pin."""
        return bool(self.headers[run][3] or self.headers[run][1] & PINNED)

    def type_name(self, frame):
        return self.name.get(self.entry(frame)[0], f"type {self.entry(frame)[0]}")

    def all_of(self, name):
        """Frames of a type, by their entries: not those of whole runs."""
        wanted = self.type[name]
        return [run * RUN_FRAMES + at for run, entries in self.entries.items()
                for at, entry in enumerate(entries) if entry[0] == wanted]

    def sums(self):
        """How many frames there are of each type."""
        sums = Counter(entry[0] for entries in self.entries.values() for entry in entries)
        for header in self.headers:
            if header[0] != self.split:
                sums[self.whole.get(header[0])] += RUN_FRAMES
        return {name: sums[value] for name, value in self.type.items()}


class Guest:
    """`ram` is what the core printed; `debug` the DebugInfo of the core; `features` the
    processor's that the core must have put to use."""

    def __init__(self, memory, registers, debug, ram, features):
        self.memory, self.registers, self.debug, self.ram = memory, registers, debug, ram
        self.features = features
        self.root = registers["CR3"] // PAGE
        self.frames = Frames(self)

    def with_memory(self, memory):
        return Guest(memory, dict(self.registers), self.debug, self.ram, self.features)

    def physical(self, address, root=None):
        """Where a virtual address lies in physical memory; None for nowhere."""
        leaf = translate(self.memory, self.root if root is None else root, address)
        return leaf and leaf.physical + address % leaf.size

    def read(self, address, length, root=None):
        """From virtual addresses."""
        data = b""
        while length > 0:
            piece = min(length, PAGE - address % PAGE)
            physical = self.physical(address, root)
            if physical is None:
                raise ValueError(f"nothing is mapped at 0x{address:x}")
            data += self.memory.read(physical, piece)
            address += piece
            length -= piece
        return data

    def structure(self, name, address, root=None):
        """A structure of the core's at a virtual address, as a dict."""
        layout = self.debug.structures[name]
        return layout.decode(self.read(address, layout.size, root))

    def object(self, name, frame):
        """A core object in its frame."""
        layout = self.debug.structures[name]
        return layout.decode(self.memory.read(frame * PAGE, layout.size))

    def tasks(self):
        """All tasks: frame to structure."""
        return {frame: self.object("task", frame) for frame in self.frames.all_of("TASK")}

    def boot_info(self):
        """What memsrv got at the handoff: the structure, and its ranges as (first, count, kind)."""
        for task in self.tasks().values():
            root = task["cr3"] // PAGE
            if task["memory"] and self.physical(BOOT_INFO, root):
                info = self.structure("hf_boot", BOOT_INFO, root)
                ranges = info["map"]["range"][:info["map"]["count"]]
                return info, [(at["first"], after["first"] - at["first"], at["kind"])
                              for at, after in zip(ranges, ranges[1:]) if at["kind"]]
        raise ValueError("no task has the boot information")


def frame_of(pointer):
    """The frame of a core object, from the core's pointer to it; None when it is no such pointer."""
    frame, rest = divmod(pointer - PMO, PAGE)
    return frame if pointer >= PMO and rest == 0 and frame < 1 << 34 else None
