"""A client of QEMU's server for gdb, as far as it takes to change a stopped guest: see "GDB Remote Serial
Protocol" in gdb's manual."""

import socket

# Numbers of registers, as in QEMU's gdb-xml/i386-64bit.xml, and their bytes.
REGISTERS = {"rax": (0, 8), "rcx": (2, 8), "rdx": (3, 8), "rip": (16, 8), "cs": (18, 4), "ss": (19, 4),
             "rsp": (7, 8), "cr0": (27, 8), "cr3": (29, 8), "cr4": (30, 8)}
BYTES_MOST = 1024  # in one packet


class GdbError(AssertionError):
    """The server refused something."""


class Gdb:
    """Connecting stops the guest. It must be stopped whenever anything is asked."""

    def __init__(self, path, limit=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(limit)
        self.socket.connect(str(path))
        self._unread = b""
        self.ask("qXfer:features:read:target.xml:0,ffb")  # without it, single registers can't be asked for
        self.ok("Qqemu.PhyMemMode:1")

    def close(self):
        self.socket.close()

    def _packet(self):
        """The next packet's content; acknowledged."""
        while True:
            start, end = self._unread.find(b"$"), self._unread.find(b"#")
            if 0 <= start < end <= len(self._unread) - 3:
                packet, self._unread = self._unread[start + 1:end], self._unread[end + 3:]
                self.socket.sendall(b"+")
                return packet.decode("latin-1")
            data = self.socket.recv(65536)
            if not data:
                raise GdbError("the server has gone")
            self._unread += data

    def _send(self, text):
        data = text.encode("ascii")
        self.socket.sendall(b"$%b#%02x" % (data, sum(data) % 256))

    def ask(self, text):
        """The answer; what else the server says is that the guest was stopped."""
        self._send(text)
        while True:
            answer = self._packet()
            if not answer.startswith("T"):
                return answer

    def ok(self, text):
        answer = self.ask(text)
        if answer != "OK":
            raise GdbError(f"{text}: {answer!r}")

    def write(self, address, data):
        """To physical memory."""
        for at in range(0, len(data), BYTES_MOST):
            piece = data[at:at + BYTES_MOST]
            self.ok(f"M{address + at:x},{len(piece):x}:{piece.hex()}")

    def register(self, name):
        number, size = REGISTERS[name]
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}"))[:size], "little")

    def set_register(self, name, value):
        number, size = REGISTERS[name]
        self.ok(f"P{number:x}={value.to_bytes(size, 'little').hex()}")

    def step(self):
        """One instruction."""
        self.register("rip")  # behind all that was said before
        self._send("s")
        self.wait()

    def break_at(self, address, there=True):
        """Makes a breakpoint, or removes it."""
        self.ok(f"{'Z' if there else 'z'}1,{address:x},1")

    def wait(self):
        """Until the guest stops by a step or a breakpoint; what stopped it before was told already."""
        answer = self._packet()
        while not answer.startswith("T05"):
            answer = self._packet()
