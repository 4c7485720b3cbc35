"""A guest's physical memory, read when it is asked for and kept."""

import struct

PAGE = 4096
CHUNK = 16 * PAGE


class Memory:
    """`fetch(address, length)` reads from the guest, which must stand still."""

    def __init__(self, fetch):
        self._fetch = fetch
        self._chunks = {}

    def _chunk(self, number):
        if number not in self._chunks:
            self._chunks[number] = bytearray(self._fetch(number * CHUNK, CHUNK))
        return self._chunks[number]

    def read(self, address, length):
        data = b""
        while length > 0:
            number, at = divmod(address, CHUNK)
            piece = bytes(self._chunk(number)[at:at + length])
            if not piece:
                raise ValueError(f"nothing can be read at physical 0x{address:x}")
            data += piece
            address += len(piece)
            length -= len(piece)
        return data

    def table(self, frame):
        """The 512 entries of a page table."""
        return struct.unpack("<512Q", self.read(frame * PAGE, PAGE))

    def word(self, address, size=8):
        return int.from_bytes(self.read(address, size), "little")

    def copy(self):
        """The same content, to be changed by itself."""
        other = Memory(self._fetch)
        other._chunks = {number: bytearray(chunk) for number, chunk in self._chunks.items()}
        return other

    def write(self, address, value, size=8):
        """For those who plant a mistake; the value must not cross a chunk's end."""
        number, at = divmod(address, CHUNK)
        self._chunk(number)[at:at + size] = value.to_bytes(size, "little")

    def overwrite(self, address, data):
        """The same for any number of bytes."""
        while data:
            number, at = divmod(address, CHUNK)
            piece = data[:CHUNK - at]
            self._chunk(number)[at:at + len(piece)] = piece
            address += len(piece)
            data = data[len(piece):]

    def changes(self, before):
        """How this differs from what it was a copy of: (address, old bytes, new bytes) for each word."""
        for number, chunk in self._chunks.items():
            old = before.read(number * CHUNK, CHUNK)
            if old == chunk:
                continue
            for at in range(0, CHUNK, 8):
                if old[at:at + 8] != chunk[at:at + 8]:
                    yield number * CHUNK + at, old[at:at + 8], bytes(chunk[at:at + 8])
