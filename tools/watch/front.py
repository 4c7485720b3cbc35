"""The command line of tools/lesson."""

import argparse
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from . import library
from .bochs import BochsError
from .check import check
from .elf import elf_of
from .reader import Reader
from .run import Walkthrough
from .screen import COLUMNS, ROWS

NEEDED = (2, 7)  # the version of Bochs whose answers are understood
INTERRUPTED = 130


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminated)
    try:
        return _run(_options())
    except BochsError as problem:
        print(f"tools/lesson: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntools/lesson: the lesson was interrupted", file=sys.stderr)
        return INTERRUPTED


def _terminated(*_):
    raise KeyboardInterrupt


def _options():
    parser = argparse.ArgumentParser(prog="tools/lesson", description="Page faults, step by step, in Bochs.")
    parser.add_argument("number", nargs="?", help="which lesson; without one they are listed")
    parser.add_argument("--image", default="build/lessons.tar", help="what make lesson-image has made")
    parser.add_argument("--build", default="build", type=Path, help="where the programs were built, for --check")
    parser.add_argument("--check", action="store_true", help="without a reader: is everything reached, and true?")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="with --check: write the transcripts there")
    options = parser.parse_args()
    if options.write and not options.check:
        parser.error("--write needs --check")
    return options


def _run(options):
    lessons = library.lessons()
    if options.number is None and not options.check:
        return _list(lessons)
    chosen = _chosen(lessons, options.number)
    if not options.check and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BochsError("a lesson needs a terminal to talk to; --check runs it without one")
    _need_bochs()
    archive = library.Archive(options.image)
    try:
        return _check(chosen, archive, options) if options.check else _take(chosen[0], archive)
    finally:
        archive.close()


def _list(lessons):
    print("make lesson N=1 starts the first one. The lessons:")
    for number, lesson in lessons.items():
        print(f"  {number}  {lesson.title}  ({len(lesson.stations)} stations, docs/lessons/{lesson.page}.md)")
    return 0


def _chosen(lessons, number):
    if number is None:
        return list(lessons.values())
    if not re.fullmatch("[0-9]{1,3}", number) or int(number) not in lessons:
        raise BochsError(f"there is no lesson '{number}': there are {', '.join(map(str, lessons))}")
    return [lessons[int(number)]]


def _need_bochs():
    """Whether Bochs is there, of the version that was tried, and with its debugger."""
    if not shutil.which("bochs"):
        raise BochsError("there is no Bochs: tools/setup lesson installs it")
    try:
        said = subprocess.run(["bochs", "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise BochsError("the bochs in PATH can't be run, or doesn't answer: "
                         "tools/setup lesson installs one") from problem
    text = said.stdout + said.stderr
    version = re.search(r"Bochs x86 Emulator (\d+)\.(\d+)", text)
    if not version:
        raise BochsError("the bochs in PATH doesn't answer like Bochs")
    if (int(version[1]), int(version[2])) < NEEDED:
        raise BochsError(f"this is Bochs {version[1]}.{version[2]}; lessons need {NEEDED[0]}.{NEEDED[1]} or newer")
    if "-rc" not in text:
        raise BochsError("this Bochs was built without its debugger (Debian's has it: tools/setup lesson)")


def _take(lesson, archive):
    size = shutil.get_terminal_size()
    if size.columns < COLUMNS or size.lines < ROWS:
        print(f"This terminal has {size.columns}x{size.lines} characters; stations are made for {COLUMNS}x{ROWS}.")
    sys.stdin.reconfigure(errors="replace")  # what is typed may be anything
    walk = Walkthrough(lesson, archive)
    try:
        Reader(walk).run()
    finally:
        walk.close()
    return 0


def _check(lessons, archive, options):
    sys.path.insert(0, str(library.TREE))
    from tests.lessons.judge import Judge  # pylint: disable=import-outside-toplevel; not needed by a reader
    bad = 0
    for lesson in lessons:
        result = check(lesson, archive, lambda scene: Judge(_elfs(options.build, scene), library.TREE))
        bad += bool(result.problems)
        print(f"lesson {lesson.number}: {result.stations} of {len(lesson.stations)} stations, {result.facts} lines of "
              f"facts, {len(result.problems)} problems")
        for problem in result.problems:
            print(f"  {problem}")
        if options.write and not result.problems:
            _write(options.write, f"{lesson.page}.txt", result.transcript.text())
    return 1 if bad else 0


def _write(folder, name, text):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    except OSError as problem:
        raise BochsError(f"'{folder / name}' can't be written: {problem.strerror.lower()}") from problem


def _elfs(build, scene):
    """The ELF file of each program of a machine, by the names by which the lesson calls them."""
    return {"core": elf_of(build, scene.core)} | {name: elf_of(build, name) for _, name in scene.modules}
