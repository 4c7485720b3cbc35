"""Judges what a station of a lesson shows: every line is looked up again in the machine, by other means than the
driver's. A line that no rule knows is untrue, so that nothing is shown unjudged.

Where a line tells of an earlier value, it must have stood there at an earlier station."""

import tempfile
from pathlib import Path

from ..audit.guest import PMO, RUN_FRAMES
from ..audit.memory import PAGE
from .history import History
from .moment import Disagreement, Moment, frames_in
from .programs import program
from .rules import RULES

CORE, LARGE = "core", 1 << 21


class Judge:
    """One machine's. `elfs` are the files of its programs, by their names in the scene; `sources` the tree that they
    were built from. Stations are judged in their order."""

    def __init__(self, elfs, sources):
        self.programs = {name: program(str(path), str(sources)) for name, path in elfs.items()}
        self.sources = Path(sources)
        self.history = History()
        self.told = set()  # numbers that stood in what was true
        self.codes = set()  # of these, those that were called error codes
        self._folder = tempfile.TemporaryDirectory(prefix="handoff-judge.")
        self.moment, self.console, self.spaces = None, "", {}
        self.stack, self._frames, self._addresses = 0, [], []

    def close(self):
        self._folder.cleanup()

    def station(self, lines, command, console=""):
        """`command` gives one of Bochs's commands, None if the machine has ended; `console` is what the guest has
        printed. Sentences about what is untrue."""
        self.console = console
        self.moment = Moment(command, self.programs[CORE], Path(self._folder.name), self.moment) if command else None
        self.spaces = {}
        found = self._all(lines)
        if self.moment:
            self.history.add(self.moment)
        return found

    def again(self, lines):
        """What would be untrue if the last station were shown like this. Nothing of it is remembered."""
        told, last = set(self.told), self.history.take_last() if self.moment else None
        found = self._all(lines)
        self.told = told
        if self.moment:
            self.history.put_back(last)
        return found

    def _all(self, lines):
        self.stack, self._frames, self._addresses = 0, [], []
        found = [sentence for head, rest in panels(lines) for sentence in self._panel(head, rest)]
        return found + list(self._unfounded())

    def _unfounded(self):
        if not self._frames and not self._addresses:
            return
        known = self.told | set(self.moment.registers.values()) | {self.moment.registers["rsp"] - 8}
        led_to = {(physical or 0) // PAGE for physical in map(self.moment.space().physical, known)} | self.told
        for frame in self._frames:
            if not led_to.intersection((frame, frame - 1, frame & -RUN_FRAMES)) - {0} and \
                    not (frame and self.moment.somewhere(frame * PAGE, PMO + frame * PAGE)):
                yield f"nothing that is shown leads to frame 0x{frame:x}"
        self.told.update(self._frames)
        pages = {page * PAGE for number in known
                 for page in (number // PAGE, number // LARGE * 512, number // LARGE * 512 + 511)}
        for address in self._addresses:
            if address not in known | pages and not self.owner_of(address) and not self.moment.somewhere(address):
                yield f"nothing that is shown leads to address 0x{address:x}"

    def _panel(self, head, rest):
        for pattern, rule, needs_machine in RULES:
            found = pattern.match(head)
            if not found:
                continue
            if needs_machine and not self.moment:
                return [f"the machine has ended, and yet there is: {head}"]
            try:
                return [f"{sentence} ({head})" for sentence in rule(self, found, rest)]
            except (Disagreement, ValueError, IndexError) as problem:  # memory, or a line, that isn't there
                return [f"{problem} ({head})"]
        return [f"nobody can judge: {head}"]

    # ---- what rules ask for ----

    # What is shown must have to do with the rest: a true line about any other place would say nothing.

    def must_be_known(self, address):
        """This address must stand in a line or in a register, or begin the page of one that does, or the first or last
        page of the 2 MiB around it; or lie in a program; or somebody in the guest has it in memory."""
        self._addresses.append(address)

    def must_be_told(self, frame):
        """This frame, the one before or the first of its run must stand in a line of this or an earlier station, or
        be that of an address that does; or somebody in the guest has its address in memory."""
        self._frames.append(frame)

    def earlier_frames(self):
        """The frame table at each earlier station, the last first."""
        return (frames_in(space, self.programs[CORE], self.moment.end) for space in self.history.spaces())

    def is_named(self, address, text):
        """Whether "memsrv.fault+0x12" is a name of the address; without a program's name it is the core's."""
        name, _, offset = text.partition("+")
        owner, _, symbol = name.partition(".")
        if owner == CORE or owner not in self.programs:
            owner, symbol = CORE, name
        return self.programs[owner].is_named(address, symbol, int(offset or "0", 0))

    def owner_of(self, address):
        """The Program whose image an address lies in, or None."""
        return next((program for program in self.programs.values() if address in program), None)

    def spaces_of(self, name):
        """The address spaces in which a program's memory can be read."""
        if name == CORE:
            return [self.moment.space()]
        if name not in self.spaces:
            candidates = [self.moment.space(root) for root in self.moment.roots]
            self.spaces[name] = [space for space in candidates if self.programs[name].stands_in(space.read)]
        return self.spaces[name]


def panels(lines):
    """[(first line, lines that belong to it)]: those begin with a blank or with ">"."""
    found = []
    for line in lines:
        if line[:1] in (" ", ">") and found:
            found[-1][1].append(line)
        else:
            found.append((line, []))
    return found
