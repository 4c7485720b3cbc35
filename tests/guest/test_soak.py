"""Nothing is lost however tasks end: the frame table, read from outside, is exactly the same
before and after. HANDOFF_SOAK=N does everything N times as often, HANDOFF_SEED=N draws others."""

import os
import re

import pytest

from audit.memory import PAGE
from audit.paging import entries
from programs import judge, memory

TIMES = int(os.environ.get("HANDOFF_SOAK", "1"))
SEED = int(os.environ.get("HANDOFF_SEED", "1"))
LIMIT = 120 + 120 * TIMES


class Account:
    """The frame table, which frames are memsrv's own by its page tables, and what `mem` says."""

    def __init__(self, look, machine):
        guest = look(machine)
        self.frames = guest.frames
        root = next(task["cr3"] // PAGE for task in guest.tasks().values() if task["memory"])
        self.own = {root} | {entry.frame for entry in entries(guest.memory, root, 0, 256)}
        machine.resume()
        self.parts = memory(machine)


def assert_same(before, after, growth=2):
    """Every frame is what it was, but that memsrv has grown by at most so many: what it notes about
    tasks takes more room whenever more of them exist at once than ever before. Which frames it uses
    for that may change."""
    grown = len(after.own) - len(before.own)
    assert grown <= growth
    differ = [(f"0x{frame:x}", before.frames.type_name(frame), before.frames.entry(frame), after.frames.entry(frame))
              for frame in range(before.frames.run_count * 512)
              if before.frames.entry(frame) != after.frames.entry(frame) and frame not in before.own | after.own]
    assert not differ, differ[:20]
    assert all(before.frames.type_name(frame) == "FREE" for frame in after.own - before.own)
    assert all(after.frames.type_name(frame) == "FREE" for frame in before.own - after.own)
    wanted = dict(before.parts, memsrv=before.parts["memsrv"] + grown, free=before.parts["free"] - grown)
    assert after.parts == wanted


def soak(machine, look, audit, command, again):
    """Runs `command` for the first time, so that memsrv and the shell have what they keep for later, then
    `again`: what the latter said. No frame may be another than before it."""
    machine.command("spawn spawner 2 hello")
    machine.command(command, LIMIT)
    before = Account(look, machine)
    said = machine.command(again, LIMIT)
    assert_same(before, Account(look, machine))
    audit(machine)
    return said


@pytest.mark.parametrize("count, program, end", [
    (1000, "hello", "ended with code 0"),
    (200, "badptr", "in the null page, which is never mapped"),
    (200, "badptr kernel", "in the upper half, which is the core's"),
    (200, "wxtest text", "in .text of wxtest, which is read-only"),
    (200, "wxtest data", "in .data of wxtest, which may not be executed"),
    (200, "deep", "a guard page"),
    (200, "deep 500", "ended with code 0"),
    (200, "attacks ud2 plain", "invalid opcode"),
    (20, "touch 4", "ended with code 0"),
    (200, "nosuch", None),
])
def test_spawn_and_end(boot, look, audit, count, program, end):
    machine = boot(limit=LIMIT)
    machine.prompt()
    said = soak(machine, look, audit, f"spawn spawner 2 {program}", f"spawn spawner {count * TIMES} {program}")
    if end is None:
        assert "no such name" in said[0]
        return
    assert end in "\n".join(said)
    assert said[-1] == f"spawner: {count * TIMES} times {program.split()[0]}, 0 frames lost"


def test_killed_at_random_moments(boot, look, audit):
    """Whatever they do, and whoever they have started."""
    machine = boot(limit=LIMIT)
    machine.prompt()
    machine.command("spawn killer 20 12345", LIMIT)
    end_all(machine)
    before = Account(look, machine)
    for seed in range(SEED, SEED + 4 * TIMES):
        said = machine.command(f"spawn killer 50 {seed}", LIMIT)
        assert judge(said, "killer") == 1
        print(said[-1])
        audit(machine)
        end_all(machine)
    assert_same(before, Account(look, machine), growth=6)
    audit(machine)


def end_all(machine):
    """Kills every task but init and the servers."""
    for _ in range(5):
        numbers = [int(number) for number, name in re.findall(r"^ *(\d+) .* (\S+)$", "\n".join(machine.command("ps")),
                                                              re.MULTILINE) if name not in ("init", "console", "timer")]
        if not numbers:
            return
        for number in numbers:
            machine.command(f"kill {number}")
    raise AssertionError(f"tasks that can't be ended: {numbers}")


def test_killed_from_the_shell(boot, look, audit):
    """In the background, at work, and waiting."""
    machine = boot(limit=LIMIT)
    machine.prompt()

    def once():
        for deed in ("compute", "touch", "populate", "receive", "call", "print"):
            number = re.search(r"\[(\d+)\]", machine.command(f"spawn victim {deed} &")[0])[1]
            machine.command(f"kill {number}")

    once()
    machine.command("ps")
    before = Account(look, machine)
    for _ in range(10 * TIMES):
        once()
    machine.command("ps")
    assert_same(before, Account(look, machine))
    audit(machine)
