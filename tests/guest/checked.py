"""The core that checks itself (make checked) stops at mistakes that any other goes on after. Not
found by pytest by itself: these tests are for that build only."""

import pytest


@pytest.mark.parametrize("name, said", [
    ("undefined", r"panic: invalid opcode"),  # what UndefinedBehaviorSanitizer's trap is
    ("smash-stack", r"panic: a function wrote beyond its part of the stack"),
])
def test_it_stops(boot, name, said):
    machine = boot(f"selftest={name}")
    machine.expect(said)
    assert machine.wait() != 0
