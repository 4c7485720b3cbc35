"""From a running Machine of the guest tests to the auditor."""

import random
import time
from functools import lru_cache

from .auditor import audit
from .debuginfo import DebugInfo
from .guest import Guest, ram_of, registers_of
from .memory import Memory

FEATURES = {"max": {"xsave", "pge", "umip", "smep", "smap"}, "qemu64": {"pge"}}
IDLE_BYTES = 32


@lru_cache
def debug_of(path):
    return DebugInfo(path)


def between_entries(registers, debug):
    """Whether the processor is in ring 3 or idle: inside the core, invariants may be on their way."""
    idle = debug.symbols["idle"]
    return registers["CS"] & 3 == 3 or idle <= registers["RIP"] < idle + IDLE_BYTES


def stop(machine, debug):
    """Pauses the guest between two of the core's entries; its registers."""
    for _ in range(1000):
        machine.pause()
        registers = registers_of(machine.monitor("info registers"))
        if between_entries(registers, debug):
            return registers
        machine.resume()
        time.sleep(random.uniform(0, 0.002))
    raise AssertionError("the guest never leaves the core")


def look(machine, core_elf, cpu="max"):
    """The guest as it is now: paused, and only good until it goes on."""
    debug = debug_of(core_elf)
    registers = stop(machine, debug)
    return Guest(Memory(machine.physical), registers, debug, ram_of(machine.console), FEATURES[cpu])


def findings(machine, core_elf, cpu="max"):
    """Audits a running guest, which goes on afterwards."""
    try:
        return audit(look(machine, core_elf, cpu))
    finally:
        machine.resume()
