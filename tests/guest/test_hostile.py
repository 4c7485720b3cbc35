"""Tasks that attack the core: each ends, and everyone else goes on."""

import os
import random
import re
import time

import pytest

from programs import judge, results
from test_soak import Account, assert_same

SEED = int(os.environ.get("HANDOFF_SEED", "1"))
CALLS = int(os.environ.get("HANDOFF_CALLS", "100000"))
CALLS_OF_A_TASK = 2000
ROUNDS = 40 if CALLS > 1_000_000 else 5  # between two audits of a guest that stands at its prompt


def still_works(machine, audit):
    assert "Hello from ring 3" in machine.command("spawn hello")[0]
    audit(machine)


@pytest.mark.parametrize("program, least", [
    ("attacks", 403), ("memcalls", 100), ("patterns 1000", 5),
])
def test_program(boot, audit, program, least):
    machine = boot(limit=120)
    machine.prompt()
    assert results(machine, program, 100) >= least
    still_works(machine, audit)


@pytest.mark.parametrize("program, least, cpu", [
    ("attacks", 403, "corei7_icelake_u"), ("memcalls", 100, "corei7_icelake_u"), ("patterns 300", 5, "ryzen"),
])
def test_program_in_bochs(bochs, program, least, cpu):
    lines = bochs(f"run={program}", cpu=cpu).wait().split("\n")
    assert judge(lines, program.split()[0]) >= least
    assert f"{program.split()[0]}: ended with code 0" in lines


def check_random(lines):
    """How many calls were made. Enough of them must get beyond the front door."""
    judge(lines, "randomcalls")
    told = re.search(r"(\d+) rounds from seed \d+: (\d+) calls of (\d+) tasks, (\d+) % granted", "\n".join(lines))
    print(told[0])
    assert int(told[3]) >= 2 * int(told[1]) and int(told[4]) >= 30
    return int(told[2])


def make_random_calls(machine, audit, seed):
    """One batch, judged from outside in its middle and at its end; how many calls it made."""
    machine.send(f"spawn randomcalls {seed} {ROUNDS} {CALLS_OF_A_TASK}\r")
    time.sleep(random.uniform(0, 0.5))
    audit(machine)
    made = check_random(machine.prompt(60 + 5 * ROUNDS).split("\n"))
    still_works(machine, audit)
    return made


def test_random_calls(boot, audit, look):
    """HANDOFF_CALLS in the environment: so many in all, from HANDOFF_SEED on."""
    machine = boot(limit=300 + CALLS // 2000)
    machine.prompt()
    made, seed = make_random_calls(machine, audit, SEED), SEED
    before = Account(look, machine)
    while made < CALLS:
        seed += ROUNDS
        made += make_random_calls(machine, audit, seed)
    print(f"{made} calls, seeds {SEED} to {seed + ROUNDS - 1}")
    assert_same(before, Account(look, machine))


def test_random_calls_in_bochs(bochs):
    check_random(bochs(f"run=randomcalls {SEED} 2 500", limit=200).wait().split("\n"))


WITHOUT_UMIP = {"sgdt", "sidt", "sldt", "str", "smsw"}


def test_attacks_without_smep_smap_umip(boot, audit):
    """A processor that has none of them: what only they forbid is not looked at."""
    machine = boot(cpu="qemu64", limit=120)
    machine.prompt()
    assert judge(machine.command("spawn attacks plain", 100), "attacks", WITHOUT_UMIP) >= 108
    assert "Hello from ring 3" in machine.command("spawn hello")[0]
    audit(machine, cpu="qemu64")


def test_attacks_in_bochs_without_smap_umip(bochs):
    lines = bochs("run=attacks plain", cpu="bx_generic").wait().split("\n")
    assert judge(lines, "attacks", WITHOUT_UMIP) >= 108 and "attacks: done" in lines
