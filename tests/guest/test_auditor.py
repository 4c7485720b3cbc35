"""The auditor itself: it finds nothing in a guest that is sound, and each mistake that is planted
into a copy of the guest's memory."""

import pytest

from audit.auditor import audit
from audit.planter import Planter
from audit.plants import PLANTS
from audit.plants_runs import RUN_PLANTS
from audit.runs import RunsPlanter


@pytest.fixture(scope="module")
def sound(boot_for_all):
    """A guest with tasks that run, wait, receive and serve, standing still."""
    from audit.live import look
    from machine import BUILD

    machine = boot_for_all(mem="32M", limit=300)
    machine.prompt()
    machine.command("spawn primes 4000000000 &")
    machine.command("spawn echo &")
    guest = look(machine, BUILD / "handoff.elf")
    assert audit(guest) == []
    return guest


@pytest.mark.parametrize("name", PLANTS)
def test_mistake_is_found(sound, name):
    find(Planter(sound), *PLANTS[name])


def find(planter, function, wanted):
    function(planter)
    findings = planter.findings()
    for prefix in wanted:
        assert any(finding.startswith(prefix + ":") for finding in findings), "\n".join(findings) or "no findings"


def test_runs_are_sound(sound):
    assert RunsPlanter(sound).findings() == []


@pytest.mark.parametrize("name", RUN_PLANTS)
def test_mistake_about_runs_is_found(sound, name):
    find(RunsPlanter(sound), *RUN_PLANTS[name])


@pytest.mark.parametrize("name, bits, wanted", [
    ("CR0", 1 << 16, "I5"), ("EFER", 1 << 11, "I5"), ("CR4", 1 << 20, "I5"), ("CR4", 1 << 21, "I5"),
    ("CR4", 1 << 11, "I5"), ("CR4", 1 << 16, "I5"), ("LDT", 8, "segment"),
])
def test_control_register_is_checked(sound, name, bits, wanted):
    changed = sound.with_memory(sound.memory)
    changed.registers[name] ^= bits
    assert any(finding.startswith(wanted) for finding in audit(changed))
