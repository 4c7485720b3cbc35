"""Deliberate accesses in ring 0 that page-table rights must stop: `selftest=NAME` makes one."""

import re

import pytest

from audit.live import debug_of
from machine import BUILD

PANIC = 64
PMO = 0xFFFF_8000_0000_0000
IMAGE = 0xFFFF_FFFF_8000_0000
STACK_GUARD = 0xFFFF_E000_0000_DFF8
ABSENT, DENIED = "not present", "not allowed"


def symbol(name):
    return debug_of(BUILD / "tests" / "handoff.elf").symbols[name]


def alias(start, end):
    return lambda: (symbol(start) - IMAGE + PMO, symbol(end) - IMAGE + PMO)


def part(start, end):
    return lambda: (symbol(start), symbol(end))


def at(address):
    return lambda: (address, address + 1)


# name: access, where it must be told to be, why it was stopped, error code
PROBES = {
    "write-text": ("write to", part("text_start", "text_end"), DENIED, 3),
    "write-rodata": ("write to", part("rodata_start", "rodata_end"), DENIED, 3),
    "fetch-rodata": ("fetch from", part("rodata_start", "rodata_end"), DENIED, 0x11),
    "fetch-data": ("fetch from", part("data_start", "image_end"), DENIED, 0x11),
    "write-text-alias": ("write to", alias("text_start", "text_end"), DENIED, 3),
    "write-data-alias": ("write to", alias("data_start", "image_end"), DENIED, 3),
    "fetch-pmo": ("fetch from", alias("text_start", "text_end"), DENIED, 0x11),
    "read-null": ("read of", at(0), ABSENT, 0),
    "read-identity": ("read of", at(0x20_0000), ABSENT, 0),
    "write-guard": ("write to", at(STACK_GUARD), ABSENT, 2),
    "read-hole": ("read of", at(PMO + 0xFEE0_0000), ABSENT, 0),
}
IN_BOCHS = ["write-text", "fetch-data", "write-text-alias", "read-identity"]


def check_panic(name, said):
    access, place, why, error = PROBES[name]
    panics = re.findall(r"^panic: page fault: (.+?) 0x([0-9a-f]+), (.+?), vector 14, error 0x([0-9a-f]+), ring 0,"
                        r" rip 0x([0-9a-f]+)$", said, re.MULTILINE)
    assert len(panics) == 1, said
    told = panics[0]
    assert (told[0], told[2], int(told[3], 16)) == (access, why, error)
    start, end = place()
    address, rip = int(told[1], 16), int(told[4], 16)
    assert start <= address < end
    assert rip == address if access == "fetch from" else symbol("text_start") <= rip < symbol("text_end")
    assert re.search(rf"walk of 0x{address:x} ", said)


@pytest.mark.parametrize("name", PROBES)
def test_probe_is_stopped(boot, name):
    machine = boot(f"selftest={name}")
    assert machine.wait() == PANIC
    check_panic(name, machine.console)
    check_panic(name, machine.core_log)


@pytest.mark.parametrize("name", IN_BOCHS)
def test_probe_is_stopped_in_bochs(bochs, name):
    check_panic(name, bochs(f"selftest={name}").wait())


def test_what_nothing_stops_is_told(boot):
    machine = boot("selftest=write-data")
    assert machine.wait() == PANIC
    assert "panic: selftest: nothing stopped the violation" in machine.console


def test_stack_overflow(boot):
    machine = boot("selftest=overflow-stack")
    assert machine.wait() == PANIC
    assert re.search(r"^panic: double fault, vector 8, error 0x0, ring 0", machine.console, re.MULTILINE)


def test_stack_overflow_in_bochs(bochs):
    assert "panic: double fault" in bochs("selftest=overflow-stack").wait()


def test_without_a_probe_there_is_no_panic(shell):
    assert "panic" not in shell.console + shell.core_log
