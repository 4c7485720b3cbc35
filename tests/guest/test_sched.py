"""Who runs when: the tests of tests/tasks/sched, each with the fast path on and off."""

import pytest

import suite


@pytest.fixture(scope="module")
def sched(boot_for_all):
    return suite.Suite(boot_for_all, "sched", greatest="priorities_from_2")


@pytest.mark.parametrize("name", suite.names("sched"))
def test_sched(sched, look, name):
    sched.run(name, look)


def test_what_is_left(sched, audit):
    """After all of the above."""
    sched.audit(audit)


def test_sched_in_bochs(bochs):
    assert suite.run_all(bochs, "sched", suite.FAST) == suite.run_all(bochs, "sched", suite.SLOW)
