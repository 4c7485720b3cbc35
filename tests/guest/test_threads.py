"""Names and threads, as programs see them; and that nothing of them is left, however they end."""

import os

import pytest

from programs import judge, results
from test_soak import Account, assert_same

TIMES = int(os.environ.get("HANDOFF_SOAK", "1"))
SEED = int(os.environ.get("HANDOFF_SEED", "1"))
LIMIT = 120 + 120 * TIMES


def test_everything(boot, audit):
    machine = boot(limit=120)
    machine.prompt()
    assert results(machine, "threads", 100) >= 130
    assert "Hello from ring 3" in machine.command("spawn hello")[0]
    audit(machine)


def test_everything_in_bochs(bochs):
    lines = bochs("run=threads", limit=200).wait().split("\n")
    assert judge(lines, "threads") >= 130 and "threads: ended with code 0" in lines


@pytest.mark.parametrize("command, growth", [("threads many", 0), ("threads", 2)])
def test_nothing_is_left(boot, look, audit, command, growth):
    """Not a frame is another than before; the second time, when memsrv has what it keeps."""
    machine = boot(limit=LIMIT)
    machine.prompt()
    results(machine, command, LIMIT)
    before = Account(look, machine)
    for _ in range(TIMES):
        results(machine, command, LIMIT)
    assert_same(before, Account(look, machine), growth)
    audit(machine)


def test_killed_at_random_moments(boot, look, audit):
    """Processes with threads that map, unmap, wait, begin and end."""
    machine = boot(limit=LIMIT)
    machine.prompt()
    results(machine, "threads killer 20 12345", LIMIT)
    before = Account(look, machine)
    for seed in range(SEED, SEED + 4 * TIMES):
        assert results(machine, f"threads killer 30 {seed}", LIMIT) == 1
        audit(machine)
    assert_same(before, Account(look, machine), growth=2)


@pytest.mark.parametrize("program", ["threads", "threads many"])
def test_with_little_memory(boot, audit, program):
    """Where a quota or the machine's memory ends things, all is given back."""
    machine = boot(mem="64M", limit=120)
    machine.prompt()
    results(machine, program, 100)
    audit(machine)
