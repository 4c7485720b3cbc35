"""The reader's side of a lesson: one screen after the other, and the commands in between."""

import re
import sys

from .bochs import BochsError, GuestEnded
from .guest import NotMapped
from .lesson import Untrue
from .program import Unknown
from .run import NotReached
from .screen import KEYS, asked, screen
from .show import Show
from .tokens import raw
from .why import why

HELP = """\
Enter, next    to the next station
s, step        one instruction of the processor
l, line        to the next source line (calls are run through)
b, back        back: before the last step, or to the station before
a, again       shows this station again
w, walk ADDR   the four-level walk of an address, in the address space that is loaded
y, why ADDR    why a read, write or fetch there works or doesn't
d, debugger    Bochs's own debugger; an empty line comes back
q, quit        ends the lesson
ADDR is a number (0x...), a register (rip, cr2, ...) or a symbol (first.main; the core's: ipc_raise)."""

LINE_STEPS = 20000  # instructions after which a line is held to be an endless loop


class Quit(Exception):
    """The reader has had enough."""


class Reader:
    """Talks to a terminal; `walk` is the way through the lesson."""

    def __init__(self, walk):
        self._walk = walk
        self._commands = {"": self._next, "next": self._next, "n": self._next, "s": self._step, "step": self._step,
                          "l": self._line, "line": self._line, "b": self._back, "back": self._back,
                          "a": self._again, "again": self._again, "w": self._walk_of, "walk": self._walk_of,
                          "y": self._why, "why": self._why, "d": self._debugger, "debugger": self._debugger,
                          "?": self._help, "h": self._help, "help": self._help, "q": self._quit, "quit": self._quit}

    def run(self):
        """Until the reader quits. Ends of input are a way to quit."""
        lesson = self._walk.lesson
        print(f"Lesson {lesson.number}: {lesson.title}. {len(lesson.stations)} stations; its page is "
              f"docs/lessons/{lesson.page}.md.\n{KEYS}\n")
        print("\n".join(asked(lesson.stations[0])))
        self._walk.start_ahead()
        try:
            while True:
                self._command(self._ask())
        except (Quit, EOFError):
            print()

    def _ask(self):
        number = self._walk.position + 1
        return input(f"[{number}/{len(self._walk.lesson.stations)}] > ").strip()

    def _command(self, text):
        word, _, rest = text.partition(" ")
        command = self._commands.get(word.lower())
        try:
            if command is None:
                print(f"'{word}' is no command; ? lists them")
            elif self._walk.view is None and command not in (self._next, self._help, self._quit):
                print("the lesson has not begun: press Enter")
            else:
                command(rest.strip())
        except (NotReached, GuestEnded) as problem:
            print(f"{problem}." + (" b goes back." if self._walk.view else ""))
        except (Unknown, NotMapped, Untrue, BochsError) as problem:
            print(problem)

    def _show(self):
        view = self._walk.view
        # The terminal is cleared, but what was on it can be scrolled back to.
        print("\033[2J\033[H" if sys.stdout.isatty() else "", end="")
        print("\n".join(screen(self._walk, view.show.lines)))
        for sentence in view.broken:
            print(f"This is not as the lesson tells: '{sentence}' doesn't hold.")
        print(KEYS.replace("Enter on", "The end.") if self._walk.at_end else KEYS)
        self._walk.start_ahead()

    # ---- commands ----

    def _next(self, _):
        if self._walk.at_end:
            raise Quit
        self._walk.forward()
        self._show()

    def _step(self, _):
        self._walk.moves()
        self._walk.view.guest.step()
        self._here()

    def _line(self, _):
        guest = self._walk.view.guest
        self._walk.moves()
        start = guest.programs.line_at(guest.stop.rip)
        for _ in range(LINE_STEPS):
            guest.step_over()
            line = guest.programs.line_at(guest.stop.rip)
            if line and line != start:
                break
        self._here()

    def _here(self):
        show = Show(self._walk.view.guest)
        show.here()
        self._print(show)

    def _back(self, _):
        where = self._walk.back()
        if where is True:
            self._here()
            self._walk.start_ahead()
        elif where is None:
            print("this is the first station")
        else:
            self._show()

    def _again(self, _):
        self._show()

    def _walk_of(self, text):
        show = Show(self._walk.view.guest)
        show.walk(self._address(text))
        self._print(show)

    def _why(self, text):
        print("\n".join(why(self._walk.view.guest, self._address(text))))

    def _debugger(self, _):
        print("Bochs's debugger; an empty line comes back to the lesson")
        self._walk.moves()
        while text := input("<bochs> ").strip():
            if text.split()[0] in ("q", "quit", "exit"):
                break
            print(self._walk.view.guest.debugger(text).rstrip())
        self._here()

    def _help(self, _):
        print(HELP)

    def _quit(self, _):
        raise Quit

    def _address(self, text):
        """What the reader means by a number, a register or a symbol."""
        if not text:
            raise Unknown("an address should follow: a number, a register or a symbol")
        guest = self._walk.view.guest
        if re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19}", text):
            return int(text, 16 if text[:2] in ("0x", "0X") else 10)
        if re.fullmatch(r"r[a-z0-9]{1,2}|cr[234]", text.lower()):
            return guest.register(text.lower())
        return guest.programs.symbol(text)

    def _print(self, show):
        print("\n".join(raw(line.parts) for line in show.lines))
