"""The boot matrix: sizes of memory, processors, firmware, emulators."""

import re

import pytest

from audit.guest import ram_of
from programs import memory


def check_account(said):
    """Every frame of RAM has a type: what the handoff line says is what the memory map says."""
    ram = sum(end - first for first, end in ram_of(said))
    line = re.search(r"^handoff: memory is memsrv's now: frames ([A-Z0-9 ]+), sum (\d+), RAM (\d+)$", said,
                     re.MULTILINE)
    assert line, said
    types = {name: int(count) for name, count in re.findall(r"([A-Z0-9]+) (\d+)", line[1])}
    assert sum(types.values()) == int(line[2]) == int(line[3]) == ram
    total = re.search(r"total_ram 0x([0-9a-f]+), phys_max 0x([0-9a-f]+)", said)
    assert int(total[1], 16) == ram * 4096
    assert int(total[2], 16) == ram_of(said)[-1][1] * 4096
    assert types["PML4"] == types["TASK"] == types["HANDLES"] == 1
    return ram


def works(machine):
    said = "\n".join(machine.command("spawn hello"))
    assert "Hello from ring 3" in said


@pytest.mark.parametrize("mem, least_mib", [
    ("3M", 2), ("32M", 30), ("128M", 126), ("3G", 3071), ("5G", 5119), ("64G", 65535),
])
def test_memory(boot, audit, mem, least_mib):
    machine = boot(mem=mem)
    ram = check_account(machine.prompt())
    assert ram >= least_mib * 256
    works(machine)
    parts = memory(machine)
    assert parts.pop("total") == sum(parts.values()) == ram
    audit(machine)


def test_hole_below_4_gib(boot):
    machine = boot(mem="5G")
    ranges = ram_of(machine.prompt())
    assert ranges[-1][0] == 1 << 20 and any(end <= 0xE0000 and end > 0x80000 for _, end in ranges)


@pytest.mark.parametrize("cpu", ["qemu64", "max"])
def test_processor(boot, audit, cpu):
    machine = boot(cpu=cpu)
    check_account(machine.prompt())
    works(machine)
    audit(machine, cpu=cpu)


def test_q35(boot, audit):
    machine = boot(extra=["-machine", "q35,memory-backend=ram"])
    check_account(machine.prompt())
    works(machine)
    audit(machine)


@pytest.mark.parametrize("mem", ["256M", "5G"])
def test_uefi(boot, audit, mem):
    machine = boot(uefi=True, mem=mem, limit=120)
    check_account(machine.prompt())
    works(machine)
    audit(machine)


@pytest.mark.parametrize("cpu, mem", [
    ("corei7_icelake_u", 128), ("bx_generic", 32), ("ryzen", 512), ("corei7_haswell_4770", 2048),
])
def test_bochs(bochs, cpu, mem):
    said = bochs("run=hello", cpu=cpu, mem=mem).wait()
    assert check_account(said) >= (mem - 2) * 256
    assert "Hello from ring 3" in said and "hello: ended with code 0" in said


@pytest.mark.parametrize("mem, most", [("512M", 1_000_000), ("64G", 3_000_000)])
def test_boot_cost(boot, look, mem, most):
    """Instructions from the core's entry to the handoff, timed waits not counted."""
    machine = boot(mem=mem, icount=True)
    machine.prompt()
    info, _ = look(machine).boot_info()
    print(f"boot with {mem}: {info['boot_instructions']} instructions")
    assert 100_000 < info["boot_instructions"] <= most


def test_log_after_the_handoff(shell):
    """The console is the console server's then; the core writes to COM2 only."""
    assert "handoff: memory is memsrv's" in shell.console
    assert "Handoff: the core's log" in shell.core_log
    assert "core's log" not in shell.console
