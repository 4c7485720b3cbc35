"""All that is wrong with a core call: the tests of tests/tasks/badcalls, each with the fast path on
and off; and of tests/tasks/devcalls.c, which stands in init's place to have rights to devices."""

import pytest

import suite
from machine import image
from programs import judge


@pytest.fixture(scope="module")
def badcalls(boot_for_all):
    return suite.Suite(boot_for_all, "badcalls", greatest="bad_handles_of_call")


@pytest.mark.parametrize("name", suite.names("badcalls"))
def test_badcalls(badcalls, look, name):
    badcalls.run(name, look)


def test_what_is_left(badcalls, audit):
    """After all of the above."""
    badcalls.audit(audit)


def test_badcalls_in_bochs(bochs):
    assert suite.run_all(bochs, "badcalls", suite.FAST) == suite.run_all(bochs, "badcalls", suite.SLOW)


DEVICES = ["memsrv", ("init", image("devcalls")), "victim"]


@pytest.mark.parametrize("cmdline", [suite.FAST, suite.SLOW])
def test_with_rights_to_devices(boot, cmdline):
    machine = boot(cmdline, modules=DEVICES)
    assert machine.wait() == 0
    assert judge(machine.console.split("\n"), "devcalls") >= 100 and "devcalls: done" in machine.console


def test_with_rights_to_devices_in_bochs(bochs):
    lines = bochs(modules=DEVICES).wait().split("\n")
    assert judge(lines, "devcalls") >= 100 and "devcalls: done" in lines
