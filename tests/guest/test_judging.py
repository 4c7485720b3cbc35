"""The tools that tests and core are judged by: changes to the core, lines that are reached, stacks."""

import re
import subprocess
import sys

import pytest

from machine import BUILD, ROOT

sys.path.insert(0, str(ROOT / "tests"))

from coverage.guest import Core, read  # noqa: E402
from mutation.campaign import ASSEMBLY, MUTATED  # noqa: E402
from mutation.changes import draw, of_asm, of_c  # noqa: E402
from mutation.journal import CAUGHT, Journal, shown  # noqa: E402
from mutation.report import explanations  # noqa: E402
from random import Random  # noqa: E402
from stack.callgraph import CallGraph, Problem  # noqa: E402

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
    for name in (*MUTATED, *ASSEMBLY):
        assert (ROOT / "ukernel" / name).exists()


def test_the_journal_goes_on(tmp_path, changes):
    heading = {"seed": 1}
    journal = Journal(tmp_path / "journal", heading)
    journal.note(changes[0], SAMPLE, CAUGHT, by="test_x: y")
    again = Journal(tmp_path / "journal", heading)
    assert again.judged() == 1 and again.entries[changes[0]]["by"] == "test_x: y"
    with pytest.raises(ValueError, match="other sources or another seed"):
        Journal(tmp_path / "journal", {"seed": 2})


def test_explanations_are_read(tmp_path):
    text = "ukernel/a.c\n- one\n+ two\n  because of this\n  and that\n"
    (tmp_path / "survivors").write_text(text)
    assert explanations(tmp_path / "survivors") == {("ukernel/a.c", "one", "two"): "because of this and that"}


# ---- Lines ----


def test_lines_that_run_are_noted_and_no_others(boot, tmp_path):
    plugin = BUILD / "tests" / "coverage" / "reach.so"
    boot("run=hello", plugin=f"{plugin},out={tmp_path}").wait()
    (noted,) = tmp_path.glob("*.reached")
    instructions = list(read(noted))
    core, other = (Core(BUILD / name, ROOT) for name in ("handoff.elf", "tests/handoff.elf"))
    assert core.is_it(instructions) and not other.is_it(instructions)
    lines = core.lines(address for address, _ in instructions)
    for file, text, reached in [("main.c", "cpu_identify();", True), ("mmu.c", "if (count > HF_OPERATIONS) return", True),
                                ("panic.c", 'log_print("\\npanic: %s\\n", what);', False)]:
        said = (ROOT / "ukernel" / file).read_text().splitlines()
        (number,) = [number for number, line in enumerate(said, 1) if text in line]
        assert ((f"ukernel/{file}", number) in lines) == reached


# ---- Stacks ----


def graph_of(tmp_path, text):
    """What is read of a source of one's own, beside the core's tables."""
    (tmp_path / "own.c").write_text(text)
    subprocess.run(["x86_64-linux-gnu-gcc", "-O2", "-mcmodel=kernel", "-fno-pic", "-fcallgraph-info=su", "-c",
                    "-fno-inline", "-o", "own.c.o", "own.c"], cwd=tmp_path, check=True)
    return CallGraph(BUILD / "handoff.elf", [tmp_path / "own.c.o"])


def test_the_deepest_path(tmp_path):
    graph = graph_of(tmp_path, """
        void low(char *at) { __asm__ volatile("" : : "r"(at) : "memory"); }
        void small(void) { char room[100]; low(room); __asm__(""); }
        void large(void) { char room[1000]; low(room); __asm__(""); }
        void top(int which) { if (which) small(); else large(); __asm__(""); }""")
    depth, path = graph.deepest("top")
    assert path == ["top", "large", "low"]
    assert 1016 <= depth <= 1100


@pytest.mark.parametrize("text, said", [
    ("int g(int n); int f(int n) { return n ? g(n / 2) + n : 0; } int g(int n) { return f(n) * n; }", "recursion"),
    ("void f(void (*g)(void)) { g(); __asm__(\"\"); }", "calls by a pointer"),
    ("void g(char *); void f(int n) { char room[n]; g(room); }", "is dynamic"),
    ("void g(void); void f(void) { g(); __asm__(\"\"); }", "nothing is known of g"),
    ("static void g(void) {} void (*hook)(void) = g;", "the address of g is taken"),
])
def test_what_is_not_certain_is_refused(tmp_path, text, said):
    with pytest.raises(Problem, match=said):
        graph_of(tmp_path, text).deepest("f")


def stack_words(machine):
    """The words of the stack that entries use, from its lower end."""
    said = machine.monitor("x /1024gx 0xffffe0000000e000")
    return [int(word, 16) for line in said.splitlines() for word in line.split(":")[1].split()]


def test_the_stack_is_never_deeper_than_computed(shell):
    """What is written while programs try everything wrong, and everything right."""
    said = subprocess.run(["make", "-s", f"BUILD={BUILD}", "stack"], cwd=ROOT, check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    (worst,) = re.findall(r"worst case: (\d+) of", said)
    before = stack_words(shell)
    for command in "badcalls all", "ipc all", "faults all", "randomcalls":
        shell.command(f"spawn {command}", 60)
    after_all = stack_words(shell)
    deepest = next(place for place, (old, new) in enumerate(zip(before, after_all)) if old != new)
    assert 0 < 8 * (1024 - deepest) <= int(worst)
    print(f"used {8 * (1024 - deepest)} of {worst} computed bytes")
