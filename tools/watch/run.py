"""Going through a lesson: from station to station, and back again."""

from dataclasses import dataclass

from .bochs import GuestEnded
from .guest import Guest
from .lesson import View


class NotReached(Exception):
    """A station that the guest doesn't come to; the text is a sentence."""


@dataclass
class Visit:
    """When a station was entered, what was kept before it showed anything and after, and whether the machine
    had ended there."""

    number: int
    tick: int
    reached: object
    kept: object
    ended: bool


class Walkthrough:
    """One reader's way through a lesson. `position` is the number of the station where the machine stands, or
    stood before it was stepped; -1 before the first."""

    def __init__(self, lesson, archive):
        self.lesson, self._archive = lesson, archive
        self._guests = {}  # by scene
        self._visited = []  # a Visit of each station
        self._trail = []  # ticks from which the machine was moved since
        self.view, self.position = None, -1

    def close(self):
        for guest in self._guests.values():
            guest.close()

    @property
    def station(self):
        return self.lesson.stations[self.position]

    @property
    def at_end(self):
        return self.position + 1 == len(self.lesson.stations)

    def _guest_of(self, station):
        scene = station.scene
        if scene.name not in self._guests:
            self._guests[scene.name] = Guest(self._archive.image(scene), self._archive.programs(scene))
        return self._guests[scene.name]

    def _start_over(self, station):
        """A scene begins with its machine at power-on, also when the reader was there before, and came back."""
        guest = self._guests.get(station.scene.name)
        if guest and guest.stop:
            guest.close()
            del self._guests[station.scene.name]

    def start_ahead(self):
        """Lets the machine of the next scene, and one of this scene to go back to, start while the reader reads."""
        later = [station for station in self.lesson.stations[self.position + 1:]
                 if station.scene.name not in self._guests]
        if later:
            self._guest_of(later[0])
        same = [visit for visit in self._visited if self.lesson.stations[visit.number].scene is self.station.scene]
        if same:
            self.view.guest.prepare(same[0].tick)

    def forward(self):
        """To the next station."""
        station = self.lesson.stations[self.position + 1]
        last = self._visited[-1] if self._visited else None
        if last and self.station.scene is not station.scene:
            self._start_over(station)
        guest = self._guest_of(station)
        if last and guest is self.view.guest and self._trail:
            guest.go_back(last.tick)
        view = View(guest, View(guest, last.kept).remembered() if last else None)
        if last and self.station.scene is not station.scene:
            view.keep.roots = {}
        try:
            station.reach(view)
        except GuestEnded as end:
            if guest.stop:
                self._trail.append(guest.stop.tick)
            raise NotReached(f"station {self.position + 2}, '{station.title}', was not reached: {end}") from end
        self.position += 1
        self._arrive(view)

    def _arrive(self, view):
        self.view, self._trail = view, []
        if not view.guest.ended:
            view.note_root()
        reached = view.remembered()
        self.station.show(view)
        self._visited.append(Visit(self.position, view.guest.stop.tick, reached, view.remembered(),
                                   bool(view.guest.ended)))

    def moves(self):
        """The machine is about to be moved by the reader."""
        self._trail.append(self.view.guest.stop.tick)

    def back(self):
        """To the moment before the last move since this station was entered: True. Else, to the station
        before: its number; None: there is none."""
        if self._trail:
            self.view.guest.go_back(self._trail[-1])
            self._trail.pop()
            return True
        if len(self._visited) < 2:
            return None
        visit = self._visited[-2]
        guest = self._guest_of(self.lesson.stations[visit.number])
        guest.go_back(visit.tick)
        if visit.ended:
            guest.run_to_end()
        del self._visited[-2:]
        self.position = visit.number
        self._arrive(View(guest, View(guest, visit.reached).remembered()))
        return self.position
