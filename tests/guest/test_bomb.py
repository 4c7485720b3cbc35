"""A program that takes all it can get hurts nobody outside of its quota; without one, it can be ended."""

import re
import time

from programs import memory

FRAMES = 2000
LIMIT = 60
GROWTH = 16  # frames by which memsrv may have more or fewer, for its records


def start(machine, command):
    """The number of a bomb in the background."""
    return re.match(r"\[(\d+)\] bomb$", machine.command(command)[0]).group(1)


def end(machine, number):
    """Ends it, and waits until nothing of it is left."""
    machine.command(f"kill {number}", LIMIT)
    deadline = time.monotonic() + LIMIT
    while "bomb" in "\n".join(machine.command("ps", LIMIT)):
        assert time.monotonic() < deadline, machine.report()


def quota_of(machine, number):
    """How many frames a task's quota has, and how many of them are used."""
    said = "\n".join(machine.command(f"stat {number}", LIMIT))
    return [int(re.search(rf"^  {what} +(\d+)  ", said, re.MULTILINE).group(1)) for what in ("frames", "used")]


def assert_given_back(before, after, growth=GROWTH):
    """All frames are used for what they were, but for memsrv's own."""
    grown = after["memsrv"] - before["memsrv"]
    assert abs(grown) <= growth
    assert after == dict(before, memsrv=before["memsrv"] + grown, free=before["free"] - grown)


def test_within_a_quota(boot, audit):
    """All goes on as if nothing was, and nothing is left of it."""
    machine = boot(limit=4 * LIMIT)
    machine.prompt()
    end(machine, start(machine, f"quota {FRAMES} bomb &"))
    before = memory(machine)
    number = start(machine, f"quota {FRAMES} bomb &")
    machine.command("sleep 0.5", LIMIT)
    quota, used = quota_of(machine, number)
    assert quota == FRAMES and used >= FRAMES * 3 // 4
    assert "Hello from ring 3" in machine.command("spawn hello", LIMIT)[0]
    assert "primes: 2262 below 20000" in "\n".join(machine.command("spawn primes 20000", LIMIT))
    assert machine.command("spawn touch 8", LIMIT)[0].startswith("touch: 2048 pages, 0 wrong")
    assert machine.command("sleep 0.1", LIMIT) == []
    audit(machine)
    end(machine, number)
    assert_given_back(before, memory(machine))
    audit(machine)


def test_without_a_quota(boot, audit):
    """The servers go on, and so does the shell, which ends it."""
    machine = boot(limit=4 * LIMIT)
    machine.prompt()
    end(machine, start(machine, f"quota {FRAMES} bomb &"))
    before = memory(machine)
    number = start(machine, "spawn bomb &")
    machine.command("sleep 2", LIMIT)
    assert machine.command("spawn hello", LIMIT) == ["hello can't be started: out of memory (NO_MEMORY)."]
    assert machine.command("sleep 0.1", LIMIT) == []
    assert quota_of(machine, 2)[0] < 100
    end(machine, number)
    assert "Hello from ring 3" in machine.command("spawn hello", LIMIT)[0]
    assert_given_back(before, memory(machine), growth=400)
    audit(machine)
