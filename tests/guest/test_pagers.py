"""External pagers, as programs and users see them; and that nothing of them is left, however they end."""

import os
import re

from programs import judge, memory, results
from test_soak import Account, assert_same

TIMES = int(os.environ.get("HANDOFF_SOAK", "1"))
LIMIT = 60 + 60 * TIMES
RESULTS = 40  # at least, of one run of the test program


def test_everything(boot, audit):
    machine = boot(limit=120)
    machine.prompt()
    assert results(machine, "pagers", 100) >= RESULTS
    assert "Hello from ring 3" in machine.command("spawn hello")[0]
    audit(machine)


def test_everything_in_bochs(bochs):
    lines = bochs("run=pagers", limit=200).wait().split("\n")
    assert judge(lines, "pagers") >= RESULTS and "pagers: ended with code 0" in lines


def test_nothing_is_left(boot, look, audit):
    """Not a frame is another than before; the second time, when memsrv has what it keeps."""
    machine = boot(limit=LIMIT)
    machine.prompt()
    for command in ("spawn pagers", "spawn logpager hello", "spawn genfile 4 20"):
        machine.command(command, LIMIT)
    before = Account(look, machine)
    for _ in range(TIMES):
        results(machine, "pagers", LIMIT)
        machine.command("spawn logpager hello", LIMIT)
        machine.command("spawn genfile 4 20", LIMIT)
    assert_same(before, Account(look, machine), growth=2)
    audit(machine)


def test_log(boot):
    """Each fault is told, with what is there; the program does as always."""
    machine = boot(limit=60)
    machine.prompt()
    lines = machine.command("spawn logpager hello one two")
    told = [re.fullmatch(r"logpager: task \d+, rip 0x\w+: (read of|write to|fetch from) 0x\w+, (.+)", line)
            for line in lines]
    regions = {line[2] for line in told if line}
    assert {".text of hello", ".data of hello"} <= regions, "\n".join(lines)
    assert any("Hello from ring 3" in line for line in lines) and any("2: two" in line for line in lines)
    count = sum(1 for line in told if line)
    assert lines[-1] == f"logpager: hello: ended with code 0; {count} faults were passed on"


def test_log_of_a_fault_that_is_refused(boot):
    """It ends the program without the pager's being asked."""
    machine = boot(limit=60)
    machine.prompt()
    lines = machine.command("spawn logpager badptr")
    assert any(re.match(r"logpager: badptr: write to 0x10 .*faults were passed on", line) for line in lines), lines
    assert not any(re.match(r"logpager: task .* 0x10, ", line) for line in lines), lines


def test_log_of_a_log(boot):
    """A pager whose own pages come from a pager."""
    machine = boot(limit=60)
    machine.prompt()
    lines = machine.command("spawn logpager logpager hello", 30)
    assert any("Hello from ring 3" in line for line in lines)
    assert sum("faults were passed on" in line for line in lines) == 2


def unused(machine):
    """Frames that are free, or memsrv's, which takes more and fewer."""
    parts = memory(machine)
    return parts["free"] + parts["memsrv"]


def test_file_larger_than_memory(boot):
    """64 TiB are mapped; what is read of it is right, and takes memory only for itself."""
    machine = boot(limit=60)
    machine.prompt()
    machine.command("spawn genfile")
    before = unused(machine)
    assert machine.command("spawn genfile 65536 200", 30) == ["genfile: 200 pages of a file of 65536 GiB: 0 wrong"]
    assert machine.command("spawn genfile", 30) == ["genfile: 100 pages of a file of 64 GiB: 0 wrong"]
    assert unused(machine) == before


def number(line):
    """Of a task, in a line of `ps`."""
    return int(line.split()[0])


def silent(machine, victim):
    """A pager that never answers holds up nobody but its client; ps shows whom that waits for, and `kill` ends
    the pager (victim 0) or the client (1), and the other with it."""
    machine.command("spawn pagers silent &")
    machine.command("sleep 0.3")
    shown = sorted((line for line in machine.command("ps") if line.split()[-1] == "pagers"), key=number)
    numbers = [number(line) for line in shown]
    assert len(numbers) == 2 and re.search(rf"waits for {numbers[0]}\b", shown[1]), shown
    assert "Hello from ring 3" in machine.command("spawn hello")[0]
    machine.command(f"kill {numbers[victim]}")
    machine.command("sleep 0.3")
    assert "pagers" not in "\n".join(machine.command("ps"))


def test_silent_pager(boot, look, audit):
    machine = boot(limit=90)
    machine.prompt()
    silent(machine, 0)
    before = Account(look, machine)
    silent(machine, 1)
    silent(machine, 0)
    assert_same(before, Account(look, machine), growth=2)
    audit(machine)


def test_with_little_memory(boot, audit):
    """Where the machine's memory ends things, all is given back."""
    machine = boot(mem="64M", limit=120)
    machine.prompt()
    results(machine, "pagers", 100)
    audit(machine)
