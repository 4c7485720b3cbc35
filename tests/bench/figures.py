"""What was measured, and what it is compared with."""

import re
from dataclasses import dataclass

# The most that each may cost, in instructions.
LIMITS = {
    "ipc.call_reply": 190,
    "ipc.call_reply_lower": 270,
    "ipc.call_null": 60,
    "ipc.bytes_800": 700,
    "fault.resume": 300,
    "fault.map_one": 480,
    "timer.tick": 120,
    "irq_off.max": 24000,
    "mmu.map": 180,
    "mmu.unmap": 180,
    "mmu.stage": 700,
    "mmu.map_2m": 220,
    "aspace.lifecycle": 8000,
    "buddy.pair": 80,
    "fault.demand_zero": 1600,
    "fault.around_page": 900,
    "fault.cow": 2200,
    "map.64m": 40,  # faults
    "spawn.lifecycle": 40000,
    "fork.small": 30000,
    "fork.1000": 120000,
    "wait.teardown": 100000,
    "wait.teardown_2m": 100000,
}

# The same works elsewhere, by the same count (docs/benchmarks.md tells of which systems and how).
# A text where it is a range.
SEL4 = {
    "ipc.call_reply": "430-472",
    "ipc.call_reply_higher": "430-472",
    "ipc.call_reply_lower": "440-482",
    "ipc.call_reply_slow": 1654,
    "ipc.call_null": 250,
    "ipc.bytes_800": 2604,
    "fault.resume": 1256,
    "fault.map_one": 2052,
    "timer.tick": 149,
    "mmu.map": 800,
    "mmu.unmap": 650,
    "mmu.stage": 3384,
    "aspace.lifecycle": 37186,
}
LINUX = {
    "ipc.call_reply": 10342,
    "ipc.call_null": 340,
    "ipc.bytes_800": 13178,
    "fault.demand_zero": 2779,
    "fault.cow": 3948,
    "spawn.lifecycle": 365186,
    "fork.small": 154621,
    "fork.1000": 562293,
}

MEAN_ABOVE_MEDIAN = 1.05  # a mean that is further off tells of a measurement that was disturbed


@dataclass
class Figure:
    """Instructions that something takes."""
    name: str
    median: int
    p90: int
    mean: float
    runs: int
    core: int | None = None  # the core's share of the median
    wall: float | None = None  # time, as a multiple of loop.fixed's

    def json(self):
        mean = int(self.mean) if self.mean == int(self.mean) else round(self.mean, 3)
        return {"name": self.name, "instructions": self.median, "p90": self.p90, "mean": mean, "runs": self.runs}


def exact(name, value):
    """What is the same each time, and was measured once."""
    return Figure(name, value, value, value, 1)


def parse(console):
    """The figures that tasks/bench/sample.c printed, in its order."""
    lines = re.findall(r"^bench (\S+) median (\d+) p90 (\d+) sum (\d+) runs (\d+)", console, re.MULTILINE)
    return [Figure(name, int(median), int(p90), int(total) / int(runs), int(runs))
            for name, median, p90, total, runs in lines]


def complaints(figures):
    """What is wrong with a whole set of figures, a line each."""
    by_name = {figure.name: figure for figure in figures}
    found = [f"{name} was not measured" for name in LIMITS if name not in by_name]
    found += [f"{figure.name}: the mean, {figure.mean:.1f}, is more than 5 % above the median, {figure.median}"
              for figure in figures if figure.mean > figure.median * MEAN_ABOVE_MEDIAN]
    return found


def over_limit(figures):
    """Those that cost more than they may, a line each."""
    return [f"{figure.name}: {figure.median} instructions, {LIMITS[figure.name]} are allowed"
            for figure in figures if figure.median > LIMITS.get(figure.name, figure.median)]
