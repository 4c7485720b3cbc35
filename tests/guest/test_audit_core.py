"""The core's own audit (HF_OP_AUDIT, in the core that checks itself): it finds nothing in a sound machine,
and each mistake that is planted into a live one. tests/audited/ runs in memsrv's place and asks for audits."""

import re
import tempfile
from pathlib import Path

import pytest

from audited.live import Audited, LivePlanter, LiveRunsPlanter
from audited.plants import ALL, PROCESSOR, RUN_PLANTS, SHOWN_ELSEWHERE, UNSEEN, UNTRIED, number
from machine import BUILD, ROOT, image

LONGEST = 24000  # instructions with interrupts off

EFER, LSTAR = 0xC0000080, 0xC0000082
REGISTERS = {  # with a bit that may be changed while the core runs
    "WP": ("cr0", 1 << 16), "NE": ("cr0", 1 << 5), "MP": ("cr0", 1 << 1), "AM": ("cr0", 1 << 18),
    "SMEP": ("cr4", 1 << 20), "SMAP": ("cr4", 1 << 21), "UMIP": ("cr4", 1 << 11), "PGE": ("cr4", 1 << 7),
    "MCE": ("cr4", 1 << 6), "FSGSBASE": ("cr4", 1 << 16), "PCE": ("cr4", 1 << 8), "OSXSAVE": ("cr4", 1 << 18),
}
MSRS = {  # number, and a bit
    "STAR": (0xC0000081, 1), "CSTAR": (0xC0000083, 1), "FMASK": (0xC0000084, 1 << 18), "GS_BASE": (0xC0000101, 1 << 12),
    "KERNEL_GS_BASE": (0xC0000102, 1 << 12), "SYSENTER_CS": (0x174, 8),
}


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
    """Plants it: what is found, and what the plant is about."""
    function, _ = ALL[name]
    with audited.planted(function, LiveRunsPlanter if name in RUN_PLANTS else LivePlanter) as about:
        found = audited.audit()
    assert audited.audit() == []
    return found, about


@pytest.mark.parametrize("name", ALL)
def test_mistake_is_found(audited, name):
    if name in UNSEEN:
        pytest.skip(UNSEEN[name])
    found, about = find(audited, name)
    wanted = number(name, ALL[name][1])
    frames = {frame for invariant, frame, _ in found if invariant == wanted}
    assert frames, f"I{wanted} was not found, but {found}"
    assert wanted == PROCESSOR or name in SHOWN_ELSEWHERE or frames & about, f"{found}, but it is about {about}"


@pytest.mark.parametrize("name", REGISTERS)
def test_control_register_is_found(audited, name):
    register, bit = REGISTERS[name]
    with audited.register_changed(register, bit):
        found = audited.audit()
    assert [(invariant, slot) for invariant, _, slot in found] == [(PROCESSOR, int(register[2:]))]


@pytest.mark.parametrize("name", MSRS)
def test_msr_is_found(audited, name):
    msr, bit = MSRS[name]
    with audited.msr_changed(msr, bit):
        found = audited.audit()
    assert [(invariant, slot) for invariant, _, slot in found] == [(PROCESSOR, msr)]


def change_rsp0(audited):
    """Where interrupts of ring 3 put its registers."""
    at = audited.symbols["tss"] + 4
    old = audited.word(at)
    audited.write_word(at, old - 8)
    return lambda: audited.write_word(at, old)


def change_lstar(audited):
    """Where calls go."""
    old = audited.processor.read_msr(LSTAR)
    audited.processor.write_msr(LSTAR, old + 1)
    return lambda: audited.processor.write_msr(LSTAR, old)


def change_efer(audited):
    """Whether there are calls at all."""
    old = audited.processor.read_msr(EFER)
    audited.processor.write_msr(EFER, old ^ 1)
    return lambda: audited.processor.write_msr(EFER, old)


def change_cr3(audited):
    """That the root is cached."""
    old = audited.gdb.register("cr3")
    audited.gdb.set_register("cr3", old | 1 << 4)
    return lambda: audited.gdb.set_register("cr3", old)


INSIDE = {"CR3": (change_cr3, 3), "RSP0": (change_rsp0, 0), "LSTAR": (change_lstar, LSTAR), "EFER": (change_efer, EFER)}


@pytest.mark.parametrize("name", INSIDE)
def test_what_only_the_core_survives_is_found(audited, name):
    """Changed and mended while the core looks at the processor."""
    change, wanted = INSIDE[name]
    found = audited.audit_with(lambda: change(audited))
    assert [(invariant, slot) for invariant, _, slot in found] == [(PROCESSOR, wanted)]


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
    for register, bit in REGISTERS.values():
        with audited.register_changed(register, bit):
            audited.audit()
    for msr, bit in MSRS.values():
        with audited.msr_changed(msr, bit):
            audited.audit()
    for change, _ in INSIDE.values():
        audited.audit_with(lambda change=change: change(audited))
    said = set(re.findall(r"^audit: I\d+ \w+: (.*), frame ", audited.machine.core_log, re.MULTILINE))
    assert checks() - said == UNTRIED


def test_cost(boot):
    """Each part is short, in the largest machine of the tests too."""
    machine = boot(modules=in_place_of_memsrv(), core=checked_core(), mem="512M", icount=True, plugin=None)
    machine.expect("^audited: ready\n")
    machine.send("a")
    said = machine.expect(r"^audited: (.*) in (\d+) calls, at most (\d+) ticks each, (\d+) in all$")
    print(said[0])
    assert said[1] == "clean" and int(said[3]) <= LONGEST
    machine.send("q")
    assert machine.wait() == 0


def test_an_audit_begins_again(boot):
    """At any place, and goes on nowhere but where it was."""
    machine = boot(modules=in_place_of_memsrv(), core=checked_core(), plugin=None)
    machine.send("r")
    assert machine.expect(r"^audited: (.* in (\d+) calls|refused, .*)")[1].startswith("clean")
    machine.send("w")
    assert machine.expect(r"^audited: refused, (\w+)$")[1] == "HF_BAD_ARGUMENT"


def test_an_ordinary_core_has_none(boot):
    machine = boot(modules=in_place_of_memsrv())
    machine.send("a")
    assert machine.expect(r"^audited: refused, (\w+)$")[1] == "HF_BAD_CALL"
    machine.send("q")
    assert machine.wait() == 0
