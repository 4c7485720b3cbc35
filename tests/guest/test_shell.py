"""The shell, and what `run=` on the kernel's command line does."""

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
    "kill 18446744073709551615", ";", "&", "'", "x" * 70,
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
    for name in ("help", "spawn", "ps", "mem", "kill", "exit", "images"):
        assert name in said


def test_arguments_arrive(prompt):
    said = prompt.command("spawn hello one 'two words' \"\" three")
    assert said[0].endswith("with 4 arguments.")
    assert [line.strip() for line in said[1:]] == ["1: one", "2: two words", "3:", "4: three"]


def test_ps_shows_who_is_there(prompt):
    names = [line.split()[-1] for line in prompt.command("ps")[1:]]
    assert names == ["init", "console", "timer"]


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
    ("run=badptr", 62, "the null page is never mapped"),
    ("run=wxtest text", 62, "may not be written"),
    ("run=wxtest stack", 62, "may not be executed"),
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
    assert len(said) == 2
    assert "write to 0x600000000000 at rip 0x4" in said[1] and "nothing is mapped there" in said[1]
    said = prompt.command("spawn wxtest rodata")
    assert "(image)" in said[1] and "the region may not be written" in said[1]
    said = prompt.command("spawn badptr noncanonical")
    assert "exception 13 (general protection)" in said[1]
