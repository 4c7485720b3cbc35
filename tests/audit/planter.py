"""What plants.py changes a copy of a guest's memory with."""

from .auditor import audit
from .guest import ENTRIES
from .memory import PAGE
from .paging import entries, translate


class Planter:
    """Changes a copy of a guest's memory."""

    def __init__(self, guest):
        self.guest, self.memory = guest, guest.memory.copy()

    def findings(self):
        return audit(self.guest.with_memory(self.memory))

    def set(self, address, value, size=8):
        """At a virtual address of the core's."""
        self.memory.write(self.guest.physical(address), value, size)

    def change_entry(self, entry, set_bits=0, clear_bits=0):
        at = entry.table * PAGE + 8 * (entry.address // entry.size % 512)
        self.memory.write(at, entry.raw & ~clear_bits | set_bits)

    def leaf(self, address):
        return translate(self.memory, self.guest.root, address)

    def symbol(self, name):
        return self.guest.debug.symbols[name]

    def aspace(self, number=0):
        return self.guest.frames.all_of("PML4")[number]

    def memsrv(self):
        """memsrv's aspace."""
        return next(task["cr3"] // PAGE for task in self.guest.tasks().values() if task["memory"])

    def user(self, root=None, wanted=lambda entry: entry.leaf):
        """The first entry of an aspace's user half that is wanted."""
        root = self.aspace() if root is None else root
        return next(entry for entry in entries(self.memory, root, 0, 256) if wanted(entry))

    def frame_entry(self, frame, kind=None, flags=None, refs=None):
        at = ENTRIES + frame * 8
        for value, offset, size in ((kind, 0, 1), (flags, 1, 1), (refs, 4, 4)):
            if value is not None:
                self.set(at + offset, self.guest.frames.type[value] if value == kind else value, size)

    def more_refs(self, frame):
        self.frame_entry(frame, refs=self.guest.frames.entry(frame)[3] + 1)

    def first(self, name):
        return self.guest.frames.all_of(name)[0]

    def free_frame(self):
        """Not frame 0, whose address means none."""
        return next(frame for frame in self.guest.frames.all_of("FREE") if frame != 0)

    def task_field(self, field, value, size=8, wanted=lambda task: True):
        frame = next(frame for frame, task in self.guest.tasks().items() if wanted(task))
        self.memory.write(frame * PAGE + self.guest.debug.structures["task"].offset(field), value, size)
