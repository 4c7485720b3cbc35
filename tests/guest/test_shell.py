"""The shell, and what `run=` on the kernel's command line does."""

import re
import time

import pytest


@pytest.fixture(scope="module")
def prompt(boot_for_all):
    machine = boot_for_all(limit=300)
    machine.prompt()
    return machine


@pytest.mark.parametrize("typed", [
    "nosuch", "HELP", "spawn", "kill", "kill me", "kill -1", "kill 1 2", "kill 99999999999999999999", "kill 0x1",
    "ps all", "mem 1", "images x", "exit now", "exit 64", "exit -1", "exit 1 2", "spawn nosuch", 'spawn "hello', "spawn &",
    "kill 4711",
    "kill 18446744073709551615", "stat", "stat x", "stat 4711", "map", "map 1 2", "map 4711", "why", "why 1", "why 1 xyz",
    "why 4711 0", "why 1 10000000000000000", "quota", "quota 100", "quota 0 hello", "quota x hello", "quota 100 nosuch",
    "quota 3 hello", "quota 4000000000 hello", "quota 100 &", ";", "&", "'", "x" * 70,
])
def test_nonsense_gets_one_sentence(prompt, typed):
    said = prompt.command(typed)
    assert len(said) == 1 and len(said[0]) > 5, said
    assert "fault" not in said[0] and "exception" not in said[0]


@pytest.mark.parametrize("typed", ["", " ", "\t"])
def test_nothing_gets_nothing(prompt, typed):
    assert prompt.command(typed) == []


def test_help_lists_the_commands(prompt):
    said = "\n".join(prompt.command("help"))
    for name in ("help", "spawn", "quota", "time", "ps", "stat", "map", "why", "mem", "kill", "exit", "images"):
        assert re.search(f"^{name} ", said, re.MULTILINE)
    assert all(len(line) <= 80 for line in said.split("\n"))


def test_arguments_arrive(prompt):
    said = prompt.command("spawn hello one 'two words' \"\" three")
    assert said[0].endswith("with 4 arguments.")
    assert [line.strip() for line in said[1:]] == ["1: one", "2: two words", "3:", "4: three"]


def test_ps_shows_who_is_there(prompt):
    names = [line.split()[-1] for line in prompt.command("ps")[1:]]
    assert names == ["init", "console", "timer"]


def state_of(machine, number):
    """What `ps` says that a task does."""
    states = [line.split(None, 3)[3].split("  ")[0] for line in machine.command("ps")[1:] if line.split()[0] == number]
    return states[0] if states else None


def test_ps_shows_who_waits_for_whom(prompt):
    """A victim that waits for its child, as soon as it has had its turn."""
    number = prompt.command("spawn victim wait &")[0].split("]")[0].strip("[")
    seen = next((state for state in (state_of(prompt, number) for _ in range(300)) if state.startswith("waits")), None)
    tasks = [line.split()[:2] for line in prompt.command("ps")[1:]]
    for task in (task for task, parent in tasks if number in (task, parent)):
        prompt.command(f"kill {task}")
    assert seen == "waits for memsrv"
    assert "victim" not in "\n".join(prompt.command("ps"))


def test_mem_shows_fragmentation(prompt):
    said = prompt.command("mem")
    blocks = {int(size): int(count) for size, count in re.findall(r"^ +(\d+) x (\d+)$", "\n".join(said), re.MULTILINE)}
    free = int(re.search(r"^free +(\d+) frames", "\n".join(said), re.MULTILINE).group(1))
    runs = sum(size * count for size, count in blocks.items() if size >= 512)
    assert sum(size * count for size, count in blocks.items()) == free
    assert said[-1] == (f"the largest has {max(blocks)}; {100 * runs // free}% of what is free can become pages of "
                        "2 MiB")


def test_stat_shows_what_a_task_has(prompt):
    said = "\n".join(prompt.command("stat 2"))
    assert said.startswith("2 console: receives, parent 1, priority 110, 0 threads more, ")
    counts = dict(re.findall(r"^  (\w+) +(\d+)  ", said, re.MULTILINE))
    parts = [int(counts[part]) for part in ("pages", "tables", "objects", "records")]
    assert int(counts["sum"]) == sum(parts) > 10 and int(counts["used"]) >= sum(parts)
    assert int(counts["frames"]) == 64 and "its own" in said


def test_map_shows_the_regions(prompt):
    lines = prompt.command("map 2")[1:]
    names = [line.split(None, 4)[4] for line in lines]
    assert names[:3] == [".text of console", ".rodata of console", ".data of console"]
    assert names[3:] == ["guard", "stack", "IPC buffer"]
    rights = [line.split()[2] for line in lines]
    assert rights == ["r-x", "r--", "rw-", "---", "rw-", "rw-"]
    ends = [[int(word, 16) for word in line.split()[:2]] for line in lines]
    assert all(start < end for start, end in ends) and ends == sorted(ends)


def test_why_explains(prompt):
    """Entries of all levels, decoded; and what each access would lead to."""
    text = prompt.command("map 2")[1].split()[0]
    said = prompt.command(f"why 2 {text}")
    assert re.fullmatch(rf"0x0*{int(text, 16):x} of task 2: in \.text of console, 0x\w+ to 0x\w+, r-x", said[0])
    assert [line.split()[0] for line in said[1:]] == ["PML4", "PDPT", "PD", "PT", "read", "write", "fetch"]
    assert re.search(r"page of 4 KiB at 0x[0-9a-f]+000: read, execute, accessed, mapped \d+ times$", said[4])
    assert said[5:] == ["  read   is done without a fault",
                        "  write  ends the task: in .text of console, which is read-only",
                        "  fetch  is done without a fault"]


@pytest.mark.parametrize("address, region, why", [
    ("0", "no region", "in the null page, which is never mapped"),
    ("0x600000000000", "no region", "where nothing is mapped"),
    ("ffff800000000000", "no region", "in the upper half, which is the core's"),
    ("0x7ffffffff000", "no region", "where nothing is mapped"),
    ("0x7fffffffffff", "no region", "where nothing is mapped"),
    ("0x800000000000", "no region", "which is no address: bits 47 to 63 differ"),
    ("0xffff7fffffffffff", "no region", "which is no address: bits 47 to 63 differ"),
])
def test_why_not(prompt, address, region, why):
    said = prompt.command(f"why 2 {address}")
    assert said[0].endswith(f" of task 2: in {region}")
    assert said[-3:] == [f"  {access}  ends the task: {why}" for access in ("read ", "write", "fetch")]


def test_quota_bounds_a_program(prompt):
    assert "Hello from ring 3" in prompt.command("quota 30 hello")[0]
    said = prompt.command("quota 100 touch 1")
    assert "in memory, for which the task's quota has no frame left, at rip" in "\n".join(said)
    assert prompt.command("quota 400 touch 1")[0].startswith("touch: 256 pages, 0 wrong")


def test_prompt_while_others_compute(prompt):
    """Preemption: three that never wait, and the shell answers all the same."""
    numbers = [prompt.command("spawn victim compute &")[0].split("]")[0].strip("[") for _ in range(3)]
    begin = time.monotonic()
    for _ in range(5):
        assert "Hello from ring 3" in prompt.command("spawn hello", 30)[0]
    print(f"five commands took {time.monotonic() - begin:.1f} s")
    said = "\n".join(prompt.command("ps"))
    assert said.count("victim") == 3
    for number in numbers:
        prompt.command(f"kill {number}")
    assert "victim" not in "\n".join(prompt.command("ps"))


def test_primes_in_the_background(prompt):
    prompt.command("spawn primes 200000 &")
    assert "Hello from ring 3" in "\n".join(prompt.command("spawn hello"))
    said = ""
    for _ in range(200):  # a job's end is told before the next prompt
        said += "\n".join(prompt.command("spawn hello"))
        if "primes: ended with code 0" in said:
            break
    assert "primes: ended with code 0" in said
    assert "primes: 17984 below 200000" in prompt.console


@pytest.mark.parametrize("typed, code", [("exit", 0), ("exit 0", 0), ("exit 5", 5), ("exit 63", 63), ("\x04", 0)])
def test_exit(boot, typed, code):
    machine = boot()
    machine.prompt()
    machine.send(typed if typed == "\x04" else typed + "\r")
    assert machine.wait() == code


@pytest.mark.parametrize("line, code, said", [
    ("run=hello", 0, "hello: ended with code 0"),
    ("run=hello a b", 0, "2: b"),
    ("run=deep 0", 2, "deep: ended with code 2"),
    ("run=wxtest nonsense", 2, "Usage: wxtest"),
    ("run=badptr", 62, "in the null page, which is never mapped"),
    ("run=wxtest text", 62, "in .text of wxtest, which is read-only"),
    ("run=wxtest stack", 62, "in the stack, which may not be executed"),
    ("run=deep", 62, "a guard page"),
    ("run=attacks hlt plain", 62, "general protection"),
    ("run=nosuch", 61, "no program called"),
    ("run=", 61, "a program and its arguments should stand"),
    ("nonsense run=hello", 0, '"nonsense"'),
])
def test_run(boot, line, code, said):
    machine = boot(line)
    assert machine.wait() == code
    assert said in machine.console


def test_why_a_task_ended(prompt):
    """The exit record says what, where and why."""
    said = prompt.command("spawn badptr unmapped")
    assert len([line for line in said if not line.startswith("  ")]) == 2
    assert "write to 0x600000000000 where nothing is mapped, at rip 0x4" in said[1]
    said = prompt.command("spawn wxtest rodata")
    assert "in .rodata of wxtest, which is read-only, at rip" in said[1]
    said = prompt.command("spawn badptr noncanonical")
    assert "exception 13 (general protection)" in said[1]
