"""gdb's side of test_debug.py: whenever memsrv has answered a request to explain an address, compares its
answer with what tools/gdb foresees for the same task and address. Ends with the program `explains`."""

import gdb

from command import View
from foresee import ACCESSES, Foresight
from guest import physical_memory

BUFFER = "((struct hf_explain *)((struct hf_buffer *)0x20000000)->bytes)"


def said():
    """memsrv's answer: number, address, and (outcome, reason) by name for each access."""
    answer = gdb.parse_and_eval(f"*{BUFFER}")
    outcomes = [gdb.parse_and_eval(f"(enum hf_outcome){int(answer['access'][at]['outcome'])}") for at in range(3)]
    reasons = [gdb.parse_and_eval(f"(enum hf_reason){int(answer['access'][at]['reason'])}") for at in range(3)]
    return int(answer["number"]), int(answer["address"]), [
        (str(outcome).removeprefix("HF_OUTCOME_"), str(reason).removeprefix("HF_REASON_"))
        for outcome, reason in zip(outcomes, reasons)]


def foreseen(number, address):
    with physical_memory() as memory:
        foresight = Foresight(View(memory).memsrv.tasks[number], address)
        return [foresight.of(access) for access in ACCESSES]


def is_over():
    """Whether memsrv ends the program that the shell has spawned."""
    name = gdb.parse_and_eval("task->name").string()
    parent = gdb.parse_and_eval("task->parent")
    return name == "explains" and int(parent) and parent["name"].string() == "init"


def compare():
    counts, seen = [0, 0], set()
    while True:
        gdb.execute("continue", to_string=True)
        if gdb.selected_frame().name() == "end_task":
            if is_over():
                break
            continue
        while gdb.selected_frame().name() == "explain_serve":  # an interrupt may bring gdb here again
            gdb.execute("finish", to_string=True)
        if int(gdb.parse_and_eval("$")) != 0:
            continue  # refused: there is no answer
        number, address, answers = said()
        mine = foreseen(number, address)
        counts[0] += 1
        seen |= {outcome for outcome, _ in answers} | {reason for _, reason in answers}
        if mine != answers:
            counts[1] += 1
            print(f"0x{address:x} of task {number}: memsrv says {answers}, gdb {mine}")
    print(f"compared {counts[0]}, different {counts[1]}, seen {' '.join(sorted(seen))}")


gdb.execute("break explain_serve", to_string=True)
gdb.execute("break end_task", to_string=True)
compare()
gdb.execute("delete", to_string=True)
