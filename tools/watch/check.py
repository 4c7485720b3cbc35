"""A lesson without a reader: every station must be reached, and everything that it shows must be true."""

from .bochs import GuestEnded
from .guest import NotMapped
from .lesson import Untrue
from .program import Unknown
from .run import NotReached, Walkthrough
from .screen import COLUMNS, ROWS, Transcript, screen
from .tokens import raw


class Result:
    """What was found; no problems: all is well."""

    def __init__(self, lesson):
        self.transcript = Transcript(lesson)
        self.problems, self.stations, self.facts = [], 0, 0


def check(lesson, archive, judge=None, visit=None):
    """Goes through a lesson. `judge(scene)` answers what looks things up by itself; `visit` is called at each
    station with (walk, the judge of its machine), for those who want to see more."""
    result, walk, judges = Result(lesson), Walkthrough(lesson, archive), {}
    try:
        while not walk.at_end:
            walk.forward()
            scene = walk.station.scene
            if judge and scene.name not in judges:
                judges[scene.name] = judge(scene)
            _look(walk, judges.get(scene.name), result)
            if visit:
                visit(walk, judges.get(scene.name))
    except (NotReached, Unknown, NotMapped, Untrue, GuestEnded) as problem:
        result.problems.append(_sentence(lesson, result.stations, str(problem)))
    finally:
        walk.close()
        for one in judges.values():
            one.close()
    return result


def _sentence(lesson, position, text):
    return f"lesson {lesson.number}, station {position + 1}: {text}"


def _look(walk, judge, result):
    view, lesson = walk.view, walk.lesson
    facts = [raw(line.parts) for line in view.show.lines if line.fact]
    found = [f"'{sentence}' doesn't hold" for sentence in view.broken]
    command = None if view.guest.ended else view.guest.debugger
    found += judge.station(facts, command, view.guest.console) if judge else []
    found += _too_big(screen(walk, view.show.lines))
    if not facts:
        found.append("nothing is shown")
    result.problems += [_sentence(lesson, walk.position, sentence) for sentence in found]
    result.stations += 1
    result.facts += len(facts)
    result.transcript.add(walk.position, view)


def _too_big(lines):
    """The keys and the prompt come below."""
    wide = [f"a line has {len(line)} columns: {line}" for line in lines if len(line) > COLUMNS]
    high = [f"the screen has {len(lines) + 2} lines"] if len(lines) + 2 > ROWS else []
    return wide + high
