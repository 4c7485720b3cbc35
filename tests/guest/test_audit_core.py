"""The core's own audit (HF_OP_AUDIT, in the core that checks itself): it finds nothing in a sound machine,
and each mistake that is planted into a live one. tests/audited/ runs in memsrv's place and asks for audits."""

import re
import tempfile
from pathlib import Path

import pytest

from audited.live import Audited, LivePlanter, LiveRunsPlanter
from audited.plants import ALL, PROCESSOR, RUN_PLANTS, SHOWN_ELSEWHERE, UNSEEN, UNTRIED, number
from audited.processor import PROCESSOR_PLANTS
from machine import BUILD, ROOT, image

LONGEST = 24000  # instructions with interrupts off


def in_place_of_memsrv():
    return [("memsrv", image("audited"))]


def checked_core():
    return image("checked-core")


@pytest.fixture(scope="module")
def audited(boot_for_all):
    """One guest for all plants. The plugin counts in the ordinary core only."""
    with tempfile.TemporaryDirectory(prefix="handoff-") as folder:
        server = Path(folder) / "gdb"
        machine = boot_for_all(modules=in_place_of_memsrv(), core=checked_core(), mem="32M", limit=300, plugin=None,
                               extra=["-gdb", f"unix:{server},server=on,wait=off"])
        live = Audited(machine, BUILD / "checked.elf", server)
        assert live.audit() == []
        yield live
        assert live.audit() == []
        live.gdb.close()


def find(audited, name):
    """What is found of a plant, and what it is about. Planted once."""
    if name not in audited.tried:
        with audited.planted(ALL[name][0], LiveRunsPlanter if name in RUN_PLANTS else LivePlanter) as about:
            audited.tried[name] = audited.audit(), about
        assert audited.audit() == []
    return audited.tried[name]


@pytest.mark.parametrize("name", ALL)
def test_mistake_is_found(audited, name):
    if name in UNSEEN:
        pytest.skip(UNSEEN[name])
    found, about = find(audited, name)
    wanted = number(name, ALL[name][1])
    frames = {frame for invariant, frame, _ in found if invariant == wanted}
    assert frames, f"I{wanted} was not found, but {found}"
    assert wanted == PROCESSOR or name in SHOWN_ELSEWHERE or frames & about, f"{found}, but it is about {about}"


def find_in_processor(audited, name):
    """What is found when that is changed just while the core looks at it."""
    if name not in audited.tried:
        audited.tried[name] = audited.audit_with(PROCESSOR_PLANTS[name][0])
    return audited.tried[name]


@pytest.mark.parametrize("name", PROCESSOR_PLANTS)
def test_mistake_in_the_processor_is_found(audited, name):
    found = find_in_processor(audited, name)
    assert [(invariant, slot) for invariant, _, slot in found] == [(PROCESSOR, PROCESSOR_PLANTS[name][1])]


def checks():
    """What the audit can say, by its source."""
    lines = [line for path in (ROOT / "ukernel" / "audit").glob("*.c") for line in path.read_text().split("\n")]
    lines = [line for line in lines if not re.search(r"#|__asm__|log_print|^ *\"[^\"]*$", line)]
    return {text for line in lines for text in re.findall(r'"([^"]+)"', line)}


def test_every_check_can_fail(audited):
    """Each sentence that the audit has was said of some plant."""
    for name in ALL:
        if name not in UNSEEN:
            find(audited, name)
    for name in PROCESSOR_PLANTS:
        find_in_processor(audited, name)
    said = set(re.findall(r"^audit: I\d+ \w+: (.*), frame ", audited.machine.core_log, re.MULTILINE))
    assert checks() - said == UNTRIED


def ready(boot, core=None, **options):
    """A guest that waits to be told what to ask for."""
    machine = boot(modules=in_place_of_memsrv(), core=core, plugin=None, **options)
    machine.expect("^audited: ready\n")
    return machine


def test_cost(boot):
    """Each part is short, in the largest machine of the tests too."""
    machine = ready(boot, checked_core(), mem="512M", icount=True)
    machine.send("a")
    said = machine.expect(r"^audited: (.*) in (\d+) calls, at most (\d+) ticks each, (\d+) in all\n")
    print(said[0])
    assert said[1] == "clean" and int(said[3]) <= LONGEST
    machine.send("q")
    assert machine.wait() == 0


def test_an_audit_begins_again(boot):
    """Wherever it is; it goes on nowhere but there."""
    machine = ready(boot, checked_core())
    machine.send("r")
    assert machine.expect(r"^audited: (.*) in \d+ calls|^audited: refused.*\n")[1] == "clean"
    machine.send("w")
    assert machine.expect(r"^audited: refused, (\w+)\n")[1] == "HF_BAD_ARGUMENT"


def test_an_ordinary_core_has_none(boot):
    machine = ready(boot)
    machine.send("a")
    assert machine.expect(r"^audited: refused, (\w+)\n")[1] == "HF_BAD_CALL"
