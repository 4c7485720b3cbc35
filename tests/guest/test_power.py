"""How the machine ends where QEMU's exit device, which all other tests use, isn't there."""

import os
import time

from machine import Guest

INTERRUPTS = 1 << 9  # the flag


def test_it_ends_by_acpi(images, tmp_path):
    """An ordinary PC has no device that takes a code."""
    plugin = os.environ.get("HANDOFF_PLUGIN")
    guest = Guest(["qemu-system-x86_64", "-machine", "pc", "-accel", "tcg", "-m", "128M", "-cpu", "max",
                   "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
                   "-cdrom", images.make("run=hello"), *(["-plugin", plugin] if plugin else [])], tmp_path, 60)
    said = guest.process.communicate()[0].decode("latin-1")
    assert "Hello from ring 3" in said and "hello: ended with code 0" in said
    assert guest.process.returncode == 0, (tmp_path / "stderr").read_text()


def halted(machine):
    """The registers of a processor that stands still; waits for that."""
    deadline = time.monotonic() + machine.limit
    while time.monotonic() < deadline:
        registers = machine.registers()
        if registers["HLT"] and not registers["RFL"] & INTERRUPTS:
            return registers
    raise AssertionError(f"it doesn't stand still; {machine.report()}")


def test_it_stands_still(boot):
    """A processor that doesn't tell that it is an emulator's: the core knows nothing that ends the machine."""
    machine = boot(cpu="max,hypervisor=off")
    machine.prompt()
    machine.send("exit\r")
    assert halted(machine)["CPL"] == 0
    assert "handoff: the machine is turned off" in machine.core_log
