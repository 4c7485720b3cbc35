"""The tools that tests and core are judged by: lines that are reached, stacks."""

import re
import subprocess
import sys

import pytest

from machine import BUILD, ROOT

sys.path.insert(0, str(ROOT / "tests"))

from coverage.guest import TOLERATED, Core, read  # noqa: E402
from coverage.report import complaints, reasons  # noqa: E402
from stack.assembly import calls  # noqa: E402
from stack.callgraph import CallGraph, Problem  # noqa: E402


# ---- Lines ----


def test_lines_that_run_are_noted_and_no_others(boot, tmp_path):
    plugin = BUILD / "tests" / "coverage" / "reach.so"
    boot("run=hello", plugin=f"{plugin},out={tmp_path}").wait()
    (noted,) = tmp_path.glob("*.reached")
    instructions = list(read(noted))
    core, other = (Core(BUILD / name, ROOT) for name in ("handoff.elf", "tests/handoff.elf"))
    assert core.differences(instructions) < min(TOLERATED, other.differences(instructions))
    lines = core.lines(address for address, _ in instructions)
    for file, text, reached in [("main.c", "cpu_identify();", True),
                                ("mmu.c", "if (count > HF_OPERATIONS)", True),
                                ("panic.c", 'log_print("\\npanic: %s\\n", what);', False)]:
        said = (ROOT / "ukernel" / file).read_text().splitlines()
        (number,) = [number for number, line in enumerate(said, 1) if text in line]
        assert ((f"ukernel/{file}", number) in lines) == reached


def test_reasons_are_read_and_compared(tmp_path):
    path = tmp_path / "unreached.txt"
    path.write_text("# what this is\n\n"
                    "ukernel/a.c\nf: return 1;\nf: return 1;\ng: int a = b ? c: d;\n  why not\n\n"
                    "ukernel/b.c\nh: }\n  why\n")
    known = reasons(path)
    assert known == {("ukernel/a.c", "f", "return 1;"): 2, ("ukernel/a.c", "g", "int a = b ? c: d;"): 1,
                     ("ukernel/b.c", "h", "}"): 1}
    found = [("ukernel/a.c", "f", "return 1;"), ("ukernel/a.c", "g", "int a = b ? c: d;"),
             ("ukernel/b.c", "i", "}")]
    assert list(complaints(found, known)) == [
        "nothing reaches it, and no reason is given: ukernel/b.c i: }",
        "a reason is given, and it is reached or isn't there: ukernel/a.c f: return 1;",
        "a reason is given, and it is reached or isn't there: ukernel/b.c h: }"]
    path.write_text("ukernel/a.c\nf: return 1;\n")
    with pytest.raises(ValueError, match="no reason"):
        reasons(path)


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
    ("int g(int); int f(int n) { return n ? g(n / 2) + n : 0; } int g(int n) { return f(n) * n; }", "recursion"),
    ("void f(void (*g)(void)) { g(); __asm__(\"\"); }", "calls by a pointer"),
    ("void g(char *); void f(int n) { char room[n]; g(room); }", "is dynamic"),
    ("void g(void); void f(void) { g(); __asm__(\"\"); }", "nothing is known of g"),
    ("static void g(void) {} void (*hook)(void) = g;", "the address of g is taken"),
])
def test_what_is_not_certain_is_refused(tmp_path, text, said):
    with pytest.raises(Problem, match=said):
        graph_of(tmp_path, text).deepest("f")


def of_assembly(tmp_path, text):
    (tmp_path / "own.asm").write_text(f"extern known, other\nstart:\n{text}\n")
    subprocess.run(["nasm", "-f", "elf64", "-o", "own.o", "own.asm"], cwd=tmp_path, check=True)
    return calls(tmp_path / "own.o", {"known"})


def test_what_assembly_has_pushed(tmp_path):
    found = of_assembly(tmp_path, """
        call known
        mov rsp, 0x1000
        push rax
        je .further
        sub rsp, 32
        call known
        add rsp, 32
        jmp other
        .further: call rdi
        mov rsp, rdi
        call known""")
    assert found == [("known", None), ("known", 40), ("*", 8), ("known", None)]
    with pytest.raises(Problem, match="jumps into C: known"):
        of_assembly(tmp_path, "jne known")


def stack_words(machine):
    """The words of the stack that entries use, from its lower end."""
    said = machine.monitor("x /1024gx 0xffffe0000000e000")
    return [int(word, 16) for line in said.splitlines() for word in line.split(":")[1].split()]


def used(words, before):
    """How many bytes of a stack are other than before."""
    return 8 * (len(words) - next(place for place, (new, old) in enumerate(zip(words, before)) if new != old))


def test_no_stack_is_deeper_than_computed(shell):
    """What is written while booting, and while programs try everything right and everything wrong."""
    said = subprocess.run(["make", "-s", f"BUILD={BUILD}", "stack"], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    computed = {name: int(size) for name, size in re.findall(r"^(\w+) +(\d+) +8192 ", said, re.MULTILINE)}
    booted = stack_words(shell)
    for command in "badcalls all", "ipc all", "faults all", "randomcalls 1 2 2000":
        lines = shell.command(f"spawn {command}", 60)
        assert not [line for line in lines if line.startswith(("not ok", "Usage"))]
    by_booting, by_entries = used(booted, [0] * len(booted)), used(stack_words(shell), booted)
    print(f"{by_booting} bytes used by booting, {by_entries} by programs; computed: {computed}")
    assert computed["finish"] // 2 <= by_booting <= computed["finish"]
    assert computed["entered_by_call"] // 4 <= by_entries
    others = {"core_main", "finish", "entered_by_core_exception"}  # of booting, and of the end
    assert by_entries <= max(computed[name] for name in computed.keys() - others)
