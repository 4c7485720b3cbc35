"""The tool that judges the tests by small changes to the core."""

import re
import sys
from random import Random

import pytest

from machine import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from mutation import campaign  # noqa: E402
from mutation.campaign import MUTATED, Campaign  # noqa: E402
from mutation.changes import draw, of_asm, of_c  # noqa: E402
from mutation.guest import CHOSEN  # noqa: E402
from mutation.host import HostTest  # noqa: E402
from mutation.journal import CAUGHT, SURVIVED, UNFIT, Journal, shown  # noqa: E402
from mutation.report import explanations  # noqa: E402

SAMPLE = """\
/* if (a == b) return 1; */
#include <a.h>
#define LIMIT 16u
_Static_assert(sizeof(int) == 4, "x < y");
struct pair { int first[2]; };
static const int table[] = {7};

int f(struct pair *pair, uint64_t count) {
    const char *text = "a && b";
    if (pair && count < LIMIT) return HF_OK;
    pair->first[0] |= FLAG | OTHER; // a + b
    g(pair, count);
    return HF_DENIED;
}
"""


@pytest.fixture(scope="module")
def changes():
    return of_c("ukernel/sample.c", SAMPLE)


def after(changes, kind):
    """What the changed lines say, of all changes of a kind."""
    return {" ".join(shown(SAMPLE, change)[1]) for change in changes if change.kind == kind}


@pytest.mark.parametrize("kind, line", [
    ("relation", "if (pair && count <= LIMIT) return HF_OK;"),
    ("relation", "if (pair && count >= LIMIT) return HF_OK;"),
    ("logic", "if (pair || count < LIMIT) return HF_OK;"),
    ("condition negated", "if (!(pair && count < LIMIT)) return HF_OK;"),
    ("condition forced", "if (false) return HF_OK;"),
    ("constant", "#define LIMIT 17u"),
    ("constant", "static const int table[] = {8};"),
    ("assignment", "pair->first[0] &= FLAG | OTHER; // a + b"),
    ("flag dropped", "pair->first[0] |= FLAG ; // a + b"),
    ("flag dropped", "pair->first[0] |=  OTHER; // a + b"),
    ("twin", "pair->last[0] |= FLAG | OTHER; // a + b"),
    ("arguments swapped", "g(count, pair);"),
    ("status", "if (pair && count < LIMIT) return HF_DENIED;"),
    ("statement removed", ";"),
])
def test_kinds_of_changes(changes, kind, line):
    assert line in after(changes, kind)


def test_only_code_is_changed(changes):
    code = {number for number, line in enumerate(SAMPLE.splitlines(), 1)
            if re.match("#define|static const|    (if|pair->|g|return)", line)}
    assert {SAMPLE.count("\n", 0, change.start) + 1 for change in changes} == code
    assert not [change for change in changes if "//" in SAMPLE[change.start:change.end]]


def test_changes_of_assembly():
    text = "start:  mov     r14, [r15 + TASK_NEXT] ; jne\n        jne     start\n        align 16\n"
    made = {change.apply(text) for change in of_asm("ukernel/sample.asm", text)}
    assert text.replace("jne     start", "je     start") in made
    assert text.replace("TASK_NEXT]", "TASK_NEXT + 8]") in made
    assert text.replace("mov     r14, [r15 + TASK_NEXT]", "nop") in made
    assert not [changed for changed in made if "; jne" not in changed or "align 16" not in changed]


def test_drawing_is_by_seed(changes):
    first, same, other = (draw(changes, Random(seed)) for seed in (1, 1, 2))
    assert first == same != other
    assert len({(change.start, change.kind) for change in first}) == len(first)


def test_all_sources_that_are_changed_are_there():
    for name in MUTATED:
        assert (ROOT / "ukernel" / name).exists()


def test_the_journal_goes_on(tmp_path, changes):
    heading = {"seed": 1}
    journal = Journal(tmp_path / "journal", heading)
    journal.note(changes[0], SAMPLE, CAUGHT, by="test_x: y")
    again = Journal(tmp_path / "journal", heading)
    assert again.judged() == 1 and again.entries[changes[0]]["by"] == "test_x: y"
    with pytest.raises(ValueError, match="other sources or another seed"):
        Journal(tmp_path / "journal", {"seed": 2})


def test_guest_tests_that_are_chosen_are_there():
    for chosen in CHOSEN:
        file, _, function = chosen.partition("::")
        assert f"def {function or 'test_'}" in (ROOT / file).read_text()


def test_what_catches_much_in_little_time_comes_first():
    quick, slow, good = (HostTest(name, [], ROOT, seconds) for name, seconds in
                         (("quick", 0.1), ("slow", 5.0), ("good", 5.0)))
    good.ran, good.caught, quick.ran = 100, 90, 100
    assert sorted([slow, quick, good], key=HostTest.price) == [good, slow, quick]


class Decided:
    """A worker that builds nothing: each change's place in its file decides what catches it."""

    judged = []

    def __init__(self, _root, _files):
        self.prepare = self.close = lambda: None

    def judge(self, change, layer, known, is_new):
        self.judged.append((change, layer))
        if change.start % 5 == 0 or not (known or is_new(change.start)):
            return UNFIT, {"why": "didn't compile"}
        noted = {"objects": change.start, "layers": [*known.get("layers", ()), layer], "ran": []}
        caught = layer == ("quick", "host", "guest", "none")[change.start % 4]
        return (CAUGHT, {"by": layer, **noted}) if caught else (SURVIVED, noted)


@pytest.fixture
def judge(monkeypatch, tmp_path):
    """judge(...): the campaign that Decided has judged; all with one journal."""
    monkeypatch.setattr(campaign, "Worker", Decided)

    def judge_all(count, layers=("quick", "host"), again=False):
        made = Campaign(ROOT, tmp_path / "journal", 1, count, layers, again, ("object.c", "frame.c"))
        Decided.judged.clear()
        made.run(1)
        return made

    return judge_all


def layers(made, outcome):
    return {tuple(entry["layers"]) for entry in made.journal.entries.values() if entry["outcome"] == outcome}


def test_survivors_go_through_one_layer_after_the_other(judge):
    made = judge(20)
    assert made.journal.judged() == 20
    assert layers(made, CAUGHT) == {("quick",), ("quick", "host")}
    assert layers(made, SURVIVED) == {("quick", "host")}
    order = [layer for _, layer in Decided.judged]
    assert order == sorted(order, key=["quick", "host"].index)
    made = judge(20, ("quick", "host", "guest"))
    assert {layer for _, layer in Decided.judged} == {"guest"}
    assert layers(made, SURVIVED) == {("quick", "host", "guest")}


def test_a_campaign_goes_on_where_it_was(judge):
    judge(10)
    first = {change for change, _ in Decided.judged}
    made = judge(20)
    assert made.journal.judged() == 20 and first.isdisjoint(change for change, _ in Decided.judged)
    judge(20)
    assert not Decided.judged


def test_survivors_are_judged_again(judge):
    survivors = {change for change, entry in judge(20).journal.entries.items() if entry["outcome"] == SURVIVED}
    judge(20, again=True)
    assert {change for change, _ in Decided.judged} == survivors


def test_explanations_are_read(tmp_path):
    text = "ukernel/a.c\n- one\n+ two\n  because of this\n  and that\n"
    (tmp_path / "survivors").write_text(text)
    assert explanations(tmp_path / "survivors") == {("ukernel/a.c", "one", "two"): "because of this and that"}
