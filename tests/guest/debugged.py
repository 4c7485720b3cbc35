"""A guest to which gdb is attached, and the judges of what our commands say there: by what the auditor
reads from the guest's memory, and by what the shell says."""

import re
import shutil
import sys
import tempfile

import pytest

from debugger import Debugger
from machine import ROOT
from programs import memory as memory_of

sys.path.insert(0, str(ROOT / "tests"))

from audit import paging  # noqa: E402
from audit.memory import PAGE  # noqa: E402

LEVELS = {"PML4E": 4, "PDPTE": 3, "PDE": 2, "PTE": 1}
ENTRY = re.compile(r"  (PML4E|PDPTE|PDE|PTE) +(\d+)  0x([0-9a-f]{16})  (?:frame 0x(\w+) +)?(.*)")
FLAGS = {"user": paging.USER, "write": paging.WRITE, "nx": paging.NX, "accessed": paging.ACCESSED,
         "dirty": paging.DIRTY, "global": paging.GLOBAL, "uncached": paging.NO_CACHE, "device": paging.DEVICE}


@pytest.fixture(scope="module")
def debugged(boot_for_all):
    """debugged(cmdline, ...): a Machine, and the Debugger that can be attached to it."""
    folder = tempfile.mkdtemp(prefix="handoff-")
    started = []

    def start(cmdline="", extra=(), **options):
        debugger = Debugger(f"{folder}/{len(started)}")
        started.append(boot_for_all(cmdline, extra=(*debugger.options(), *extra), **options))
        debugger.await_guest()
        return started[-1], debugger

    yield start
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def idle(debugged):
    """A guest at the prompt, which all tests leave so."""
    machine, debugger = debugged(limit=1500)
    machine.prompt()
    for command in ("ps", "mem", "stat 1", "map 1", "why 1 0", "spawn touch 1"):  # init has the pages for them
        machine.command(command)
    return machine, debugger


def steps(memory, root, address):
    """(level, index, raw) of each entry that the processor reads."""
    table, found = root, []
    for level in (4, 3, 2, 1):
        index = address // paging.span(level) % 512
        raw = memory.table(table)[index]
        found.append((level, index, raw))
        if not raw & paging.PRESENT or (level < 4 and raw & paging.LARGE):
            break
        table = (raw & paging.ADDRESS) // PAGE
    return found


def judge_walk(lines, memory, root, address, frames=None):
    """`frames`: the auditor's frame table, once there is one."""
    assert re.match(rf"walk of 0x{address:x} from root frame 0x{root:x}\b", lines[0]), lines
    entries = [ENTRY.fullmatch(line) for line in lines[1:-1]]
    assert all(entries), lines
    assert [(LEVELS[e[1]], int(e[2]), int(e[3], 16)) for e in entries] == steps(memory, root, address)
    for entry in entries:
        judge_entry(entry, frames)
    leaf = paging.translate(memory, root, address)
    if leaf is None:
        assert "<-- missing" in entries[-1][5] and lines[-1] == "  nothing is mapped there"
        return
    who = "ring 3" if leaf.user else "the core"
    allowed = ["read"] + ["write"] * leaf.writable + ["execute"] * leaf.executable
    assert lines[-1] == f"  physical 0x{leaf.physical + address % leaf.size:x}; {who} may {', '.join(allowed)}"


def judge_entry(entry, frames):
    raw, words = int(entry[3], 16), entry[5].split()
    if not raw & paging.PRESENT:
        assert entry[5].startswith("not present") and entry[4] is None
        return
    large = LEVELS[entry[1]] in (2, 3) and raw & paging.LARGE
    frame = (raw & paging.ADDRESS) // PAGE
    assert int(entry[4], 16) == frame
    assert {word for word in FLAGS if word in words} == {word for word, bit in FLAGS.items() if raw & bit}
    assert ("page of" in entry[5]) == bool(large)
    if frames:
        kind, _, _, refs = frames.entry(frame)
        refs += frames.headers[frame // 512][3]
        assert entry[5].endswith(frames.name[kind] + (f", refs {refs}" if refs else "")), entry[0]


def one_sentence(lines):
    assert len(lines) == 1 and len(lines[0]) > 8 and "Traceback" not in lines[0] and "Python" not in lines[0], lines
    return lines[0]


def judge_tasks(lines, machine):
    """Against `ps`."""
    shown = {line.split()[0]: line for line in lines[1:]}
    for line in machine.command("ps")[1:]:
        number, _, priority, rest = re.fullmatch(r" *(\d+) +(\d+) +(\d+)  (.+)", line).groups()
        kib, name = rest.split()[-4], rest.split()[-1]
        found = re.match(rf" *{number} {name} +{priority} .* {kib}  (\S+)$", shown.pop(number))
        assert found and found[1].startswith(f"{name}:"), line
    assert list(shown) == ["-"]  # memsrv and its worker


def rights_of(words):
    return "".join(letter if word in words.split() else "-" for letter, word in
                   zip("rwx", ("read", "write", "execute")))


def name_of(text):
    """A region's, as `map` has it."""
    return re.sub(", from (0x.+)", r" from \1 on", text.removesuffix(", from 0x0"))


REGION = re.compile(r"  0x(\w+) to 0x(\w+)  (.{13}) +(\d+) of (\d+) pages(?: \((\d+) of 2 MiB\))?  (.+)")


def judge_pages(lines, root, guest):
    """How much is there, by the auditor's walk of all page tables; the lines, taken apart."""
    leaves = [entry for entry in paging.entries(guest.memory, root, 0, 256) if entry.leaf]
    shown = [REGION.fullmatch(line) for line in lines[1:]]
    for s in shown:
        inside = [leaf for leaf in leaves if int(s[1], 16) <= leaf.address < int(s[2], 16)]
        assert int(s[4]) == sum(leaf.size // PAGE for leaf in inside)
        assert int(s[5]) == (int(s[2], 16) - int(s[1], 16)) // PAGE
        assert int(s[6] or 0) == sum(leaf.size > PAGE for leaf in inside)
    return shown


def judge_regions(lines, number, machine, guest):
    """The same, and what they are against `map`."""
    root = next(task["cr3"] // PAGE for task in guest.tasks().values() if task["mark"] == number)
    shown = judge_pages(lines, root, guest)
    mapped = [line.split(None, 4) for line in machine.command(f"map {number}")[1:]]
    assert [(f"0x{s[1]}", f"0x{s[2]}", rights_of(s[3]), name_of(s[7])) for s in shown] == \
           [(start, end, rights, name.split(",")[0]) for start, end, rights, _, name in mapped]


def judge_buddy(lines, machine, guest):
    """Against `mem`, and the auditor's sums."""
    total, put_by, free = map(int, re.fullmatch(
        r"(\d+) frames are free, and (\d+) put by; the frame table has (\d+) FREE: they agree", lines[-1]).groups())
    blocks = [tuple(map(int, re.fullmatch(r" *(\d+) x (\d+)", line).groups())) for line in lines[1:-2]]
    at_hand = int(re.match(r" *at hand +(\d+) single", lines[-2])[1])
    assert sum(size * count for size, count in blocks) + at_hand == total
    assert total + put_by == free == guest.frames.sums()["FREE"]
    assert total == memory_of(machine)["free"]


def judge_frame(lines, frame, guest):
    kind, flags, tag, refs = guest.frames.entry(frame)
    assert lines[0].startswith(f"frame 0x{frame:x}, physical 0x{frame * PAGE:x}: {guest.frames.name[kind]}, ")
    header = guest.frames.headers[frame // 512]
    if guest.frames.by_itself(frame):
        assert lines[1].startswith(f"  entry: refs {refs}, tag 0x{tag:x}") and ("pinned" in lines[1]) == bool(flags & 1)
    run = next(line for line in lines if line.startswith("  run "))
    state = next(name for name, value in guest.frames.state.items() if value == header[0])
    assert run.startswith(f"  run 0x{frame // 512:x}: {state}, refs {header[3]}, ") and run.split()[-1] == str(header[2])
    roots = guest.frames.all_of("PML4")
    halves = [(root, 0, 256) for root in roots] + [(guest.root, 256, 512)]
    naming = [entry for half in halves for entry in paging.entries(guest.memory, *half)
              if entry.frame <= frame < entry.frame + (entry.size // PAGE if entry.leaf else 1)]
    told = [re.match(r"  (\w+) at 0x(\w+) in ", line) for line in lines[1:]]
    want = sorted((entry.address + (frame - entry.frame) * PAGE) % (1 << 64) for entry in naming)
    assert sorted(int(line[2], 16) for line in told if line) == want


def frames_to_ask(guest, draw):
    """Some of each type."""
    asked = [draw.choice(guest.frames.all_of(kind)) for kind in guest.frames.type if guest.frames.all_of(kind)]
    asked += draw.sample(guest.frames.all_of("USER"), 5)
    return asked + [next(run * 512 + 7 for run, header in enumerate(guest.frames.headers)
                         if header[0] == guest.frames.state["FREE"])]


def judge_ipc(lines, guest):
    """Against the auditor's reading of endpoints and tasks."""
    for frame in guest.frames.all_of("ENDPOINT"):
        endpoint = guest.object("endpoint", frame)
        waiting = [word for word in ("senders", "receivers") if endpoint[word]["first"]]
        line = next((line for line in lines if line.startswith(f"endpoint 0x{frame:x}  ")), "")
        assert bool(line) == bool(waiting or endpoint["bits"])
        assert ("sends:" in line) == ("senders" in waiting) and ("receives:" in line) == ("receivers" in waiting)
    held = sum(bool(task["held"]["first"]) for task in guest.tasks().values())
    assert sum(" has set aside the calls of " in line for line in lines) == held
    in_hand = sum(task["caller"] > 1 for task in guest.tasks().values())
    assert sum(" has in hand the call of " in line for line in lines) == in_hand


def outcomes(lines):
    """What the shell's `why` and gdb's say of the three accesses, in the same words."""
    found = [re.match(r"  (read|write|fetch):? +(.*)", line) for line in lines]
    return {each[1]: re.sub(r"^page fault, error 0x\w+; |^exception 13; |^memsrv ", "", each[2].replace("; memsrv ", "; "))
            for each in found if each}


def judge_outcome(shell, mine):
    """`is done without a fault`; `brings a zeroed page`; `ends the task: ...`."""
    if shell == "is done without a fault":
        assert mine == "no fault"
    elif shell.startswith("ends the task: "):
        assert mine.startswith("ends the task: ") and mine.endswith(shell.removeprefix("ends the task: "))
    else:
        assert mine == shell
