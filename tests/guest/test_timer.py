"""The timer server: nothing comes early, or much too late; nothing is lost; and nobody is woken for
nothing. With icount a nanosecond is an instruction, so what is late is late by the work done."""

import re
import time

import pytest

from machine import image, module_names
from programs import judge
from test_soak import Account, assert_same

# A few thousand, unless the console server has something to do at that very moment.
SOON = 50_000

# what: how many results there are, how late it may be in ns (None: it doesn't tell)
TESTS = {
    "bad": (21, None), "sleep": (3, SOON), "long": (3, SOON), "order": (6, SOON), "slots": (5, 5_000_000),
    "killed": (4, None), "periodic": (6, SOON), "missed": (3, None), "owner": (5, None),
}
ALL = sum(count for count, _ in TESTS.values())


@pytest.fixture(scope="module")
def counting(boot_for_all):
    """A guest that counts instructions."""
    machine = boot_for_all(icount=True, limit=400)
    machine.prompt()
    return machine


def stat(machine):
    """How many sleep, periodic timers, interrupts, as the server says."""
    said = "\n".join(machine.command("spawn timers stat"))
    told = re.search(r"# (\d+) sleepers, (\d+) periodic timers, (\d+) interrupts", said)
    return tuple(map(int, told.groups()))


def lateness(lines):
    return [int(number) for number in re.findall(r"late by at most (\d+) ns", "\n".join(lines))]


@pytest.mark.parametrize("name", TESTS)
def test_program(counting, look, audit, name):
    """The first run is for what memsrv keeps from then on; after the second, each frame is what it was."""
    count, bound = TESTS[name]
    counting.command(f"spawn timers {name}", 100)
    before = Account(look, counting)
    said = counting.command(f"spawn timers {name}", 100)
    assert judge(said, "timers") == count
    late = lateness(said)
    print(late)
    assert len(late) == (bound is not None) and all(time <= bound for time in late)
    assert_same(before, Account(look, counting))
    assert stat(counting)[:2] == (0, 0)
    audit(counting)


def test_many_in_time_while_others_compute(counting):
    """Sleepers then wait for their turn, a tick for each of those who compute; never are they early."""
    numbers = [counting.command("spawn victim compute &")[0].split("]")[0].strip("[") for _ in range(2)]
    said = counting.command("spawn timers sleep", 100)
    for number in numbers:
        counting.command(f"kill {number}")
    assert judge(said, "timers") == TESTS["sleep"][0]
    assert lateness(said)[0] <= 2 * 4_000_000 + SOON


def test_in_bochs(bochs):
    lines = bochs("run=timers", limit=300).wait().split("\n")
    assert judge(lines, "timers") == ALL
    assert "timers: ended with code 0" in lines


def test_by_uefi(boot):
    machine = boot(uefi=True, limit=120)
    machine.prompt()
    assert judge(machine.command("spawn timers sleep", 60), "timers") == TESTS["sleep"][0]


def interrupts_0(machine):
    """How often IRQ 0 came, as QEMU counts."""
    said = machine.monitor("info irq")
    found = re.search(r"IRQ statistics for isa-i8259:\n((?: *\d+: \d+\n?)*)", said)
    assert found, said
    return dict(map(int, line.split(":")) for line in found[1].split("\n") if line).get(0, 0)


def test_no_interrupts_while_nobody_waits(counting):
    """Though without anything to do, time goes by much faster than the host's."""
    counting.command("sleep 0.01")
    before, told = interrupts_0(counting), stat(counting)[2]
    time.sleep(1)
    assert interrupts_0(counting) == before
    assert stat(counting) == (0, 0, told)


# ---- The shell ----


@pytest.mark.parametrize("seconds", ["0", ".05", "0.25", "1", "3.000000001"])
def test_sleep_command(counting, seconds):
    """How long that was is told by how often the PIT had to be started, for at most 54.9 ms."""
    before, told = interrupts_0(counting), stat(counting)[2]
    assert counting.command(f"sleep {seconds}") == []
    shots = interrupts_0(counting) - before
    assert float(seconds) / 0.05493 <= shots <= float(seconds) / 0.05492 + 2
    assert stat(counting)[2] - told == shots


@pytest.mark.parametrize("typed", [
    "sleep", "sleep x", "sleep -1", "sleep 1 2", "sleep .", "sleep 1.2.3", "sleep 0.0000000001", "sleep 1e3",
    "sleep 18446744074", "time", "time nosuch",
])
def test_nonsense_gets_one_sentence(counting, typed):
    said = counting.command(typed)
    assert len(said) == 1 and len(said[0]) > 5


def timed(lines):
    """What `time` tells: milliseconds, the processor's, ticks, KiB, and a dictionary of faults by kind."""
    told = re.search(r"^time +(\d+)\.(\d{3}) s\nprocessor +(\d+)\.(\d{3}) s, (\d+) ticks\n"
                     r"memory +(\d+) KiB at most\nfaults +((?:\d+ [a-z]+(?:, )?)+|none)$", "\n".join(lines), re.MULTILINE)
    assert told, lines
    seconds, parts, busy, busy_parts, *rest = map(int, told.groups()[:-1])
    faults = {kind: int(count) for count, kind in re.findall(r"(\d+) ([a-z]+)", told.groups()[-1])}
    return (1000 * seconds + parts, 1000 * busy + busy_parts, *rest, faults)


def test_time_of_a_program_that_computes(counting):
    lines = counting.command("time primes 100000")
    passed, busy, ticks, kib, faults = timed(lines)
    assert "primes: 9592 below 100000" in lines[-5]
    assert busy == 4 * ticks and ticks >= 5
    assert busy - 4 <= passed <= busy + 20
    assert 16 <= kib <= 200 and faults["image"] > 0 and "refused" not in faults


def test_time_of_a_program_that_sleeps(counting):
    passed, busy, *_ = timed(counting.command("time timers periodic"))
    assert passed >= 1000 and busy <= passed // 10


def test_time_of_a_program_that_ends_badly(counting):
    lines = counting.command("time badptr")
    assert "in the null page, which is never mapped" in lines[1]
    assert timed(lines)[-1]["refused"] == 1


def test_memory_that_is_touched_is_told(counting):
    _, _, _, kib, faults = timed(counting.command("time touch 4"))
    assert faults["zero"] >= 1024 and kib >= 4096


# ---- Without ----

OTHERS = [name for name in module_names() if name != "timer"]


@pytest.mark.parametrize("timer", [None, b"garbage", "hello"])
def test_without_a_timer_all_else_works(boot, timer):
    """There is none, it is no program, or a program that does something else."""
    content = image(timer) if isinstance(timer, str) else timer
    machine = boot(modules=OTHERS + ([("timer", content)] if timer else []))
    said = machine.prompt()
    assert len(re.findall(r"^init: there is no timer: .+\.$", said, re.MULTILINE)) == 1
    assert machine.command("sleep 1") == ["sleep: no such name (NOT_FOUND)."]
    assert "Hello from ring 3" in machine.command("spawn hello")[0]
    timed(machine.command("time hello"))
    assert "timer" not in "\n".join(machine.command("ps"))


def test_when_the_timer_has_ended(shell):
    number = re.search(r"^ *(\d+) .* timer$", "\n".join(shell.command("ps")), re.MULTILINE)[1]
    shell.command(f"kill {number}")
    assert shell.command("sleep 1") == ["sleep: no such name (NOT_FOUND)."]
    assert "Hello from ring 3" in shell.command("spawn hello")[0]
