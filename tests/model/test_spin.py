"""The model of messages, explored in each scenario; and faults planted into it, each of which has to be
found. MODEL_INTERFERENCES=N in the environment: how often memsrv stops or ends something."""

import os

import pytest

from model.spin import Verifier

INTERFERENCES = os.environ.get("MODEL_INTERFERENCES")
SCENARIOS = ["clients", "holder", "threads", "fault", "notify", "chain", "priority"]


def explore(scenario, folder, defines=(), **options):
    if INTERFERENCES:
        defines = [*defines, ("INTERFERENCES", INTERFERENCES)]
        options.setdefault("optimize", 2)
    found = Verifier(scenario, folder, defines, **options).run(limit=3600 if INTERFERENCES else 600)
    print(f"{scenario}: {found.states} states")
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario, tmp_path):
    found = explore(scenario, tmp_path)
    assert found.sound, found.text


def test_every_way_ends(tmp_path):
    """So whoever isn't through when nothing moves, never would be."""
    found = Verifier("chain", tmp_path, [("INTERFERENCES", 2)], cycles=True).run()
    assert found.sound, found.text


def test_a_way_that_never_ends_is_found(tmp_path):
    forgets = ("    drain(senders[e]);\n", "")
    found = Verifier("chain", tmp_path, [("INTERFERENCES", 2)], [forgets], cycles=True).run()
    assert found.endless, found.text


def test_circles_wait_for_ever(tmp_path):
    """So the check for deadlock can fail."""
    found = explore("circle", tmp_path)
    assert found.wrong == "0" and not found.sound, found.text


def test_nothing_else_waits_for_ever(tmp_path):
    found = explore("circle", tmp_path, [("CIRCLES_ALLOWED", "true")])
    assert found.sound, found.text


# name, scenario in which it shows, what is written differently in ipc.pml or manage.pml
PLANTED = [
    ("a stopped sender stays queued", "clients",
     "state == SENDING -> senders[task[t].queued_at]??eval(t)", "state == SENDING -> skip"),
    ("a stopped receiver stays queued", "clients",
     "state == RECEIVING -> receivers[task[t].queued_at]??eval(t)", "state == RECEIVING -> skip"),
    ("a stopped caller stays in hand", "clients",
     "        task[other_].caller = GONE_CALL;\n", ""),
    ("a stopped caller lends its priority for ever", "priority",
     ";\n        task[other_].effective = task[other_].base\n", "\n"),
    ("a stopped caller leaves no call in hand", "clients",
     "task[other_].caller = GONE_CALL", "task[other_].caller = NO_CALL"),
    ("a stopped caller stays held", "holder", ":: else -> held[other_]??eval(t)", ":: else -> skip"),
    ("a stop doesn't count", "holder", "    task[t].cancelled++;\n", ""),
    ("a server's end doesn't count", "threads", "    task[caller].cancelled++;\n", ""),
    ("a late reply isn't told by the count", "holder",
     "task[handle.object].cancelled == handle.count && ", ""),
    ("a new task in the frame isn't told by the serial", "holder",
     "task[handle.object].serial == handle.serial", "true"),
    ("who holds the call isn't asked", "threads",
     ":: HANDLE(t, slot).used && waits_ && task[taken_].server != t -> task[t].status = DENIED\n", ""),
    ("a held call is in no list", "holder", "            held[t]!task[t].caller\n", "            skip\n"),
    ("bits are dropped when nobody receives", "notify",
     "endpoint[e].bits = endpoint[e].bits | bits_;",
     "endpoint[e].bits = (len(receivers[e]) == 0 -> 0 : endpoint[e].bits | bits_);"),
    ("bits replace earlier ones", "notify",
     "endpoint[e].bits = endpoint[e].bits | bits_;", "endpoint[e].bits = bits_;"),
    ("bits come twice", "notify", "    endpoint[e].bits = 0\n}\n\n/* A call", "    skip\n}\n\n/* A call"),
    ("a message overtakes bits", "notify",
     ":: endpoint[e].bits != 0 -> deliver_bits(t, e)\n"
     "    :: endpoint[e].bits == 0 && len(senders[e]) > 0 ->",
     ":: endpoint[e].bits != 0 && len(senders[e]) == 0 -> deliver_bits(t, e)\n"
     "    :: len(senders[e]) > 0 ->"),
    ("bits wake nobody", "notify", "        :: len(receivers[e]) > 0 ->\n            receivers",
     "        :: false ->\n            receivers"),
    ("a notified receiver stays queued", "notify",
     "receivers[e]?other_;\n            deliver_bits", "receivers[e]?<other_>;\n            deliver_bits"),
    ("a receiver that gets a call stays queued", "clients",
     "receivers[e]?other_;\n        deliver", "receivers[e]?<other_>;\n        deliver"),
    ("a receiver doesn't look for senders", "clients",
     ":: endpoint[e].bits == 0 && len(senders[e]) > 0 ->", ":: false ->"),
    ("a reply leaves the call in hand", "clients",
     "caller_ = task[t].caller;\n    task[t].caller = NO_CALL;", "caller_ = task[t].caller;"),
    ("a server's end forgets the call in hand", "clients",
     "caller_ = task[t].caller; abandon(caller_)", "skip"),
    ("a server's end forgets held calls", "holder",
     "held[t]?woken_; abandon(woken_); left_--", "held[t]?woken_; left_--"),
    ("an endpoint's end forgets senders", "clients", 
     "    drain(senders[e]);\n    if\n    :: len(receivers[e]) == 0 && len(senders[e]) == 0 ->",
     "    if\n    :: len(receivers[e]) == 0 ->"),
    ("an endpoint that ends takes new calls", "clients", "    endpoint[e].serial = 0;\n    endpoint[e].owed",
     "    endpoint[e].owed"),
    ("a stopped fault stays one", "fault",
     ":: task[t].fault -> task[t].fault = false", ":: task[t].fault -> skip"),
    ("a fault's end changes registers", "fault",
     ":: task[t].fault -> task[t].fault = false",
     ":: task[t].fault -> task[t].fault = false; task[t].status = result"),
    ("a fault's answer changes registers", "fault", ":: !task[to].fault ->", ":: true ->"),
    ("a fault goes to a pager that has ended", "fault",
     ":: !ALIVE(task[t].pager, task[t].pager_serial) -> task[t].state = STOPPED", ":: false -> skip"),
    ("a server doesn't inherit its caller's priority", "priority",
     "task[receiver].effective = task[sender].effective", "skip"),
    ("a server keeps its caller's priority", "priority",
     "task[t].caller = NO_CALL;\n    task[t].effective = task[t].base;\n    if\n    :: caller_",
     "task[t].caller = NO_CALL;\n    if\n    :: caller_"),
]


@pytest.mark.parametrize("scenario, old, new", [planted[1:] for planted in PLANTED],
                         ids=[planted[0].replace(" ", "-") for planted in PLANTED])
def test_planted_fault_is_found(scenario, old, new, tmp_path):
    found = Verifier(scenario, tmp_path, changes=[(old, new)]).run()
    assert found.wrong, found.text
    print(f"found at depth {found.depth}: {found.wrong}")
