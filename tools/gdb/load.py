"""Loads our commands into gdb, which sources this file: see tools/debug."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from addresses import Frame, StackFrame, Walk, Why  # noqa: E402
from lists import FreeBlocks, Regions, Tasks  # noqa: E402
from waits import Ipc  # noqa: E402

for command in (Walk, Why, Frame, StackFrame, Tasks, Regions, Ipc, FreeBlocks):
    command()
