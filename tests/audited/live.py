"""A live guest that audits itself, and what spoils and mends it."""

import re
from contextlib import contextmanager

from audit.guest import ENTRIES, HEADERS, RUN_FRAMES
from audit.live import look, stop
from audit.memory import PAGE
from audit.planter import Planter
from audit.runs import RunsPlanter

from .gdb import Gdb
from .processor import Processor


class SparesTheAuditor:
    """Whatever a plant takes the first of isn't the program's that asks for audits: it has to run."""

    def aspace(self, number=0):
        memsrv = self.memsrv()
        return [root for root in self.guest.frames.all_of("PML4") if root != memsrv and self.is_used(root)][number]

    def is_used(self, root):
        return any(self.memory.table(root)[:256])

    def free_frame(self):
        return next(frame for frame in self.guest.frames.all_of("FREE") if frame > 0)  # 0 is no aspace, as CR3

    def task_field(self, field, value, size=8, wanted=lambda task: True):
        super().task_field(field, value, size, lambda task: not task["memory"] and wanted(task))


class LivePlanter(SparesTheAuditor, Planter):
    pass


class LiveRunsPlanter(SparesTheAuditor, RunsPlanter):
    pass


def joined(pieces):
    """The same (address, bytes) in fewer pieces."""
    whole = []
    for address, data in pieces:
        if whole and whole[-1][0] + len(whole[-1][1]) == address:
            whole[-1][1].extend(data)
        else:
            whole.append((address, bytearray(data)))
    return whole


class Audited:
    """tests/audited in a Machine that was started with a server for gdb."""

    def __init__(self, machine, core_elf, socket):
        self.machine = machine
        self.tried = {}  # what came of each plant
        machine.expect(r"^audited: ready\n")
        self.gdb = Gdb(socket)
        self.guest = look(machine, core_elf)
        self.symbols = self.guest.debug.symbols
        start, end = self.symbols["text_start"], self.symbols["text_end"]
        self.processor = Processor(self.gdb, start, self.guest.read(start, end - start))
        self.headers = self.guest.physical(HEADERS) // PAGE
        places = {run: self.guest.physical(ENTRIES + run * PAGE) for run in range(self.guest.frames.run_count)}
        self.entries = {place // PAGE: run for run, place in places.items() if place is not None}
        machine.resume()

    def word(self, address):
        """What stands at a virtual address of the core's now."""
        return int.from_bytes(self.machine.physical(self.guest.physical(address), 8), "little")

    def audit(self):
        """One whole audit: what it finds broken, as (invariant, frame, slot)."""
        self.machine.send("a")
        return self._findings()

    def _findings(self):
        end = self.machine.expect(r"^audited: (clean|\d+ findings) in .*\n")
        found = re.findall(r"^audited: I(\d+) frame 0x(\w+) slot (-?\d+)$", end.string[:end.end()], re.M)
        return [(int(invariant), int(frame, 16), int(slot)) for invariant, frame, slot in found]

    @contextmanager
    def _stopped(self):
        """Between two of the core's entries."""
        stop(self.machine, self.guest.debug)
        try:
            yield
        finally:
            self.machine.resume()

    def write_word(self, address, value):
        self.gdb.write(self.guest.physical(address), value.to_bytes(8, "little"))

    def _write(self, pieces):
        for address, data in joined(pieces):
            self.gdb.write(address, data)

    @contextmanager
    def planted(self, plant, planter=LivePlanter):
        """What plant(...) does to a copy of the guest's memory is so in the guest itself. Which frames the
        plant is about: those that it changes, and those whose entries it changes."""
        with self._stopped():
            sound, copy = planter(self.guest), planter(self.guest)
            plant(copy)
            pieces = list(copy.memory.changes(self.guest.memory))
            about = {self._subject(address) for address, _, _ in copy.memory.changes(sound.memory)}
            assert about
            self._write((address, new) for address, _, new in pieces)
        yield about
        with self._stopped():
            self._write((address, old) for address, old, _ in pieces)

    def _subject(self, address):
        """Of a physical address: its frame, or in the frame table, the frame that it tells of."""
        frame, at = divmod(address, PAGE)
        if frame == self.headers:
            return at // 8 * RUN_FRAMES
        return self.entries[frame] * RUN_FRAMES + at // 8 if frame in self.entries else frame

    def audit_with(self, change):
        """An audit for which change(self) is made while the core looks at the processor, and then what that
        returned is called: for what no call and no interrupt would survive."""
        start = self.symbols["audit_processor"]
        with self._stopped():
            self.gdb.break_at(start)
        self.machine.send("a")
        self.gdb.wait()
        self.gdb.break_at(start, False)
        end = self.word(self.gdb.register("rsp"))
        restore = change(self)
        self.gdb.break_at(end)
        self.machine.resume()
        self.gdb.wait()
        self.gdb.break_at(end, False)
        restore()
        self.machine.resume()
        return self._findings()
