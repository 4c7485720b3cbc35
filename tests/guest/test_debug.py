"""gdb's commands of tools/gdb, from power-on to the prompt: what they say is compared with what the auditor
reads from the guest's memory, and with what memsrv says itself."""

import random
import re

from audit import paging
from audit.guest import frame_of
from audit.memory import PAGE, Memory
from debugged import (debugged, frames_to_ask, idle, judge_buddy, judge_frame, judge_ipc,  # noqa: F401
                      judge_outcome, judge_regions, judge_tasks, judge_walk, one_sentence, outcomes)
from machine import BUILD

COMMANDS = ["walk 0x400000", "why 0x400000", "frame 0x200", "task", "regions", "ipc", "buddy"]


# ---- while the core boots ----

def test_before_page_tables(debugged):
    _, debugger = debugged(extra=("-S",))
    for lines in debugger.run(*COMMANDS):
        assert one_sentence(lines) == \
            "the processor doesn't use page tables yet (break core_main is the first place in C)"


def test_while_the_core_boots(debugged):
    machine, debugger = debugged(extra=("-S",))
    walked = [0, 0x201000, 0x7FFF_0000_0000, 0xFFFF_8000_0000_1000, 0xFFFF_FFFF_8020_1000]
    said = debugger.run("break core_main", "continue", "print/x $cr3", *[f"walk {at}" for at in walked], *COMMANDS[1:])
    root = int(said[2][0].split("0x")[1], 16) // PAGE
    for address, lines in zip(walked, said[3:]):
        judge_walk(lines, Memory(machine.physical), root, address)
    for lines in said[3 + len(walked):]:
        assert "no frame table yet" in one_sentence(lines)


def test_before_memsrv(debugged):
    _, debugger = debugged(extra=("-S",))
    said = debugger.run("break handoff", "continue", "why 0x10", "task", "regions", "ipc", "buddy", "delete",
                        "break memsrv_main", "continue", "why 0x10", "why boot", "regions", "why 0 1", "buddy")
    assert all("there is no memsrv yet" in one_sentence(lines) for lines in said[2:7])
    ends = "page fault, and the end of the machine: nobody pages the pager"
    assert said[10][-3:] == [f"  read:  {ends}", f"  write: {ends}", f"  fetch: {ends}"]
    assert said[11][-3:] == ["  read:  no fault", f"  write: {ends}", f"  fetch: {ends}"]
    assert "memsrv runs" in one_sentence(said[12])
    assert one_sentence(said[13]) == "there is no task '1' (task lists them)"
    assert said[14][0].startswith("free blocks") and said[14][-1].startswith("0 frames are free, and 0 put by")


# ---- at the prompt ----

def test_walks(idle, look):
    machine, debugger = idle
    guest = look(machine)
    draw = random.Random(1)
    asked = []
    for root in guest.frames.all_of("PML4"):
        mapped = [entry.address for entry in paging.entries(guest.memory, root) if entry.leaf]
        some = draw.sample(mapped, 4) + [draw.randrange(1 << 47) for _ in range(2)] + [draw.randrange(1 << 33)]
        asked += [(root, address + draw.randrange(PAGE)) for address in some]
    for (root, address), lines in zip(asked, debugger.run(*[f"walk {at} {root}" for root, at in asked])):
        judge_walk(lines, guest.memory, root, address, guest.frames)
    machine.resume()


def test_tasks(idle, look):
    machine, debugger = idle
    guest = look(machine)
    numbers = [1, 2, 3]
    said = debugger.run("task", *[f"task {number}" for number in numbers], "task console")
    machine.resume()
    judge_tasks(said[0], machine)
    assert sum("memsrv:" in line for line in said[0]) == 2
    assert said[4] == said[2]
    by_mark = {task["mark"]: (frame, task) for frame, task in guest.tasks().items()}
    for number, lines in zip(numbers, said[1:]):
        frame, task = by_mark[number]
        text = "\n".join(lines)
        assert f"task 0x{frame:x}, root 0x{task['cr3'] // PAGE:x}, IPC buffer 0x{frame_of(task['buffer']):x}, " \
               f"handle table 0x{frame_of(task['handles']):x}" in text
        assert f"rip       0x{task['registers']['rip']:x} " in text or guest.registers["CS"] & 3 == 3
        stat = "\n".join(machine.command(f"stat {number}"))
        for kind in ("pages", "shared", "tables", "objects", "records"):
            count = re.search(rf"^  {kind} +(\d+)", stat, re.MULTILINE)[1]
            assert re.search(rf"holds .*\b{count} {kind}", text), kind
        limit = re.search(r"^quota\n  frames +(\d+)", stat, re.MULTILINE)[1]
        assert f" of {limit} frames used" in text


def test_regions(idle, look):
    machine, debugger = idle
    guest = look(machine)
    said = debugger.run("regions 1", "regions console", "regions 3")
    machine.resume()
    for number, lines in zip((1, 2, 3), said):
        judge_regions(lines, number, machine, guest)


def test_free_blocks(idle, look):
    machine, debugger = idle
    machine.command("spawn touch 3")
    guest = look(machine)
    said = debugger.run("buddy")
    machine.resume()
    judge_buddy(said[0], machine, guest)


def test_frames(idle, look):
    machine, debugger = idle
    guest = look(machine)
    asked = frames_to_ask(guest, random.Random(2))
    for frame, lines in zip(asked, debugger.run(*[f"frame {frame}" for frame in asked])):
        judge_frame(lines, frame, guest)
    buffers = {frame_of(task["buffer"]): task["mark"] for task in guest.tasks().values() if task["mark"]}
    machine.resume()
    frame, number = next(iter(buffers.items()))
    look(machine)
    assert any(re.match(rf"  IPC buffer of {number} ", line) for line in debugger.run(f"frame {frame}")[0])
    machine.resume()


def test_who_waits(idle, look):
    machine, debugger = idle
    guest = look(machine)
    said = debugger.run("ipc")[0]
    machine.resume()
    judge_ipc(said, guest)
    assert said[-1] == "no circles" and any(line.startswith("1 init waits for 2 console") for line in said)


def test_why_says_what_memsrv_says(idle, look):
    machine, debugger = idle
    asked = [(number, address) for number in (1, 2, 3)
             for address in [0x10, 0x5000_0000_0000, 0xFFFF_8000_0000_0000, 0x1000_0000_0000_0000]]
    for number in (1, 2, 3):
        for line in machine.command(f"map {number}")[1:]:
            start, end = line.split()[:2]
            asked += [(number, int(start, 16)), (number, int(end, 16) - 1)]
    look(machine)
    said = debugger.run(*[f"why {address} {number}" for number, address in asked])
    machine.resume()
    for (number, address), lines in zip(asked, said):
        shell = outcomes(machine.command(f"why {number} 0x{address:x}"))
        mine = outcomes(lines)
        for access, text in shell.items():
            judge_outcome(text, mine[access])


# ---- bad input ----

SENTENCES = {
    "walk": "usage: walk ADDRESS [ROOT]",
    "walk 1 2 3": "usage: walk ADDRESS [ROOT]",
    "walk nosuch": "'nosuch': No symbol \"nosuch\" in current context",
    "walk (": "'(': A syntax error in expression, near `'",
    "walk 0x1000000000000000": "0x1000000000000000 is no address: bits 47 to 63 differ",
    "walk 0 0x200": "frame 0x200 is no PML4 but CORE",
    "walk 0 0x7fffffffffff": "frame 0x7fffffffffff is no PML4 but RESERVED",
    "why": "usage: why ADDRESS [TASK]",
    "why 0": "nobody runs at the moment: say which task is meant, by its number or name (task lists them)",
    "why 0 nosuch": "there is no task 'nosuch' (task lists them)",
    "why 0 999": "there is no task '999' (task lists them)",
    "frame": "usage: frame N",
    "frame 0x123456789": "frame 0x123456789 is above all RAM: the table knows those below 0x8000",
    "task 1 2": "usage: task [N|NAME]",
    "task -1": "there is no task '-1' (task lists them)",
    "regions": "nobody runs at the moment: say which task is meant, by its number or name (task lists them)",
    "regions 99": "there is no task '99' (task lists them)",
    "ipc 1": "usage: ipc",
    "buddy 1": "usage: buddy",
}


def test_bad_input(idle, look):
    machine, debugger = idle
    look(machine)
    said = debugger.run(*SENTENCES)
    machine.resume()
    assert dict(zip(SENTENCES, map(one_sentence, said))) == SENTENCES


def test_without_symbols_or_guest(idle, look):
    machine, debugger = idle
    look(machine)
    said = debugger.run("symbol-file", "walk 0", "task", "disconnect", f"symbol-file {BUILD / 'handoff.elf'}", "walk 0")
    machine.resume()
    assert one_sentence(said[1]) == one_sentence(said[2]) == "there are no symbols: make debug loads them"
    assert one_sentence(said[5]) == "no guest is attached: make debug starts one"


def test_help(idle, look):
    machine, debugger = idle
    look(machine)
    names = [command.split()[0] for command in COMMANDS]
    for name, lines in zip(names, debugger.run(*[f"help {name}" for name in names])):
        assert re.match(rf"{name}\b.*: .+", lines[0]) and len(lines) > 2
    machine.resume()
