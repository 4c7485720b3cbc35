"""gdb with our commands, attached to a guest of the tests for as long as one script takes."""

import os
import subprocess
import time

from machine import BUILD, ROOT

MARK = "=== "


class Debugger:
    """Of one guest, which must have been started with `options()`."""

    def __init__(self, socket, build=BUILD):
        self.socket, self.build = socket, build

    def options(self):
        return ("-chardev", f"socket,id=gdb,path={self.socket},server=on,wait=off", "-gdb", "chardev:gdb")

    def await_guest(self):
        """Until QEMU has made the socket."""
        deadline = time.monotonic() + 20
        while not os.path.exists(self.socket):
            assert time.monotonic() < deadline, "QEMU did not start"
            time.sleep(0.02)

    def run(self, *commands, tools=ROOT / "tools", timeout=150):
        """What gdb answers to each command: a list of lines for each. The guest stands still afterwards."""
        words = []
        for command in (*commands, "disconnect"):
            words += ["-ex", f"echo \\n{MARK}\\n", "-ex", command]
        done = subprocess.run(
            [tools / "debug", "--build", self.build, "--attach", self.socket, "-batch", *words], cwd=ROOT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
        parts = done.stdout.split(MARK + "\n")
        assert len(parts) == len(commands) + 2, done.stdout
        return [part.strip("\n").split("\n") for part in parts[1:-1]]
