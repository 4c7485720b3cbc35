"""What the programs say that the tests start in a guest."""

import re


def memory(machine):
    """The `mem` command: what memory is used for, in frames."""
    lines = [re.fullmatch(r"(\w+) +(\d+) frames +(\d+) KiB", line) for line in machine.command("mem")]
    return {line[1]: int(line[2]) for line in lines if line}


def results(machine, command, timeout=None):
    """Runs a test program (tests/tasks/check.h) at the shell: how many results were good. All are,
    and the program ended as it should."""
    return judge(machine.command(f"spawn {command}", timeout), command.split()[0])


def judge(lines, name, but=()):
    """The same of the lines that such a program wrote; results in `but` may be bad."""
    notes = [line for line in lines if line.startswith("# ")]
    bad = [line for line in lines if line.startswith("not ok ") and line.split(":")[0][len("not ok "):] not in but]
    bad += [line for line in lines if re.match(rf"{name}: (exception|killed|\w+ (of|to) 0x)", line)]
    bad += [line for line in lines if line.startswith(f"{name}: ended with code") and line[-2:] != " 0" and not but]
    assert not bad, "\n".join(notes + bad)
    return sum(line.startswith("ok ") for line in lines)
