"""A lesson: machines to boot, and stations at which they are looked at.

A station is a function that shows; its decorator says how to come there from the station before:

    lesson = Lesson(1, "First touch of a page", "1-first-touch")
    lesson.boot("first", programs=["first"], run="first")

    @lesson.station("The instruction", to("first.store"), ask="Which ...?", answer="The ...")
    def before(at):
        at.keep.address = at.register("rdi")
        at.say("What the reader should know here.")
        at.show.here()
        at.expect(at.entry(at.keep.address).value == 0, "nothing is mapped there")

`at.keep` is kept from station to station, and is put back when the reader goes back.
"""

import textwrap
from copy import copy
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Callable

from .show import Show

COLUMNS = 100


class Untrue(Exception):
    """What the lesson tells doesn't hold in this machine."""


@dataclass
class Scene:
    """One machine to boot: which core, what stands in memsrv's place, which other programs, the command line."""

    name: str
    programs: list
    run: str
    core: str = "core"
    memsrv: str = "memsrv"
    options: str = ""
    names: bool = False  # whether the core can say what functions are called, when it ends the machine

    @property
    def command_line(self):
        run = f" run={self.run}" if self.run else ""
        return f"addresses=fixed {self.options}".strip() + run

    @property
    def modules(self):
        """The boot modules, memsrv's (or what takes its place) first; a replacement needs no others."""
        servers = ["init", "console", "timer"] if self.memsrv == "memsrv" else []
        return [("memsrv", self.memsrv)] + [(name, name) for name in servers + self.programs]


@dataclass
class Station:
    """A place where the reader stops."""

    title: str
    reach: Callable
    show: Callable
    scene: Scene
    ask: str = ""
    answer: str = ""


@dataclass
class Lesson:
    """`page` is its document: docs/lessons/PAGE.md."""

    number: int
    title: str
    page: str
    scenes: list = field(default_factory=list)
    stations: list = field(default_factory=list)

    def boot(self, name, **how):
        """The stations that follow are this machine's."""
        self.scenes.append(Scene(name, **{"programs": [], "run": ""} | how))

    def station(self, title, reach, ask="", answer=""):
        def take(function):
            self.stations.append(Station(title, reach, function, self.scenes[-1], ask, answer))
            return function
        return take


class View:
    """What a station's function gets: the guest, how to show, and what to remember."""

    def __init__(self, guest, keep=None):
        self.guest, self.programs = guest, guest.programs
        self.keep = keep if keep is not None else SimpleNamespace(places={}, roots={})
        self.show = Show(guest)
        self.broken = []  # sentences of what should hold and doesn't
        self.frames_forgotten = False

    def remembered(self):
        """A copy of what is kept, for going back."""
        kept = copy(self.keep)
        kept.places, kept.roots = dict(kept.places), dict(kept.roots)
        return kept

    def say(self, text):
        """Prose, on lines of its own."""
        for line in textwrap.wrap(" ".join(text.split()), COLUMNS - 2):
            self.show.prose(line)

    def expect(self, holds, sentence):
        """What must be so for the story to be true."""
        if not holds:
            self.broken.append(sentence)

    def place(self, name, address, length=4096):
        """What the transcript calls these addresses."""
        self.keep.places[name] = (address, length)

    def forget_frames(self):
        """Frames have been freed and taken since the station before: the transcript gives them other letters."""
        self.frames_forgotten = True

    # ---- what stations often ask for ----

    def symbol(self, name):
        return self.programs.symbol(name)

    def register(self, name):
        return self.guest.register(name)

    def root_of(self, program):
        """The PML4 frame of a program in whose address space the machine has been stopped before."""
        if program not in self.keep.roots:
            raise Untrue(f"the lesson has not met {program} yet")
        return self.keep.roots[program]

    def note_root(self):
        """Remembers whose address space is loaded, if ring 3 runs."""
        program = self.programs.at(self.guest.stop.rip)
        if program and self.guest.stop.ring == 3:
            self.keep.roots[program.name] = self.guest.root

    def entry(self, address, level=None, root=None):
        """The last entry of an address's walk, or that of a level; None if the walk doesn't come so far."""
        entries = self.guest.walk(address, root)
        return next((entry for entry in entries if entry.level == level), None) if level else entries[-1]
