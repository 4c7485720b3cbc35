"""Costs: what calls, faults and ticks may take at most, in instructions, and whether what measures
them can be believed. `make bench` measures more, and more often."""

from xml.etree import ElementTree

import pytest

from bench.figures import LIMITS, Figure, complaints, exact, over_limit, parse
from bench.measure import Bench, longest_of
from bench.plot import Plot
from machine import module_names

RUNS = 100


@pytest.fixture(scope="module")
def bench():
    with Bench(module_names(), kind="cd", runs=RUNS) as measuring:
        yield measuring


@pytest.fixture(scope="module")
def figures(bench):
    """All figures by name."""
    found = {figure.name: figure for figure in bench.tasks() + bench.memory() + bench.teardown()}
    found["irq_off.max"] = exact("irq_off.max", longest_of(bench.counts).longest)
    return found


@pytest.mark.parametrize("name, most", LIMITS.items())
def test_cost(figures, name, most):
    print(figures[name])
    assert figures[name].median <= most


def test_nothing_disturbs_the_measuring(figures):
    assert complaints(figures.values()) == []
    assert all(figure.runs == RUNS for figure in figures.values() if figure.core is not None)


def test_the_counter_counts_instructions(figures):
    """The loop's 1,000 times two, and the one that sets it up."""
    loop = figures["loop.fixed"]
    assert loop.median == loop.p90 == 2001 and loop.core == 0


@pytest.mark.parametrize("name", ["ipc.call_null", "ipc.refused", "mmu.map", "mmu.stage", "mmu.endpoint_create"])
def test_two_counters_agree(figures, name):
    """The guest's and the plugin's: what is left of a single call is its stub, in ring 3."""
    assert 3 <= figures[name].median - figures[name].core <= 20


def test_a_filled_page_is_counted_by_its_words(figures):
    """An iteration of a REP counts as an instruction in both counters."""
    assert figures["mmu.stage"].core > 512


def test_the_longest_entry_is_found(bench, figures):
    """It is one of those that are measured on purpose, which the plugin counts in two ways."""
    longest = longest_of(bench.counts)
    core, done = max((figures["mmu.list_longest"].core, "mmu_stage*16"), (figures["mmu.clone_512"].core, "mmu_clone"))
    assert 0 <= longest.longest - core <= 100
    assert sum(longest.stretches.values()) > RUNS
    assert done in longest.where


def test_the_fast_path_is_taken(bench, figures):
    (slow, *_) = bench.tasks("ipc.call_reply", options="fastpath=off")
    assert slow.name == "ipc.call_reply" and slow.median > figures["ipc.call_reply"].median * 1.5


def test_complaints():
    good = [Figure(name, most, most, most * 1.05, 1000) for name, most in LIMITS.items()]
    assert complaints(good) == [] and over_limit(good) == []
    assert complaints(good[1:]) == ["ipc.call_reply was not measured"]
    disturbed = Figure("ipc.call_reply", 100, 100, 105.1, 1000)
    (complaint,) = complaints([disturbed, *good[1:]])
    assert complaint.startswith("ipc.call_reply: the mean, 105.1, is more than 5 % above")
    (above,) = over_limit([Figure("timer.tick", 121, 121, 121, 1000)])
    assert above == "timer.tick: 121 instructions, 120 are allowed"


def test_parse():
    console = "hello\nbench ipc.notify median 176 p90 177 sum 176500 runs 1000 empty 2\nbench x median\n"
    assert parse(console) == [Figure("ipc.notify", 176, 177, 176.5, 1000)]
    assert parse(console)[0].json() == {"name": "ipc.notify", "instructions": 176, "p90": 177, "mean": 176.5,
                                        "runs": 1000}


def test_plot():
    plot = Plot("Title", "x", "y <unit>", x_log=True)
    plot.add("ours & theirs", [(128, 10), (65536, 2500), (512, 20)])
    root = ElementTree.fromstring(plot.svg())
    circles = [(float(c.get("cx")), float(c.get("cy"))) for c in root.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(circles) == 3 and circles == sorted(circles)
    assert circles[0][1] > circles[1][1] > circles[2][1]
