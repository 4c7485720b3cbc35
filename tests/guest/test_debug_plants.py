"""Is it noticed when a command of tools/gdb says something wrong? Each of these changes one place, and then
a test must fail."""

import re
import shutil

import pytest

import test_debug
import test_debug_states
from debugged import debugged, idle  # noqa: F401
from machine import PROMPT, ROOT

PLANTS = [
    ("paging.py", "// span(level) % 512", "// span(level) % 511", "walk"),
    ("paging.py", 'if self.raw & WRITE else "read-only"', 'if self.raw & USER else "read-only"', "walk"),
    ("paging.py", "executable = not any", "executable = any", "walk"),
    ("core.py", ' + self.header(frame // RUN_FRAMES)["refs"]', "", "large"),
    ("core.py", "run * RUN_FRAMES * 8", "run * RUN_FRAMES * 4", "frame"),
    ("addresses.py", "entry.frame <= frame < ", "entry.frame == frame < ", "large"),
    ("memsrv.py", 'int(value["child"][1])', 'int(value["child"][0])', "regions"),
    ("lists.py", "sum(entry.frames for", "sum(1 for", "large"),
    ("buddy.py", "found[level + order]", "found[order]", "buddy"),
    ("lists.py", '("shared", "records")', '("records",)', "task"),
    ("waits.py", '("sends", "senders")', '("sends", "receivers")', "circle"),
    ("waits.py", "if other == start:", "if other == path[-1]:", "circle"),
    ("foresee.py", "WRITE and not region.rights & HF_WRITE", "WRITE and region.rights & HF_WRITE", "why"),
    ("foresee.py", "int(ledger[\"leave\"]) + frames", "int(ledger[\"leave\"]) + (frames << 20)", "why"),
    ("foresee.py", '"IMAGE" if image else "ZERO"', '"ZERO" if image else "IMAGE"', "why"),
    ("foresee.py", "self._refs_of_page() <= 1", "self._refs_of_page() <= 2", "explained"),
]
JUDGES = {"walk": test_debug.test_walks, "frame": test_debug.test_frames, "regions": test_debug.test_regions,
          "buddy": test_debug.test_free_blocks, "task": test_debug.test_tasks,
          "why": test_debug.test_why_says_what_memsrv_says, "large": test_debug_states.test_large_page}


class PlantedDebugger:
    """A Debugger that uses other tools."""

    def __init__(self, debugger, tools):
        self.debugger, self.tools = debugger, tools

    def run(self, *commands, **options):
        return self.debugger.run(*commands, tools=self.tools, **options)


@pytest.fixture
def planted(tmp_path):
    """planted(file, old, new): a copy of the tools with that change."""

    def plant(name, old, new):
        for folder in ("ukernel", "include", "servers"):
            (tmp_path / folder).symlink_to(ROOT / folder)
        shutil.copytree(ROOT / "tools" / "gdb", tmp_path / "tools" / "gdb", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "tools" / "debug", tmp_path / "tools")
        text = (tmp_path / "tools" / "gdb" / name).read_text()
        assert text.count(old) == 1
        (tmp_path / "tools" / "gdb" / name).write_text(text.replace(old, new))
        return tmp_path / "tools"

    return plant


@pytest.mark.parametrize("name, old, new, judge", PLANTS)
def test_wrong_command_is_noticed(idle, look, planted, name, old, new, judge):
    machine, debugger = idle
    wrong = machine, PlantedDebugger(debugger, planted(name, old, new))
    with pytest.raises((AssertionError, AttributeError, LookupError, TypeError, ValueError, StopIteration)):
        if judge == "circle":
            test_debug_states.test_circle(wrong)
        elif judge == "explained":
            test_debug_states.test_foresees_what_memsrv_does_after_a_fork(wrong)
        else:
            JUDGES[judge](wrong, look)
    machine.resume()
    settle(machine)


def settle(machine):
    """Whatever was begun has ended, and the guest is at the prompt."""
    machine.send("\rps\r")
    shown = machine.expect(rf"^number parent(.*\n)+?{PROMPT}")[0]
    for number in re.findall(r"^ *(\d+) .* touch$", shown, re.MULTILINE):
        machine.command(f"kill {number}")
