"""gdb's commands of tools/gdb in states that a guest is rarely seen in: a fault, a fork, a circle, a pager
that is asked, pages of 2 MiB."""

import re

from debugged import (debugged, idle, judge_frame, judge_ipc, judge_pages, judge_regions,  # noqa: F401
                      judge_walk, outcomes)
from machine import ROOT


def explained(idle, name):
    """Runs a test of tests/tasks/explains, each of whose questions is answered by memsrv and by gdb."""
    machine, debugger = idle
    machine.pause()
    machine.send(f"spawn explains {name}\r")
    said = debugger.run(f"source {ROOT / 'tests' / 'guest' / 'explained.py'}", timeout=300)[0]
    machine.resume()
    assert f"ok {name}" in machine.prompt()
    assert said[-1].startswith("compared"), "\n".join(said)
    count, different, seen = re.fullmatch(r"compared (\d+), different (\d+), seen (.+)", said[-1]).groups()
    assert int(different) == 0, "\n".join(said)
    return int(count), set(seen.split())


def test_foresees_what_memsrv_does(idle):
    count, seen = explained(idle, "fresh_read")
    assert count > 40 and {"ZERO", "LARGE", "OBJECT", "GUARD", "NO_REGION", "NULL_PAGE", "KERNEL"} <= seen


def test_foresees_what_memsrv_does_after_a_fork(idle):
    count, seen = explained(idle, "forked")
    assert count > 100 and {"COPY", "REUSE", "DONE", "READ_ONLY", "NOT_EXECUTABLE"} <= seen


def test_fault(idle):
    """From the fault to what the shell says about it."""
    machine, debugger = idle
    machine.pause()
    machine.send("spawn badptr\r")
    said = debugger.run("break fault_page if request->message.word[0] == 0x10", "continue", "task", "ipc",
                        "why 0x10 badptr", "delete")
    machine.resume()
    number = re.search(r"^ *(\d+) badptr +100 waits for memsrv with a fault", "\n".join(said[2]), re.MULTILINE)[1]
    assert f"memsrv has in hand the call of {number} badptr" in said[3]
    assert f"{number} badptr waits for memsrv with a fault" in said[3]
    foreseen = outcomes(said[4])["write"].removeprefix("ends the task: ")
    assert foreseen == "in the null page, which is never mapped"
    assert f"badptr: write to 0x10 {foreseen}" in machine.prompt()


def test_copy_on_write(idle, look):
    """The first write to a page that a fork shares: two leaves that are read-only, and a copy foreseen."""
    machine, debugger = idle
    machine.pause()
    machine.send("spawn explains forked\r")
    said = debugger.run("break copy_page if fault->refs == 2", "continue", "frame fault->entry >> 12 & 0xffffffffff",
                        "why fault->address request->task->number", "print fault->refs", "delete")
    frame = int(re.match(r"frame 0x(\w+)", said[2][0])[1], 16)
    mapped = [line for line in said[2] if line.startswith("  mapped at") and " in the core:" not in line]
    assert len(mapped) == 2 and all("read-only" in line for line in mapped) and "refs 2" in said[2][1]
    judge_frame(said[2], frame, look(machine))
    assert outcomes(said[3])["write"] == "copies the page" and outcomes(said[3])["read"] == "no fault"
    machine.resume()
    assert "ok forked" in machine.prompt()


def in_test(idle, name, place, command):
    """What gdb says to a command, when a test of tests/tasks/ipc makes memsrv come to that place."""
    machine, debugger = idle
    machine.pause()
    machine.send(f"spawn ipc {name}\r")
    said = debugger.run(f"break {place}", "continue", "delete", command)[-1]
    machine.resume()
    assert f"ok {name}" in machine.prompt()
    return said


def test_circle(idle):
    """Three tasks that call each other, before one of them is killed; the fourth has called the first."""
    said = in_test(idle, "circle_of_three_is_killed", 'end_task if $_streq(task->name, "ipc")', "ipc")
    circles = [line for line in said if line.startswith("circle")]
    waits = dict(re.findall(r"^(\d+) ipc waits for (\d+) ipc$", "\n".join(said), re.MULTILINE))
    first, second, third = re.search(r": (\d+) ipc -> (\d+) ipc -> (\d+) ipc -> \1 ipc$", circles[0]).groups()
    sender = next(number for number in (first, second, third) if number not in waits)
    endpoint = next(line.split()[-1] for line in said if line.startswith(f"{sender} ipc sends to endpoint"))
    assert len(circles) == 1 and f"endpoint {endpoint}  sends: {sender} ipc" in said
    assert sum(waits.get(a) == b for a, b in ((first, second), (second, third), (third, first))) == 2


def test_who_calls_himself(idle):
    said = in_test(idle, "call_to_oneself_waits", 'end_task if $_streq(task->name, "ipc")', "ipc")
    assert re.fullmatch(r"circle: (\d+) ipc -> \1 ipc", said[-1]), "\n".join(said)


def test_no_circle(idle):
    said = in_test(idle, "chain_of_four", 'end_task if $_streq(task->name, "ipc")', "ipc")
    assert said[-1] == "no circles"


def test_pager_that_is_asked(idle, look):
    machine, debugger = idle
    machine.command("spawn pagers silent &")
    machine.command("sleep 0.3")
    pager, client = sorted(int(line.split()[0]) for line in machine.command("ps") if line.split()[-1] == "pagers")
    guest = look(machine)
    asked = f"((struct task *)numbers[{client}])->asked.address"
    said = debugger.run("ipc", f"task {client}", f"regions {client}", "task pagers")
    judge_ipc(said[0], guest)
    assert f"{client} pagers waits for the page of {pager} pagers" in said[0]
    assert f"  state     waits for the page of {pager} pagers" in said[1]
    assert len(said[3]) == 3 and said[3][1].split()[0] == str(pager) and said[3][2].split()[0] == str(client)
    machine.resume()
    judge_regions(said[2], client, machine, guest)
    look(machine)
    start = next(int(line.split()[0], 16) for line in said[2][1:] if "pager's memory" in line)
    outcome = outcomes(debugger.run(f"why {start} {client}")[0])["read"]
    machine.resume()
    assert outcome == f"asks the pager (task {pager} pagers)"
    machine.command(f"kill {pager}")
    machine.command("sleep 0.3")


def await_large_page(machine, look):
    """The guest, and a run that is a page of 2 MiB of somebody's."""
    for _ in range(200):
        guest = look(machine)
        runs = [run for run, header in enumerate(guest.frames.headers) if header[0] == guest.frames.state["USER"]]
        if runs:
            return guest, runs[0]
        machine.resume()
    raise AssertionError("no page of 2 MiB came")


def test_large_page(idle, look):
    machine, debugger = idle
    machine.command("spawn touch 48 1000 &")
    guest, run = await_large_page(machine, look)
    frame = run * 512 + 5
    said = debugger.run(f"frame {frame}", "regions touch", "task touch")
    judge_frame(said[0], frame, guest)
    address = next(int(line.split()[2], 16) for line in said[0] if " touch: " in line)
    root = int(re.search(r"root 0x(\w+)", "\n".join(said[2]))[1], 16)
    assert any(int(region[6] or 0) and region[7] == "memory" for region in judge_pages(said[1], root, guest))
    walked, why = debugger.run(f"walk {address} {root}", f"why {address} touch")
    judge_walk(walked, guest.memory, root, address, guest.frames)
    assert "page of 2 MiB" in walked[-2] and outcomes(why)["write"] == "no fault"
    machine.resume()
    machine.command("kill " + re.match(r"task (\d+)", said[2][0])[1])
