"""Guests that measure, and the plugin that counts the core's instructions in them."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from audit import live
from machine import BUILD, Images, Machine, image

from .figures import exact, parse

CORE = BUILD / "handoff.elf"
COUNTER = BUILD / "tests" / "bench" / "count.so"
LIMIT = 300  # seconds that a guest may take
BOOT_SIZES = ("128M", "256M", "512M", "1G", "2G", "4G", "8G", "16G", "32G", "64G")
REFERENCE = "loop.fixed"
# With addresses that are drawn, page tables would be sought through for longer or shorter.
FIXED = "addresses=fixed"


@dataclass
class Counted:
    """What the plugin says of one guest."""
    longest: int  # instructions with interrupts off
    where: str  # how the longest of them was entered, and what was done in it
    stretches: dict  # floor of log2 of instructions: how many
    core: list  # the core's instructions in each measurement, medians; None where it can't be told

    @classmethod
    def read(cls, path):
        text = Path(path).read_text()
        longest = re.search(r"^longest (\d+) (.*)$", text, re.MULTILINE)
        stretches = {int(power): int(count) for power, count in re.findall(r"^stretches 2\^(\d+) (\d+)$", text, re.M)}
        sections = re.findall(r"^section \d+ median (\d+) samples (\d+)", text, re.MULTILINE)
        core = [int(median) if int(samples) > 0 else None for median, samples in sections]
        return cls(int(longest[1]), longest[2], stretches, core)


def longest_of(counts):
    """The one of several guests with the longest time with interrupts off."""
    return max(counts, key=lambda counted: counted.longest)


def plugin(folder):
    """QEMU's argument for the plugin; it writes what it counts into the folder."""
    symbols = Path(folder) / "symbols"
    symbols.write_text(subprocess.run(["nm", CORE], check=True, stdout=subprocess.PIPE, text=True).stdout)
    return f"{COUNTER},out={folder},symbols={symbols}"


def pass_on(folder):
    """Leaves what was counted there to whoever counts all guests of the tests (HANDOFF_PLUGIN), too."""
    everybody = re.search(r"out=([^,]*)", os.environ.get("HANDOFF_PLUGIN", ""))
    for path in Path(folder).glob("*.txt") if everybody else ():
        shutil.copy(path, everybody[1])


def counted_in(folder):
    """What all guests counted whose plugins wrote there."""
    return [Counted.read(path) for path in sorted(Path(folder).glob("*.txt"))]


class Bench:
    """Boots what is measured. `programs` are the modules of the image that `make run` boots; with
    `runs` each measurement is made so often."""

    def __init__(self, programs, kind="iso", runs=1000):
        self.programs = programs
        self.kind = kind
        self.runs = runs
        self.membench = [(f"memsrv {runs}", image("membench"))]
        self.temporary = tempfile.TemporaryDirectory(prefix="handoff-")
        self.folder = Path(self.temporary.name)
        self.images = Images(self.folder)
        self.counts = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def _run(self, icount, counter=None, mem="512M", **making):
        """Runs a guest to its end; what it printed."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        booted = self.images.make(kind=self.kind, names=True, **making)
        machine = Machine(booted, folder, mem=mem, icount=icount, limit=LIMIT, plugin=counter and plugin(counter))
        try:
            assert machine.wait() == 0, machine.report()
        finally:
            machine.close()
        return machine.console

    def _measure(self, **making):
        """Its figures in instructions, with the core's share."""
        folder = tempfile.mkdtemp(dir=self.folder)
        figures = parse(self._run(icount=True, counter=folder, **making))
        (counted,) = counted_in(folder)
        pass_on(folder)
        self.counts.append(counted)
        assert len(figures) == len(counted.core) > 0
        for figure, core in zip(figures, counted.core):
            figure.core = core
        return figures

    def tasks(self, *prefixes, options=""):
        """What ordinary tasks can measure: all, or what begins so."""
        cmdline = " ".join([*options.split(), FIXED, "run=bench", str(self.runs), *prefixes])
        return self._measure(cmdline=cmdline, modules=self.programs)

    def teardown(self):
        """How long messages wait while 1 GiB comes back."""
        return self._measure(mem="2G", cmdline=f"{FIXED} run=bench 1 wait", modules=self.programs)

    def memory(self):
        """What needs the MEMORY privilege, measured in memsrv's place."""
        return self._measure(modules=self.membench)

    def wall(self):
        """Time by name, as multiples of the fixed loop's in the same guest."""
        ratios = {}
        tasks = {"cmdline": f"{FIXED} run=bench {self.runs} {REFERENCE} ipc", "modules": self.programs}
        for making in (tasks, {"modules": self.membench}):
            figures = {figure.name: figure.median for figure in parse(self._run(icount=False, **making))}
            loop = figures.pop(REFERENCE)
            ratios.update({name: median / loop for name, median in figures.items()})
        return ratios

    def boot(self, mem):
        """Instructions from the core's entry to the handoff, timed waits not counted."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        machine = Machine(self.images.make(modules=self.programs, kind=self.kind, names=True), folder, mem=mem, icount=True,
                          plugin=None)
        try:
            machine.prompt()
            info, _ = live.look(machine, CORE).boot_info()
        finally:
            machine.close()
        return exact(f"boot.{mem}", info["boot_instructions"])
