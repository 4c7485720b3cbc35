"""The guest's tests of a changed core, in QEMU: the quickest first, until one fails."""

import re
import time

from .copy import BUILD
from .host import Verdict

# What finds most in the least time comes first: a file, and which of its tests (all by default).
# Those in Bochs and by UEFI take too long for every change.
STAGES = {"test_boot.py": "test_processor or test_log", "test_ipc.py": "", "test_threads.py": "", "test_sched.py": "",
          "test_faults.py": "", "test_badcalls.py": "", "test_hostile.py": "", "test_evil.py": "", "test_rogue.py": "",
          "test_probes.py": "", "test_timer.py": "", "test_soak.py": ""}
LEFT_OUT = "not bochs and not uefi"
NONE_CHOSEN = 5  # what pytest answers then
TOO_LONG = 124  # what timeout answers


class GuestTests:
    """The stages that there are, and how long each takes with nothing changed."""

    def __init__(self, copy):
        self.copy = copy
        self.stages = [name for name in STAGES if (copy.folder / "tests" / "guest" / name).exists()]
        self.seconds = {}

    def prepare(self):
        """Builds everything, and runs each stage once, unchanged; raises when one fails."""
        self.copy.make("test-guest", "PYTESTFLAGS=--collect-only")
        for stage in self.stages:
            begin = time.monotonic()
            failed = self._run(stage, 3600)
            if failed:
                raise RuntimeError(f"without any change: {failed}")
            self.seconds[stage] = time.monotonic() - begin

    def _run(self, stage, limit):
        """The first test that failed, or nothing."""
        chosen = f"({STAGES[stage]}) and {LEFT_OUT}" if STAGES[stage] else LEFT_OUT
        # By SIGINT, so that pytest ends its guests.
        command = ["timeout", "--signal=INT", "--kill-after=30", str(int(limit)), "/usr/bin/python3", "-B", "-m",
                   "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", chosen, f"tests/guest/{stage}"]
        done = self.copy.run(command, timeout=None)
        if done.returncode in (0, NONE_CHOSEN):
            return ""
        if done.returncode == TOO_LONG:
            return f"{stage}: time limit"
        failed = re.search(r"^(?:FAILED|ERROR) \S+?::(\S+)", done.stdout, re.M)
        return f"{stage}: {failed[1] if failed else f'status {done.returncode}'}"

    def judge(self, _file):
        """Boots the core with what has been changed."""
        verdict = Verdict()
        try:
            self.copy.make(f"{BUILD}/image/core", f"{BUILD}/image/test-core")
        except RuntimeError:
            return Verdict(unbuildable=True)
        for stage in self.stages:
            verdict.ran.append(stage)
            verdict.caught_by = self._run(stage, 60 + 3 * self.seconds[stage])
            if verdict.caught_by:
                break
        return verdict
