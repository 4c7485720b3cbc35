"""Bochs as a child: commands go in by a pipe, answers are what comes before the next prompt.

Bochs takes the same number of ticks to any place in every run, so a tick names a moment, and
going back is starting again and running to an earlier one."""

import os
import re
import selectors
import subprocess
import tempfile
import time
from pathlib import Path

MEGABYTES, PROCESSOR = 32, "corei7_icelake_u"  # of the machine
PROMPT = re.compile(rb"(?:^|(?<=\n))<bochs:\d+> ")
TEMPLATE = Path(__file__).resolve().parents[1] / "bochsrc.in"


class BochsError(Exception):
    """A sentence for the reader: what is missing, or what went wrong with Bochs itself."""


class GuestEnded(Exception):
    """The machine was switched off, gave up, or ran on and on; its text is a sentence."""


class Bochs:
    """One machine, stopped at power-on when made. `post` doesn't wait for the answer, so that a second
    machine can run to its place while the reader reads."""

    PATIENCE = 60  # seconds in which a command must answer
    STARTS = 10

    def __init__(self, image):
        self._folder = tempfile.TemporaryDirectory(prefix="handoff-lesson.")
        self.path = Path(self._folder.name)
        values = {"MEGS": MEGABYTES, "CPU": PROCESSOR, "IMAGE": image, "DIRECTORY": self.path}
        text = re.sub("@([A-Z0-9]+)@", lambda match: str(values[match[1]]), TEMPLATE.read_text())
        (self.path / "bochsrc").write_text(text)
        # With a command file, even an empty one, Bochs waits for nobody before its first prompt.
        (self.path / "commands").write_text("\n")
        for _ in range(self.STARTS):
            self._start()
            if not self._found_no_port():
                break
            self._end()

    def _start(self):
        self._said, self._pending = b"", 1
        self._child = self._spawn()
        os.set_blocking(self._child.stdout.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._child.stdout, selectors.EVENT_READ)

    def _found_no_port(self):
        """Waits for the first prompt. Of two that start at the same moment, one can end for want of a port for its
        display, which nobody looks at; for other ends, the first command tells."""
        try:
            self._answer()
        except GuestEnded as end:
            return "could not bind any port" in str(end)
        return False

    def _spawn(self):
        command = ["bochs", "-q", "-f", self.path / "bochsrc", "-rc", self.path / "commands"]
        try:
            # Out of reach of Ctrl-C, which is the driver's to notice; the driver then ends Bochs.
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, start_new_session=True)
        except OSError as error:
            self._folder.cleanup()
            raise BochsError(f"Bochs can't be started: {error.strerror.lower()}; tools/setup lesson installs it") \
                from error

    def post(self, text):
        """Gives a command whose answer nobody needs, or not yet."""
        try:
            self._child.stdin.write(text.encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            raise GuestEnded(self._why_ended()) from None
        self._pending += 1

    def command(self, text):
        """The answer to one of the debugger's commands, after all that were posted."""
        self.post(text)
        while self._pending > 1:
            self._answer()
        said = self._answer()
        return said.split("\n", 1)[1] if said.startswith(text) and "\n" in said else said

    def _answer(self):
        deadline = time.monotonic() + self.PATIENCE
        while not (end := PROMPT.search(self._said)):
            if not self._selector.select(max(0, deadline - time.monotonic())):
                raise GuestEnded("the guest ran on and on without coming there")
            piece = self._child.stdout.read()
            if not piece:
                self._child.wait()
                raise GuestEnded(self._why_ended())
            self._said += piece
        said, self._said = self._said[:end.start()], self._said[end.end():]
        self._pending -= 1
        return said.decode(errors="replace").lstrip()

    def _why_ended(self):
        log = self._log()
        if "shutdown requested" in log:
            return "the guest switched its machine off"
        if "3rd (" in log:
            return "the processor gave up: a triple fault"
        panics = re.findall(r">>PANIC<< (.*)", self._said.decode(errors="replace") + log)
        return f"Bochs ended: {panics[-1] if panics else self._said.decode(errors='replace').strip()[-200:]}"

    def _log(self):
        path = self.path / "bochs.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def console(self):
        """What the guest has written to COM1 (Bochs flushes at each character)."""
        path = self.path / "com1.txt"
        return path.read_text(errors="replace").replace("\r", "") if path.exists() else ""

    def close(self):
        self._end()
        self._folder.cleanup()

    def _end(self):
        self._child.kill()
        self._child.wait()
        self._selector.close()
        self._child.stdout.close()
        try:
            self._child.stdin.close()
        except OSError:
            pass  # what it had not read
