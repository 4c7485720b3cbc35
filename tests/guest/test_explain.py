"""What memsrv explains: the tests of tests/tasks/explains, and what the shell shows of it."""

import re

import pytest

import suite


@pytest.fixture(scope="module")
def explains(boot_for_all):
    return suite.Suite(boot_for_all, "explains", "fresh_executed")


@pytest.mark.parametrize("name", suite.names("explains"))
def test_explains(explains, look, name):
    explains.run(name, look)


def test_what_is_left(explains, audit):
    """After all of the above."""
    explains.audit(audit)


def test_explains_in_bochs(bochs):
    assert suite.run_all(bochs, "explains", suite.FAST) == suite.run_all(bochs, "explains", suite.SLOW)
