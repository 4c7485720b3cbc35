"""Nothing is lost however tasks end: the frame table, read from outside, is exactly the same
before and after. HANDOFF_SOAK=N does everything N times as often, HANDOFF_SEED=N draws others."""

import os
import re

import pytest

from programs import memory

TIMES = int(os.environ.get("HANDOFF_SOAK", "1"))
SEED = int(os.environ.get("HANDOFF_SEED", "1"))
LIMIT = 120 + 120 * TIMES


def account(look, machine):
    """Headers of all runs, and entries of all frames of those that are split."""
    frames = look(machine).frames
    machine.resume()
    return frames


def assert_same(before, after):
    differ = [(f"0x{frame:x}", before.type_name(frame), before.entry(frame), after.type_name(frame), after.entry(frame))
              for frame in range(before.run_count * 512) if before.entry(frame) != after.entry(frame)]
    assert not differ, differ[:20]
    assert before.headers == after.headers


def soak(machine, look, audit, command, again):
    """Runs `command` for the first time, so that memsrv and the shell have what they keep for later, then
    `again`: what the latter said. No frame may be another than before it."""
    machine.command("spawn spawner 2 hello")
    machine.command(command, LIMIT)
    before, parts = account(look, machine), memory(machine)
    said = machine.command(again, LIMIT)
    assert memory(machine) == parts
    assert_same(before, account(look, machine))
    audit(machine)
    return said


@pytest.mark.parametrize("count, program, end", [
    (1000, "hello", "ended with code 0"),
    (200, "badptr", "the null page is never mapped"),
    (200, "badptr kernel", "the upper half is the core's"),
    (200, "wxtest text", "may not be written"),
    (200, "wxtest data", "may not be executed"),
    (200, "deep", "a guard page"),
    (200, "deep 500", "ended with code 0"),
    (200, "attacks ud2", "invalid opcode"),
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
    """Victims leave children, which live on without them: these are ended by their numbers."""
    machine = boot(limit=LIMIT)
    machine.prompt()
    machine.command("spawn killer 20 12345", LIMIT)
    end_all(machine)
    before, parts = account(look, machine), memory(machine)
    for seed in range(SEED, SEED + 4 * TIMES):
        said = machine.command(f"spawn killer 50 {seed}", LIMIT)
        assert any(line.startswith("ok ") for line in said) and not any("not ok" in line for line in said), "\n".join(said)
        print(said[-1])
        audit(machine)
        end_all(machine)
    assert memory(machine)["tasks"] == parts["tasks"]
    after = account(look, machine)
    sums = {name: after.sums()[name] - count for name, count in before.sums().items() if after.sums()[name] != count}
    grown = memory(machine)["memsrv"] - parts["memsrv"]
    assert grown <= 4 and sums in ({}, {"FREE": -grown, "USER": grown}), (sums, grown)
    audit(machine)


def end_all(machine):
    """Kills every task but init and the console server."""
    for _ in range(5):
        numbers = [int(number) for number, name in re.findall(r"^ *(\d+) .* (\S+)$", "\n".join(machine.command("ps")),
                                                              re.MULTILINE) if name not in ("init", "console")]
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
    before, parts = account(look, machine), memory(machine)
    for _ in range(10 * TIMES):
        once()
    machine.command("ps")
    assert memory(machine) == parts
    assert_same(before, account(look, machine))
    audit(machine)
