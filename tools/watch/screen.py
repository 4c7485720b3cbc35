"""How a station looks: on the reader's screen, and in the transcript."""

import textwrap

from .lesson import COLUMNS
from .tokens import Names, raw, stable

RULE = "-" * COLUMNS
ROWS = 40
KEYS = "Enter on | s step | l line | b back | w ADDRESS walk | y ADDRESS why | d debugger | q quit | ? help"


def _marked(mark, text):
    return textwrap.wrap(text, COLUMNS, initial_indent=mark + " ", subsequent_indent=" " * (len(mark) + 1))


def head(lesson, position):
    """Title lines of a station."""
    station = lesson.stations[position]
    return [f"Lesson {lesson.number}: {lesson.title} - {position + 1} of {len(lesson.stations)}: {station.title}", RULE]


def asked(station):
    """What the reader should predict before a station."""
    return _marked("?", f"Before you go on: {station.ask}") if station.ask else []


def screen(walk, lines):
    """One station, with the answer of the question before it and the question after it."""
    lesson, position = walk.lesson, walk.position
    station = lesson.stations[position]
    answer = _marked("!", station.answer) if station.answer else []
    following = [] if walk.at_end else asked(lesson.stations[position + 1])
    return head(lesson, position) + answer + [raw(line.parts) for line in lines] + [RULE] + following


class Transcript:
    """What a lesson shows, without anything that changes from build to build."""

    def __init__(self, lesson):
        self.lesson, self._names = lesson, Names()
        self.lines = [f"Lesson {lesson.number}: {lesson.title}"]

    def add(self, position, view):
        station = self.lesson.stations[position]
        self._names.look_up(view.programs.name_at, view.keep.places)
        if view.frames_forgotten or (position and self.lesson.stations[position - 1].scene is not station.scene):
            self._names.forget_frames()
        self.lines += ["", f"== {position + 1} {station.title}", ""]
        self.lines += asked(station) + (_marked("!", station.answer) if station.answer else [])
        self.lines += [""] + [stable(line.parts, self._names) for line in view.show.lines]

    def text(self):
        return "\n".join(self.lines) + "\n"
