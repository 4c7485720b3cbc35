"""The guest's tests of a changed core, in QEMU: until one fails."""

import re
import time

from .copy import BUILD
from .host import Verdict

# What finds most in the least time comes first; all of it takes a few minutes. What is in
# Bochs, or by UEFI, takes too long for every change.
CHOSEN = tuple(f"tests/guest/test_{name}" for name in """
    boot.py::test_log_after_the_handoff ipc.py faults.py badcalls.py::test_badcalls sched.py
    threads.py::test_everything boot.py::test_processor hostile.py::test_program evil.py::test_attacks
    bench.py::test_cost bench.py::test_the_fast_path_is_taken
    model.py::test_the_model_can_do_what_the_core_did""".split())
LEFT_OUT = "not bochs and not uefi and not equal_ticks"  # a busy machine shares ticks out badly
TOO_LONG = 124  # what timeout answers
ATTEMPTS = 3


class GuestTests:
    """The chosen tests, and how long they take with nothing changed."""

    def __init__(self, copy):
        self.copy = copy
        self.seconds = 900

    def prepare(self):
        """Builds everything, and runs all chosen tests, unchanged; raises when one fails."""
        self.copy.make("test-guest", "PYTESTFLAGS=--collect-only")
        begin = time.monotonic()
        failed = self._failing()
        if failed:
            raise RuntimeError(f"without any change: {failed}")
        self.seconds = time.monotonic() - begin

    def _run(self, tests, limit):
        """The first test that failed, as pytest names it, or nothing."""
        # By SIGINT, so that pytest ends its guests.
        command = ["timeout", "--signal=INT", "--kill-after=30", str(int(limit)), "/usr/bin/python3", "-B", "-m",
                   "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", LEFT_OUT, *tests]
        done = self.copy.run(command, timeout=None)
        if done.returncode == 0:
            return ""
        failed = re.search(r"^(?:FAILED|ERROR) (\S+::\S+)", done.stdout, re.M)
        return failed[1] if failed else "time limit" if done.returncode == TOO_LONG else f"status {done.returncode}"

    def _failing(self):
        """A test of a file that failed twice: a machine with much else to do can make one fail by its time
        limits."""
        for _ in range(ATTEMPTS):
            failed = self._run(CHOSEN, 60 + 4 * self.seconds)
            same_file = [test for test in CHOSEN if test.split("::")[0] == failed.split("::")[0]]
            if not same_file or self._run(same_file, 60 + 4 * self.seconds):
                return failed
        return ""

    def judge(self, _file):
        """Boots the core with what has been changed."""
        try:
            self.copy.make(f"{BUILD}/image/core", f"{BUILD}/image/test-core")
        except RuntimeError:
            return Verdict(unbuildable=True)
        failed = self._failing().removeprefix("tests/guest/")
        return Verdict(caught_by=failed.replace(".py::", ": "), ran=["guest"])
