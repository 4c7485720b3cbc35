"""Exceptions, page faults, and what a task keeps over them: the tests of tests/tasks/faults, each
with the fast path on and off."""

import pytest

import suite


@pytest.fixture(scope="module")
def faults(boot_for_all):
    return suite.Suite(boot_for_all, "faults", greatest="many_at_once")


@pytest.mark.parametrize("name", suite.names("faults"))
def test_faults(faults, look, name):
    faults.run(name, look)


def test_what_is_left(faults, audit):
    """After all of the above."""
    faults.audit(audit)


def test_faults_in_bochs(bochs):
    assert suite.run_all(bochs, "faults", suite.FAST) == suite.run_all(bochs, "faults", suite.SLOW)
