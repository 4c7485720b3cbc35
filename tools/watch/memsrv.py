"""memsrv's records, read from its memory: which task has which address space, and what is where in it."""

from dataclasses import dataclass

from .bochs import MEGABYTES
from .guest import FRAME_ENTRIES, PAGE, RUN_FRAMES, RUN_HEADERS

PER_PAGE = 512  # indexes of a directory that are in one page of it
GONE = 1  # an index that nothing has: odd


@dataclass(frozen=True)
class Region:
    """One region of a process."""

    address: int  # of the record
    start: int
    end: int
    rights: int
    backing: str

    def __contains__(self, address):
        return self.start <= address < self.end

    def __str__(self):
        rights = "".join(letter if self.rights & bit else "-" for bit, letter in ((1, "r"), (2, "w"), (4, "x")))
        return f"0x{self.start:x} to 0x{self.end:x} {rights} {self.backing}"


class Records:
    """`root` is memsrv's own PML4 frame."""

    def __init__(self, guest, root):
        self._guest, self._root = guest, root
        self._program = guest.programs["memsrv"]

    def field(self, type_name, address, path):
        return self._guest.field("memsrv", type_name, address, path, self._root)

    def text(self, address, length):
        return self._guest.read_bytes(address, length, self._root).split(b"\0")[0].decode("ascii", "replace")

    def tasks(self):
        """The addresses of all records of tasks."""
        directory = self._program.variable("task.c:directory")
        for index in range(self.field("directory", directory, "used")):
            page = self._guest.read(directory + index // PER_PAGE * 8, 8, self._root)
            task = self._guest.read(page + index % PER_PAGE * 8, 8, self._root)
            if not task & GONE:
                yield task

    def process_of(self, root):
        """The process that has an address space, or None."""
        return next((task for task in self.tasks() if self.field("task", task, "process") == task
                     and self.field("task", task, "aspace.root") == root), None)

    def name(self, task):
        offset, layout = self._program.field("task", "name")
        return self.text(task + offset, layout["size"])

    def region_at(self, process, address):
        """The region of a process that has an address, or None."""
        region = self.field("task", process, "aspace.regions.root")
        while region:
            found = self._region(region)
            if address in found:
                return found
            region = self.field("region", region, f"child[{int(address >= found.end)}]")
        return None

    def _region(self, region):
        backing = self.field("region", region, "backing")
        name = self.text(self.field("backing", backing, "name"), 32)
        return Region(region, self.field("region", region, "start"), self.field("region", region, "end"),
                      self.field("region", region, "rights"), name)


def root_of(guest, program):
    """The PML4 frame in which a program's image is mapped, or None: before it runs, or if it has no page yet."""
    first = guest.programs[program].first
    return next((root for root in roots(guest) if guest.walk(first, root)[-1].present), None)


def roots(guest):
    """The PML4 frames, by the frame table."""
    core = guest.programs["core"]
    for run in range(MEGABYTES * 1024 * 1024 // PAGE // RUN_FRAMES):
        if guest.read(RUN_HEADERS + run * 8, 1) != core.enums["HF_RUN_SPLIT"]:
            continue
        entries = guest.read_bytes(FRAME_ENTRIES + run * RUN_FRAMES * 8, RUN_FRAMES * 8)
        for at in range(RUN_FRAMES):
            if entries[8 * at] == core.enums["HF_FRAME_PML4"]:
                yield run * RUN_FRAMES + at
