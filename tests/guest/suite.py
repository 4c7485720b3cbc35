"""Programs of named tests (tests/tasks/suite.h), each test a case of pytest's: run with the fast path
on and off, the transcripts compared, and the frame table the same before and after."""

import re

from machine import ROOT, GuestError
from test_soak import Account, assert_same

FAST, SLOW = "", "fastpath=off"
LIMIT = 20  # seconds for one test
GROWTH = 8  # frames by which memsrv may grow over all tests of a program


def names(program):
    """The tests of a program, in the order of its sources."""
    sources = sorted((ROOT / "tests" / "tasks" / program).glob("*.c"))
    return [name for source in sources for name in re.findall(r"\bTEST\((\w+)\)", source.read_text())]


def check(lines, name):
    """All that a test wrote is notes, and "ok" in the end."""
    said = "\n".join(lines)
    assert lines and lines[-1] == f"ok {name}", said
    assert all(line.startswith("# ") for line in lines[:-1]), said


class Guest:
    """One guest for all tests of a program; a new one when a test has broken it."""

    def __init__(self, boot, program, cmdline, greatest):
        self.boot, self.program, self.cmdline, self.greatest = boot, program, cmdline, greatest
        self.machine = self.first = self.before = None

    def _start(self, look):
        """A guest that keeps already what memsrv and the shell keep for later."""
        self.machine = self.boot(self.cmdline, limit=900)
        self.machine.prompt()
        self.machine.command(f"spawn {self.program} {self.greatest}", LIMIT)
        self.first = self.before = Account(look, self.machine)

    def run(self, name, look):
        """The transcript of one test, after which every frame is what it was before."""
        if self.machine is None:
            self._start(look)
        try:
            lines = self.machine.command(f"spawn {self.program} {name}", LIMIT)
            before, self.before = self.before, Account(look, self.machine)
        except GuestError:
            self.machine.close()
            self.machine = None
            raise
        check(lines, name)
        assert_same(before, self.before)
        return lines

    def audit(self, audit):
        """All tests together have left nothing, and what is there is sound."""
        if self.machine:
            assert_same(self.first, self.before, GROWTH)
            audit(self.machine)


class Suite:
    """The two guests of a program. `greatest`: the test that needs most."""

    def __init__(self, boot, program, greatest):
        self.guests = [Guest(boot, program, cmdline, greatest) for cmdline in (FAST, SLOW)]

    def run(self, name, look):
        """One test, with the fast path on and off: good both times, and both transcripts are the same."""
        fast, slow = (guest.run(name, look) for guest in self.guests)
        assert fast == slow

    def audit(self, audit):
        """What the tests of both guests have left."""
        for guest in self.guests:
            guest.audit(audit)


def run_all(bochs, program, cmdline, **options):
    """Runs all tests of a program without a shell; the transcript without what init adds."""
    lines = bochs(f"{cmdline} run={program} all".strip(), **options).wait().split("\n")
    wanted = [f"ok {name}" for name in names(program)]
    bad = [line for line in lines if line.startswith("not ok")]
    assert not bad, "\n".join(bad)
    assert sorted(line for line in lines if line.startswith("ok ")) == sorted(wanted)
    assert f"{program}: {len(wanted)} tests, 0 failed" in lines
    return [line for line in lines if line.startswith(("ok ", "# "))]
