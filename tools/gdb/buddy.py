"""memsrv's allocator: its free blocks, counted from the bits of its chunks and not from its sums."""

from collections import Counter

import headers
from core import RUN_FRAMES

UNITS = 512  # of a chunk


class Buddy:
    def __init__(self, memsrv):
        self.memsrv = memsrv
        self.value = memsrv.variable("frames")
        self.orders = headers.number("HF_ORDERS")
        self.run_order = headers.number("CHUNK_ORDER")
        self.gig_type = memsrv.program.type("gig")
        self.gigs_a_root = 4096 // self.gig_type.sizeof

    def _gigs(self):
        """(first frame, struct gig) for each that has a chunk."""
        for root in range(headers.number("BUDDY_ROOTS")):
            page = int(self.value["root"][root])
            for at in range(self.gigs_a_root if page else 0):
                gig = self.memsrv.space.value(self.gig_type, page + at * self.gig_type.sizeof)
                if int(gig["chunk"]):
                    yield (root * self.gigs_a_root + at) << 2 * self.run_order, gig

    def _bits(self, chunk, name):
        """The nodes that are set, as one long number: node n is bit n."""
        words = chunk[name]
        return sum(int(words[at]) << 64 * at for at in range(2 * UNITS // 64))

    def _blocks_of(self, chunk, level):
        """{order: how many free blocks} of a chunk whose units have 2^level frames."""
        free, found = self._bits(chunk, "free"), Counter()
        for order in range(self.run_order + 1):
            nodes = free >> (UNITS >> order) & (1 << (UNITS >> order)) - 1
            found[level + order] += bin(nodes).count("1")
        return found

    def at_hand(self):
        """Single frames that were freed last, and are in no chunk."""
        first = self.memsrv.program.variable("frames")[1] + next(
            field.bitpos // 8 for field in self.value.type.fields() if field.name == "at_hand")
        size = self.memsrv.program.type("buddy_frame").sizeof
        end = int(self.value["at_hand_end"])
        return (end - first) // size if end else 0  # 0: memsrv has not begun

    def blocks(self):
        """{order: how many free blocks}, without frames at hand."""
        found = Counter()
        for _, gig in self._gigs():
            found += self._blocks_of(self._chunk(gig["chunk"]), self.run_order)
            for at in range(UNITS if int(gig["runs"]) else 0):
                pointer = int.from_bytes(self.memsrv.space.read(int(gig["runs"]) + at * 8, 8), "little")
                if pointer:
                    found += self._blocks_of(self._chunk(pointer), 0)
        return found

    def _chunk(self, pointer):
        return self.memsrv.structure("chunk", int(pointer))

    def free(self):
        return sum(count << order for order, count in self.blocks().items()) + self.at_hand()

    def is_run_in_use(self, frame):
        """Whether a run is in use as one block."""
        for first, gig in self._gigs():
            if first <= frame < first + UNITS * RUN_FRAMES and frame % RUN_FRAMES == 0:
                return bool(self._bits(self._chunk(gig["chunk"]), "used") >> UNITS + (frame - first) // RUN_FRAMES & 1)
        return False

    def put_by(self):
        """Frames that memsrv took and has not used yet, so that the core still calls them FREE."""
        return int(self.memsrv.variable("spare_count"))
