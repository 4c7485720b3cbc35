"""Tasks that attack the core: each ends, and everyone else goes on."""

import os
import re

import pytest

from programs import judge, results

SEED = int(os.environ.get("HANDOFF_SEED", "1"))
ROUNDS = 20 * int(os.environ.get("HANDOFF_SOAK", "1"))


def still_works(machine, audit):
    assert "Hello from ring 3" in machine.command("spawn hello")[0]
    audit(machine)


@pytest.mark.parametrize("program, least", [
    ("attacks", 83), ("memcalls", 100), ("patterns 1000", 5),
])
def test_program(boot, audit, program, least):
    machine = boot(limit=120)
    machine.prompt()
    assert results(machine, program, 100) >= least
    still_works(machine, audit)


@pytest.mark.parametrize("program, least, cpu", [
    ("attacks", 83, "corei7_icelake_u"), ("memcalls", 100, "corei7_icelake_u"), ("patterns 300", 5, "ryzen"),
])
def test_program_in_bochs(bochs, program, least, cpu):
    lines = bochs(f"run={program}", cpu=cpu).wait().split("\n")
    assert judge(lines, program.split()[0]) >= least
    assert f"{program.split()[0]}: ended with code 0" in lines


def check_random(lines):
    """Enough of the calls must get beyond the front door."""
    judge(lines, "randomcalls")
    told = re.search(r"(\d+) rounds from seed \d+: (\d+) finished \((\d+) %", "\n".join(lines))
    print(told[0])
    assert int(told[2]) >= int(told[1]) // 2 and int(told[3]) >= 30


def test_random_calls(boot, audit):
    machine = boot(limit=300)
    machine.prompt()
    for seed in (SEED, SEED + 1000):
        check_random(machine.command(f"spawn randomcalls {seed} {ROUNDS}", 250))
        still_works(machine, audit)


def test_random_calls_in_bochs(bochs):
    check_random(bochs(f"run=randomcalls {SEED} 5", limit=200).wait().split("\n"))


WITHOUT_UMIP = {"sgdt", "sidt", "sldt", "str", "smsw"}


def test_attacks_without_smep_smap_umip(boot, audit):
    """A processor that has none of them: what only they forbid is not looked at."""
    machine = boot(cpu="qemu64", limit=120)
    machine.prompt()
    assert judge(machine.command("spawn attacks", 100), "attacks", WITHOUT_UMIP) >= 80
    assert "Hello from ring 3" in machine.command("spawn hello")[0]
    audit(machine, cpu="qemu64")


def test_attacks_in_bochs_without_smap_umip(bochs):
    lines = bochs("run=attacks", cpu="bx_generic").wait().split("\n")
    assert judge(lines, "attacks", WITHOUT_UMIP) >= 80 and "attacks: done" in lines
