"""The machines that are explored, and how an explorer is built for one."""

import os
import pathlib
import subprocess
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Machine(NamedTuple):
    """A machine's shape, and the part of the declared calls that is made in it (calls.h)."""

    levels: int
    runs: int
    of_core: int  # frames of the first run
    calls: str

    def flags(self):
        """The shape as the compiler is told it."""
        return [f"-DTABLE_LEVELS={self.levels}u", "-DTABLE_BITS=2u", f"-DMACHINE_RUNS={self.runs}u",
                f"-DMACHINE_CORE={self.of_core}u", f"-DEXPLORE_CALLS=CALLS_{self.calls}"]


def build(machine, output, optimize, core=ROOT / "ukernel"):
    """Builds the explorer of the core in a folder."""
    compiler = os.environ.get("HOSTCC", "gcc")
    subprocess.run(["tests/explore/build", str(output), compiler, "-std=gnu2x", *optimize, *machine.flags()],
                   cwd=ROOT, env={**os.environ, "CORE": str(core)}, check=True)
