"""What must be noticed at a station: lies in its text, and readings of the guest of which one bit is wrong."""

import re
from copy import copy
from dataclasses import dataclass, replace

from watch.guest import Guest
from watch.lesson import View
from watch.tokens import raw

# What a changed character of can leave a line true: which place is looked at, when another one holds the same; and
# prose at the end.
PLACE = re.compile(r"(walk of|frame|run of frame|struct \w+ at|\d+ (bytes|characters) at( physical)?|region at) 0x[0-9a-f]+|"
                   r"  \.[^ ]+|stack \+\d+")
NOTE = re.compile(r"  \([^)]*\)$")
SIXTEEN, LETTERS, TEN = "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz", "0123456789"
ENOUGH = 20  # times as many readings as a station needs: it goes round in circles


class Circles(Exception):
    """The station reads on and on."""


class Flipped(Guest):
    """A guest of which one reading has a wrong bit: `lie` is its number, None for none."""

    @classmethod
    def of(cls, guest, lie=None, bit=0, limit=None):
        liar = copy(guest)
        liar.__class__ = cls
        liar.lie, liar.bit, liar.limit, liar.readings = lie, bit, limit, 0
        if lie == -1:
            liar.stop = replace(guest.stop, rip=guest.stop.rip ^ 1 << bit % 12)
        return liar

    def _is_lie(self):
        self.readings += 1
        if self.limit and self.readings > self.limit:
            raise Circles
        return self.readings - 1 == self.lie

    def bytes_at(self, place, size):
        if place >= 1 << 32:
            raise Circles  # Bochs would end there
        data = super().bytes_at(place, size)
        if not self._is_lie():
            return data
        at = self.bit % (8 * size)
        return (int.from_bytes(data, "little") ^ 1 << at).to_bytes(size, "little")

    def register(self, name):
        value = super().register(name)
        return value ^ 1 << self.bit % 64 if self._is_lie() else value


@dataclass
class Shown:
    """A station shown to nobody."""

    facts: list
    broken: list
    readings: int


def recorded(lesson):
    """The lesson, whose stations note what was kept when they began to show."""
    def station_that_notes(station):
        def show(view):
            view.kept_before = view.remembered()
            station.show(view)
        return replace(station, show=show)
    return replace(lesson, stations=[station_that_notes(station) for station in lesson.stations])


def facts_of(view):
    return [raw(line.parts) for line in view.show.lines if line.fact]


def show_again(walk, guest):
    """What the station shows of this guest."""
    kept = View(guest, walk.view.kept_before).remembered()
    view = View(guest, kept)
    walk.station.show(view)
    return Shown(facts_of(view), view.broken, getattr(guest, "readings", 0))


def changed_characters(facts, random, count):
    """[(number of the line, the line with one character changed, whether it may be true nevertheless)]"""
    spots = [(number, at) for number, line in enumerate(facts) for at, letter in enumerate(line) if letter.isalnum()]
    for number, at in random.sample(spots, min(count, len(spots))):
        line = facts[number]
        other = random.choice(_alike(line, at).replace(line[at], ""))
        place, note = PLACE.match(line), NOTE.search(line)
        excused = bool(place and at < place.end() or note and at >= note.start())
        yield number, line[:at] + other + line[at + 1:], excused


def _alike(line, at):
    """What can stand in this character's place."""
    number = next((found for found in re.finditer(r"0x[0-9a-f]+", line) if found.start() + 1 < at < found.end()), None)
    return SIXTEEN if number else TEN if line[at].isdigit() else LETTERS
