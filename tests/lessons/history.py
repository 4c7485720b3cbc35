"""What the guest's memory was at earlier stations: of each moment what differs from the one before."""

from ..audit.memory import CHUNK, Memory
from .moment import Space


class History:
    """Moments in their order."""

    def __init__(self):
        self._moments = []  # (its root, {chunk's address: bytes})
        self._now = {}

    def add(self, moment):
        if not moment.dumped:
            return
        chunks = {start + at: data[at:at + CHUNK] for start, data in moment.dumped
                  for at in range(0, len(data), CHUNK)}
        changed = {at: chunk for at, chunk in chunks.items() if self._now.get(at) != chunk}
        self._moments.append((moment.kernel_root, changed))
        self._now = chunks

    def take_last(self):
        """Takes the last moment away, until put_back."""
        return self._moments.pop()

    def put_back(self, moment):
        self._moments.append(moment)

    def _fetch(self, number, address, length):
        chunk = next((chunks[address] for _, chunks in self._moments[number::-1] if address in chunks), b"")
        return chunk[:length]

    def memories(self):
        """What memory was at each earlier station, the last first."""
        for number in reversed(range(len(self._moments))):
            yield Memory(lambda address, length, number=number: self._fetch(number, address, length))

    def held(self, place, value, size=8):
        """Whether a physical place held this at some earlier station."""
        return any(_word(memory, place, size) == value for memory in self.memories())

    def spaces(self, root=None):
        """An address space at each earlier station; that which was loaded then, if no root is given."""
        roots = [root or loaded for loaded, _ in reversed(self._moments)]
        return (Space(memory, root) for memory, root in zip(self.memories(), roots))


def _word(memory, place, size):
    try:
        return memory.word(place, size)
    except ValueError:
        return None  # it isn't RAM
