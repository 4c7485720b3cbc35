"""A sound state with runs of every kind, made of a copy of a guest's memory: memory servers need
not use what the core offers."""

from .guest import ENTRIES, HEADERS, PINNED, RUN_FRAMES
from .memory import PAGE
from .paging import DEVICE, LARGE, NO_CACHE, NX, PD, PRESENT, PT, USER, WRITE, WRITE_THROUGH
from .planter import Planter

TAG = 0x1234
LEAF = PRESENT | USER | NX
VGA = 0xB8
ZEROED = 3
NAMES = ["zeroing", "staged", "user", "pinned", "shared", "kept"]


class RunsPlanter(Planter):
    """A Planter whose copy has these runs (by number): `zeroing`; `staged`; `user`, with two leaves;
    `pinned`, with none; `shared`, split by one of its two leaves; `kept`, split and pinned."""

    def __init__(self, guest):
        super().__init__(guest)
        free = [run for run, header in enumerate(guest.frames.headers) if header[0] == guest.frames.state["FREE"]]
        assert len(free) > len(NAMES), "the guest is too small: no runs are left that are FREE"
        self.run = dict(zip(NAMES, free))
        self.large = {}  # where each leaf of 2 MiB stands: address of the entry in physical memory
        self._refs = {}
        self.set_header("zeroing", "ZEROING", busy=ZEROED)
        self.fill(self.first_frame("zeroing"), 0, ZEROED)
        self.set_header("staged", "STAGED", busy=TAG)
        self.set_header("user", "USER", busy=TAG, refs=2)
        self.set_header("pinned", "USER", flags=PINNED, busy=TAG)
        self.set_header("shared", "SPLIT", busy=RUN_FRAMES, refs=1)
        self.set_header("kept", "SPLIT", flags=PINNED, busy=RUN_FRAMES)
        self.map_runs()
        self.split_table()
        self.map_device()

    def first_frame(self, name):
        return self.run[name] * RUN_FRAMES

    def set_header(self, name, state, flags=0, busy=0, refs=0):
        value = self.guest.frames.state[state] | flags << 8 | busy << 16 | refs << 32
        self.set(HEADERS + 8 * self.run[name], value)

    def change_header(self, name, offset, value, size):
        """`offset`: 0 state, 1 flags, 2 busy, 4 refs."""
        self.set(HEADERS + 8 * self.run[name] + offset, value, size)

    def set_entries(self, name, kind, refs):
        entry = self.guest.frames.type[kind] | TAG << 16 | refs << 32
        at = self.guest.physical(ENTRIES + self.first_frame(name) * 8)
        self.memory.overwrite(at, entry.to_bytes(8, "little") * RUN_FRAMES)

    def fill(self, frame, byte, pages):
        self.memory.overwrite(frame * PAGE, bytes([byte]) * PAGE * pages)

    def one_more(self, frame):
        self._refs[frame] = self._refs.get(frame, self.guest.frames.entry(frame)[3]) + 1
        self.frame_entry(frame, refs=self._refs[frame])

    def empty_slot(self, table):
        """The first slot of a table that has no entry, but not one of those that plants use; or None."""
        return next((slot for slot, word in enumerate(self.memory.table(table)) if slot > 16 and not word), None)

    def add(self, table, raw):
        """An entry in an empty slot; where it stands."""
        at = table * PAGE + 8 * self.empty_slot(table)
        self.memory.write(at, raw)
        self.one_more(table)
        return at

    def table_of(self, level):
        """A table of this level in memsrv's aspace that has room."""
        return self.user(self.memsrv(), lambda entry: entry.level == level + 1 and not entry.leaf
                         and self.empty_slot(entry.frame) is not None).frame

    def map_runs(self):
        pd = self.table_of(PD)
        for name, key in (("user", "user"), ("user", "again"), ("shared", "shared")):
            raw = self.first_frame(name) * PAGE | LEAF | WRITE | LARGE
            self.large[key] = self.add(pd, raw)

    def split_table(self):
        """What SPLIT makes of a leaf: a table of 512, in a frame that was FREE."""
        self.pt = self.free_frame()
        first = self.first_frame("shared")
        raws = b"".join(((first + at) * PAGE | LEAF | WRITE).to_bytes(8, "little") for at in range(RUN_FRAMES))
        self.memory.overwrite(self.pt * PAGE, raws)
        self.frame_entry(self.pt, kind="PT", refs=RUN_FRAMES)
        run = self.pt // RUN_FRAMES
        self.set(HEADERS + 8 * run + 2, self.guest.frames.headers[run][2] + 1, 2)
        self.add(self.table_of(PD), self.pt * PAGE | PRESENT | WRITE | USER)
        self.set_entries("shared", "USER", 1)
        self.set_entries("kept", "USER", 0)

    def map_device(self):
        self.device = self.add(self.table_of(PT), VGA * PAGE | LEAF | WRITE | NO_CACHE | WRITE_THROUGH | DEVICE)

    def change(self, at, set_bits=0, clear_bits=0):
        """An entry, by where it stands."""
        self.memory.write(at, self.memory.word(at) & ~clear_bits | set_bits)


