"""Guests for the tests: QEMU (class Machine) and Bochs (class Bochs), and the CDs they boot."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
PROMPT = "handoff> "

# What tools/run answers when the guest didn't end the machine by itself.
TRIPLE_FAULT, RESET, QEMU_FAILED, TIME_LIMIT = 100, 101, 102, 124


class GuestError(AssertionError):
    """The guest did something else than the test waits for; says what was on its console."""


def module_names():
    """All modules of a test image in boot order: servers, tasks, tasks of the tests."""
    return (BUILD / "gen" / "tested").read_text().split()


def image(name):
    """The file of a module that the build made."""
    return BUILD / "image" / name


def core_elf(cmdline=""):
    """The core that a guest with that command line boots, with its symbols."""
    return BUILD / ("tests/handoff.elf" if "selftest=" in cmdline else "handoff.elf")


def elf(name):
    """A program of the tree, with its symbols."""
    paths = (BUILD / "gen" / "programs").read_text().split()
    return BUILD / next(f"{path}.elf" for path in paths if path.split("/")[-1] == name)


class Images:
    """Makes bootable images in a folder, each different one once."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.made = {}

    def _file(self, content):
        if not isinstance(content, bytes):
            return str(content)
        path = self.folder / f"bytes{len(list(self.folder.glob('bytes*')))}"
        path.write_bytes(content)
        return str(path)

    def _names(self, cmdline, modules):
        path = self.folder / f"names{len(list(self.folder.glob('names*')))}"
        programs = [name if isinstance(name, str) else name[0] for name in modules]
        elves = [elf(name) for name in programs if name in module_names()]
        subprocess.run([ROOT / "tools" / "names", path, core_elf(cmdline), *elves], check=True)
        return path

    def make(self, cmdline="", modules=None, core=None, kind="cd", names=False):
        """The path of an image. `modules` is a list of names of built modules, or of pairs
        (string, path or bytes); by default all of them. `core` is a path or bytes. `kind` is "cd",
        or "iso" for one that boots by UEFI too. With `names` it has what functions are called, too."""
        modules = module_names() if modules is None else modules
        pairs = [(m, image(m)) if isinstance(m, str) else tuple(m) for m in modules]
        key = (kind, cmdline, core, tuple(pairs), names)
        if key not in self.made:
            if names:
                pairs.append(("names", self._names(cmdline, modules)))
            path = self.folder / f"{len(self.made)}.{kind}"
            words = [word for string, content in pairs for word in (string, self._file(content))]
            core_file = self._file(core or image("test-core" if "selftest=" in cmdline else "core"))
            subprocess.run([ROOT / "tools" / "image", kind, path, core_file, cmdline, *words], check=True)
            self.made[key] = path
        return self.made[key]


class Guest:
    """A running emulator: never longer than `limit` seconds, and ended by close()."""

    def __init__(self, arguments, folder, limit):
        self.folder = folder
        self.console = ""
        self.status = None
        with open(folder / "stderr", "wb") as stderr:
            self.process = subprocess.Popen(
                ["timeout", "--kill-after=5", str(limit), *map(str, arguments)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=stderr, cwd=ROOT, start_new_session=True)

    def _signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def close(self):
        """Ends the emulator if it still runs."""
        if self.process.poll() is None:
            self._signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def _text(self, name):
        path = self.folder / name
        return path.read_text(errors="replace").replace("\r\n", "\n") if path.exists() else ""


class Machine(Guest):
    """QEMU, by software only, so that it does the same everywhere. Each runs with the plugin that
    HANDOFF_PLUGIN in the environment names (a file and its options), if there is one."""

    def __init__(self, path, folder, mem="128M", cpu="max", uefi=False, icount=False, extra=(), limit=60,
                 plugin=os.environ.get("HANDOFF_PLUGIN")):
        options = ["--memory", mem, "--cpu", cpu, "--log", folder / "core.log"]
        more = ["-qmp", f"unix:{folder}/qmp,server=on,wait=off", "-accel", "tcg"]
        if uefi:
            options.append("--uefi")
        if icount:
            more += ["-icount", "shift=0,sleep=off"]
        if plugin:
            more += ["-plugin", plugin]
        super().__init__([ROOT / "tools" / "run", *options, path, *more, *extra], folder, limit)
        self.limit = limit
        self._unread = ""
        self._qmp = None

    @property
    def core_log(self):
        """What the core wrote to COM2 so far."""
        return self._text("core.log")

    def _read(self, deadline):
        """Takes in more of the console; False at its end."""
        fd = self.process.stdout.fileno()
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            raise GuestError(f"waited too long; {self.report()}")
        data = os.read(fd, 65536)
        text = data.decode("latin-1").replace("\r", "")
        self.console += text
        self._unread += text
        return bool(data)

    def report(self):
        """What is known of the guest, for whoever reads a failed test."""
        parts = [("console", self.console), ("core's log", self.core_log), ("QEMU", self._text("stderr"))]
        return "\n".join(f"--- {name}:\n{text[-4000:]}" for name, text in parts if text)

    def expect(self, pattern, timeout=None):
        """Waits until the console says what matches the regular expression `pattern`, after what
        was matched before. The match; match.string[:match.start()] is what came before it."""
        deadline = time.monotonic() + (timeout or self.limit)
        while True:
            match = re.search(pattern, self._unread, re.MULTILINE)
            if match:
                self._unread = self._unread[match.end():]
                return match
            if not self._read(deadline):
                raise GuestError(f"the guest ended before it said {pattern!r}; {self.report()}")

    def prompt(self, timeout=None):
        """Waits for the shell's prompt; what was said before it."""
        match = self.expect(re.escape(PROMPT), timeout)
        return match.string[:match.start()]

    def send(self, text):
        """Types at the console."""
        self.process.stdin.write(text.encode("latin-1"))
        self.process.stdin.flush()

    def command(self, text, timeout=None):
        """Types a command at the prompt; the lines of its output, without the echo."""
        self.send(text + "\r")
        lines = self.prompt(timeout).split("\n")
        if lines and lines[0].strip() == text.strip():
            lines = lines[1:]
        return lines[:-1] if lines and not lines[-1] else lines

    def wait(self, timeout=None):
        """Waits for the end of the machine; the code that the guest gave."""
        deadline = time.monotonic() + (timeout or self.limit)
        while self._read(deadline):
            pass
        self.status = self.process.wait(10)
        if self.status in (TRIPLE_FAULT, RESET, QEMU_FAILED, TIME_LIMIT) or self.status < 0:
            raise GuestError(f"ended with status {self.status}; {self.report()}")
        return self.status

    @property
    def exit_status(self):
        """The code that the guest gave; waits for it."""
        return self.wait() if self.status is None else self.status

    def qmp(self, command, **arguments):
        """One command of QEMU's machine protocol; what it returns."""
        if self._qmp is None:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(self.limit)
            connection.connect(str(self.folder / "qmp"))
            self._qmp = connection.makefile("rw", encoding="utf-8")
            self._qmp.readline()
            self.qmp("qmp_capabilities")
        self._qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._qmp.flush()
        while True:
            answer = json.loads(self._qmp.readline())
            if "error" in answer:
                raise GuestError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def monitor(self, line):
        """One command of QEMU's monitor, such as "info registers"; its text."""
        return self.qmp("human-monitor-command", **{"command-line": line}).replace("\r", "")

    def pause(self):
        """Stops the processor."""
        self.qmp("stop")

    def resume(self):
        self.qmp("cont")

    def registers(self):
        """The registers by QEMU's names: RIP, RFL, CR3, RAX, EFER … (EIP outside of long mode)."""
        found = re.findall(r"\b([A-Z][A-Z0-9]{1,3}) *=([0-9a-f]+)", self.monitor("info registers"))
        return {name: int(value, 16) for name, value in found}

    def physical(self, address, length):
        """A piece of the guest's physical memory."""
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            self.qmp("pmemsave", val=address, size=length, filename=file.name)
            return Path(file.name).read_bytes()

    def close(self):
        if self._qmp:
            self._qmp.close()
        super().close()


class Bochs(Guest):
    """Bochs without a window. It takes no input; the guest ends it by its exit port."""

    def __init__(self, path, folder, mem=128, cpu="corei7_icelake_u", limit=120):
        values = {"MEGS": mem, "CPU": cpu, "IMAGE": path, "DIRECTORY": folder}
        template = (ROOT / "tools" / "bochsrc.in").read_text()
        (folder / "bochsrc").write_text(re.sub("@([A-Z0-9]+)@", lambda m: str(values[m[1]]), template))
        (folder / "commands").write_text("c\nq\n")
        super().__init__(["bochs", "-q", "-f", folder / "bochsrc", "-rc", folder / "commands"], folder, limit)
        self.limit = limit

    @property
    def core_log(self):
        return self._text("com2.txt")

    def report(self):
        """What is known of the guest, for whoever reads a failed test."""
        log = [line for line in self._text("bochs.log").split("\n") if re.match(r"\d+[ep]", line)]
        parts = [("console", self._text("com1.txt")), ("core's log", self.core_log), ("Bochs", "\n".join(log))]
        return "\n".join(f"--- {name}:\n{text[-4000:]}" for name, text in parts if text)

    def wait(self):
        """Waits for the end of the machine; what was on the console. Bochs tells no exit code."""
        self.process.communicate()
        self.status = self.process.returncode
        self.console = self._text("com1.txt")
        if self.status != 1 or "Shutdown port: shutdown requested" not in self._text("bochs.log"):
            raise GuestError(f"Bochs ended with status {self.status}; {self.report()}")
        return self.console
