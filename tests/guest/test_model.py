"""What tasks told each other in the guest, judged by the model of messages: spin decides whether the core
may behave as the log says. HANDOFF_SEED=N draws others, HANDOFF_SOAK=N plays N times as many."""

import os
import random

import pytest

from model.replay import Replay, events_of

SEED = int(os.environ.get("HANDOFF_SEED", "1"))
TIMES = int(os.environ.get("HANDOFF_SOAK", "1"))
ROUNDS = 200
LIMIT = 120 + 60 * TIMES
ROLES = range(1, 5)


@pytest.fixture(scope="module")
def replay(tmp_path_factory):
    return Replay(tmp_path_factory.mktemp("replay"))


@pytest.fixture(scope="module")
def play(boot_for_all):
    """play(seed, cmdline): the log of such a run; each guest serves all runs with its command line."""
    guests, logs = {}, {}

    def play_once(seed, cmdline=""):
        if cmdline not in guests:
            guests[cmdline] = boot_for_all(cmdline, limit=LIMIT)
            guests[cmdline].prompt()
        if (seed, cmdline) not in logs:
            said = guests[cmdline].command(f"spawn protocol {seed} {ROUNDS}", LIMIT)
            assert said[-1] == f"protocol: {ROUNDS} rounds from seed {seed}: played", said[-3:]
            logs[seed, cmdline] = events_of(said)
        return logs[seed, cmdline]

    return play_once


def explained(replay, events):
    """How many of the events the model can produce: the rest starts with one that it can't."""
    low, high = 0, len(events)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if replay.accepts(events[:middle]) else (low, middle - 1)
    return low


def assert_accepted(replay, events):
    if not replay.accepts(events):
        end = explained(replay, events)
        last = events[max(0, end - 40):end + 1]
        raise AssertionError("the last of these can't be:\n" + "\n".join(map(str, last)))


@pytest.mark.parametrize("cmdline", ["", "fastpath=off"])
@pytest.mark.parametrize("seed", range(SEED, SEED + 3 * TIMES))
def test_the_model_can_do_what_the_core_did(play, replay, seed, cmdline):
    events = play(seed, cmdline)
    assert_accepted(replay, events)
    print(f"seed {seed}: {len(events)} events, {replay.states} states")


def test_the_model_can_do_what_the_core_did_in_bochs(bochs, replay):
    events = events_of(bochs(f"run=protocol {SEED} 40").wait().split("\n"))
    assert len(events) > 80
    assert_accepted(replay, events)


def test_the_logs_have_everything(play):
    """Each kind of thing that is there to be judged, several times."""
    events = [event for seed in range(SEED, SEED + 3) for event in play(seed)]
    ends = [event for event in events if event.name == "end"]
    for status in ("OK", "DEAD", "BAD_CALL", "BAD_HANDLE", "DENIED", "WOULD_BLOCK"):
        assert sum(event.status == status for event in ends) >= 3, status
    for kind in ("CALL", "ANSWER", "NOTIFICATION"):
        assert sum(event.kind == kind for event in ends) >= 10, kind
    for name in ("killed", "ruined"):
        assert sum(event.name == name for event in events) >= 3, name
    told = {event.command for event in events if event.name == "begin"}
    assert told >= {"HOLD", "REPLY_HELD", "CLOSE", "REPLY", "REPLY_RECEIVE", "REPLY_RECEIVE_NOWAIT"}


# ---- falsified logs: each of these takes a log, and gives others that can't be ----

def done(events):
    """(begin, end) by their places, for all commands that were finished."""
    begun = {}
    for place, event in enumerate(events):
        if event.name == "begin":
            begun[event.role] = place
        elif event.name in ("end", "kill"):
            begin = begun.pop(event.role, None)
            if event.name == "end":
                yield begin, place


def insert(events, place, *more):
    return [*events[:place], *more, *events[place:]]


def put(events, place, event):
    return [*events[:place], event, *events[place + 1:]]


def two_answers(events):
    """The server answers again; the client is answered again."""
    for begin, end in done(events):
        if events[begin].command == "REPLY" and events[end].status == "OK":
            yield insert(events, end + 1, events[begin], events[end])
        if events[end].kind == "ANSWER":
            yield insert(events, end + 1, events[end])


def answer_from_another_server(events):
    for place, event in enumerate(events):
        if event.kind == "ANSWER":
            yield put(events, place, event.replace(badge=event.badge % 4 + 1))


def answer_to_another_call(events):
    for place, event in enumerate(events):
        if event.kind == "ANSWER":
            yield put(events, place, event.replace(word=event.word - 1))


def lost_notification(events):
    """A bit that was set before doesn't come, or nothing does."""
    for begin, end in done(events):
        if events[end].kind != "NOTIFICATION":
            continue
        told = told_since(events, events[begin].argument, begin, end)
        bit = told and 1 << told[-1]
        if told and events[end].word != bit:
            yield put(events, end, events[end].replace(word=events[end].word - bit))
        elif told and events[begin].command == "RECEIVE_NOWAIT":
            yield put(events, end, events[end].replace(status="WOULD_BLOCK", kind="NOTHING", word=0))


def told_since(events, endpoint, begin, end):
    """Who has notified the endpoint before `begin` with bits that nobody else got before `end`."""
    told = []
    for first, last in done(events[:end]):
        if events[last].kind == "NOTIFICATION" or "ruin" in [event.name for event in events[first:end]]:
            told = []
        elif events[first].command == "NOTIFY" and events[first].argument == endpoint and last < begin:
            told += [events[last].role] if events[last].status == "OK" else []
    return told


def reply_after_kill(events):
    """A held call is answered although its caller has ended; a task that has ended is answered."""
    for begin, end in done(events):
        if events[begin].command == "REPLY_HELD" and events[end].status == "DEAD" and not killing(events, begin, end):
            yield put(events, end, events[end].replace(status="OK"))
    answers = {event.role: event for event in events if event.kind == "ANSWER"}
    for place, event in enumerate(events):
        if event.name == "killed" and event.role in answers:
            yield insert(events, place + 1, answers[event.role])


def killing(events, begin, end):
    """Whether someone may have been killed between two events: what was asked then can have come first."""
    killed = [event.name for event in events[:begin] if event.name in ("kill", "killed")]
    return killed[-1:] == ["kill"] or "kill" in [event.name for event in events[begin:end]]


def death_not_told(events):
    """A caller whose server has ended is seen waiting as before."""
    waits = {}
    for place, event in enumerate(events):
        if event.name == "see" and event.state == "WAITING":
            waits[event.role] = event.whom
        elif event.name in ("end", "kill"):
            if event.status == "DEAD" and waits.get(event.role) == last_killed(events, place):
                yield put(events, place, seen_waiting(event.role, waits[event.role]))
            waits.pop(event.role, None)


def last_killed(events, place):
    return next((event.role for event in reversed(events[:place]) if event.name == "killed"), None)


def seen_waiting(role, whom):
    return events_of([f"see {role} WAITING {whom}"])[0]


def swapped_queue(events):
    """Of two that were queued one after the other the second is received first."""
    queue = {}  # role: (endpoint, place where it was first seen queued, place of its begin)
    begun, got = {}, {}
    for place, event in enumerate(events):
        if event.name == "begin":
            begun[event.role] = place
        elif event.name == "see" and event.state == "SENDING" and event.role not in queue:
            queue[event.role] = (events[begun[event.role]].argument, place, begun[event.role])
        elif event.name in ("end", "kill", "spawn"):
            queue.pop(event.role, None)
            got.pop(event.role, None)
        if event.name == "end" and event.kind == "CALL" and event.badge in queue:
            first, second = got.get(queue[event.badge][0]), event.badge
            if first and first[2] < queue[second][2]:
                earlier = events[first[0]]
                swapped = put(events, first[0], earlier.replace(badge=event.badge, word=event.word))
                yield put(swapped, place, event.replace(badge=earlier.badge, word=earlier.word))
            got[queue[second][0]] = (place, second, queue[second][1])
            del queue[second]


FALSIFIED = [two_answers, answer_from_another_server, answer_to_another_call, lost_notification,
             reply_after_kill, death_not_told, swapped_queue]


@pytest.mark.parametrize("falsify", FALSIFIED, ids=lambda falsify: falsify.__name__)
def test_falsified_logs_are_refused(play, replay, falsify):
    false = [log for seed in range(SEED, SEED + 3) for log in list(falsify(play(seed)))[:4]]
    assert len(false) >= 2
    assert [log for log in false if replay.accepts(log)] == []


def test_any_other_result_is_refused(play, replay):
    """One field of what was found or seen changed at random: a few of these are possible as well."""
    draw = random.Random(SEED)
    events = play(SEED)
    places = [place for place, event in enumerate(events) if event.name in ("end", "see")]
    accepted = []
    for place in draw.sample(places, 30):
        event = events[place]
        field = draw.choice([name for name in event.values if event.name == "end" or name == "state"])
        others = {other.values[field] for other in events if other.name == event.name}
        other = event.replace(**{field: draw.choice(sorted(others - {event.values[field]}))})
        accepted += [f"{event} / {other}"] if replay.accepts(put(events, place, other)) else []
    print(f"{len(accepted)} of 30 are possible:", *accepted, sep="\n")
    assert len(accepted) <= 3


@pytest.mark.parametrize("old, new", [
    ("endpoint[e].bits = endpoint[e].bits | bits_;", "endpoint[e].bits = bits_;"),
    ("    :: IN_HAND(t) -> caller_ = task[t].caller; abandon(caller_)\n", "    :: false -> skip\n"),
    (":: endpoint[e].bits != 0 -> deliver_bits(t, e)\n"
     "    :: endpoint[e].bits == 0 && len(senders[e]) > 0 ->",
     ":: endpoint[e].bits != 0 && len(senders[e]) == 0 -> deliver_bits(t, e)\n"
     "    :: len(senders[e]) > 0 ->"),
    ("&& nowait && len(receivers[e]) == 0 -> task[t].status", "&& nowait && false -> task[t].status"),
], ids=["bits-not-merged", "death-not-told", "a-message-overtakes-bits", "nowait-waits"])
def test_the_core_does_not_do_what_another_model_does(play, tmp_path, old, new):
    other = Replay(tmp_path, [(old, new)])
    assert not all(other.accepts(play(seed)) for seed in range(SEED, SEED + 3))
