"""Messages, notifications, handles, and what happens when somebody ends: the tests of
tests/tasks/ipc, each with the fast path on and off."""

import pytest

import suite


@pytest.fixture(scope="module")
def ipc(boot_for_all):
    return suite.Suite(boot_for_all, "ipc", "owner_is_killed_with_many_callers_queued")


@pytest.mark.parametrize("name", suite.names("ipc"))
def test_ipc(ipc, look, name):
    ipc.run(name, look)


def test_what_is_left(ipc, audit):
    """After all of the above."""
    ipc.audit(audit)


def test_ipc_in_bochs(bochs):
    assert suite.run_all(bochs, "ipc", suite.FAST) == suite.run_all(bochs, "ipc", suite.SLOW)
