"""Shared objects: the tests of tests/tasks/objects, each with the fast path on and off."""

import pytest

import suite


@pytest.fixture(scope="module")
def objects(boot_for_all):
    return suite.Suite(boot_for_all, "objects", "forks_of_forks")


@pytest.mark.parametrize("name", suite.names("objects"))
def test_objects(objects, look, name):
    objects.run(name, look)


def test_what_is_left(objects, audit):
    """After all of the above."""
    objects.audit(audit)


def test_objects_in_bochs(bochs):
    assert suite.run_all(bochs, "objects", suite.FAST) == suite.run_all(bochs, "objects", suite.SLOW)
