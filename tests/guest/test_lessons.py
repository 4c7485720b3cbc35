"""The lessons: every station is reached and true, three runs tell the same, and whoever lies is found out.

LESSON_PLANTS=N in the environment plants N lies of each kind at each station instead of a few."""

import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from difflib import unified_diff

import pytest

from machine import BUILD, ROOT

sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from tests.lessons.judge import Judge  # noqa: E402
from tests.lessons.plants import Flipped, changed_characters, facts_of, recorded, show_again  # noqa: E402
from watch.check import check  # noqa: E402
from watch.elf import elf_of  # noqa: E402
from watch.library import Archive, lessons  # noqa: E402
from watch.screen import screen  # noqa: E402

LESSONS = lessons()
PLANTS = int(os.environ.get("LESSON_PLANTS", 8))
SEED = int(os.environ.get("LESSON_SEED", 1))
TRANSCRIPTS = ROOT / "docs" / "lessons" / "generated"
IMAGE = BUILD / "lessons.tar"
pytestmark = pytest.mark.skipif(not IMAGE.is_file(), reason="this build has no lessons (make lesson-image)")
COLUMNS, ROWS, KEYS_AND_PROMPT = 100, 40, 2


@pytest.fixture(scope="module")
def archive():
    """The image file of the build."""
    opened = Archive(IMAGE)
    yield opened
    opened.close()


def judge_of(scene):
    """For a machine that was booted from the build."""
    names = {"core": scene.core} | {file: file for _, file in scene.modules}
    return Judge({name: elf_of(BUILD, file) for name, file in names.items()}, ROOT)


@dataclass
class Study:
    """What one run of a lesson has brought to light."""

    result: object = None
    screens: list = field(default_factory=list)  # of each station its lines
    believed: list = field(default_factory=list)  # lies in the text that the judge believed
    differing: list = field(default_factory=list)  # what a station shows when it is shown again, and the same moment
    flips: list = field(default_factory=list)  # (station, how many were to be seen)
    missed: list = field(default_factory=list)  # of these, those that nobody noticed


class Plants:
    """Looks at each station of a run."""

    def __init__(self, study, dice):
        self._study, self._random = study, dice

    def __call__(self, walk, judge):
        facts, where = facts_of(walk.view), walk.position + 1
        self._study.screens.append(screen(walk, walk.view.show.lines))
        for number, lie, excused in changed_characters(facts, self._random, 4 * PLANTS):
            if not excused and not judge.again(facts[:number] + [lie] + facts[number + 1:]):
                self._study.believed.append(f"station {where}: {lie} (it is: {facts[number]})")
        honest = show_again(walk, Flipped.of(walk.view.guest))
        if honest.facts != facts or honest.broken:
            self._study.differing.append((where, facts, honest.facts, honest.broken))
        elif not walk.view.guest.ended:
            self._flip(walk, judge, honest, where)

    def _flip(self, walk, judge, honest, where):
        seen = 0
        for number in [-1] + self._random.sample(range(honest.readings), min(PLANTS, honest.readings)):
            bit = self._random.randrange(1 << 16)
            liar = Flipped.of(walk.view.guest, number, bit, limit=20 * honest.readings)
            try:
                shown = show_again(walk, liar)
            except Exception:  # whatever it is: the lesson ends there, instead of showing what is untrue
                seen += 1
                continue
            told = [fact for fact in shown.facts if fact not in honest.facts]
            if told or shown.broken:
                seen += 1
                if not shown.broken and not judge.again(shown.facts):
                    self._study.missed.append(f"station {where}, reading {number}, bit {bit}: {told}")
        self._study.flips.append((where, seen))


@pytest.fixture(scope="module", params=LESSONS, ids=[f"lesson{number}" for number in LESSONS])
def lesson(request):
    return LESSONS[request.param]


@pytest.fixture(scope="module")
def study(lesson, archive):
    """One run of a lesson, with lies at each station."""
    found, seed = Study(), f"{SEED} {lesson.number}"
    print(f"LESSON_SEED={SEED}")
    found.result = check(recorded(lesson), archive, judge_of, Plants(found, random.Random(seed)))
    return found


def test_every_station_is_reached_and_true(lesson, study):
    assert not study.result.problems, "\n".join(study.result.problems)
    assert study.result.stations == len(lesson.stations)


def test_every_screen_fits(study):
    for lines in study.screens:
        assert len(lines) + KEYS_AND_PROMPT <= ROWS, "\n".join(lines)
        assert max(map(len, lines)) <= COLUMNS
        assert all(line.isascii() for line in lines)


def test_a_station_shown_again_is_the_same(study):
    assert not study.differing


def test_no_lie_in_the_text_is_believed(study):
    assert not study.believed, f"LESSON_SEED={SEED}\n" + "\n".join(study.believed)


def test_no_wrong_reading_goes_unnoticed(lesson, study):
    assert not study.missed, f"LESSON_SEED={SEED}\n" + "\n".join(study.missed)
    unseen = [station for station, seen in study.flips if not seen]
    assert not unseen, f"LESSON_SEED={SEED}: no wrong reading could be seen at stations {unseen}"


def difference(one, other):
    return "\n".join(unified_diff(one.split("\n"), other.split("\n"), n=1, lineterm=""))


def test_three_runs_are_alike(lesson, archive, study):
    with ThreadPoolExecutor(2) as pool:
        others = list(pool.map(lambda _: check(lesson, archive), range(2)))
    for other in others:
        assert not other.problems, "\n".join(other.problems)
        assert not difference(study.result.transcript.text(), other.transcript.text())


def test_the_transcript_in_the_tree_is_current(lesson, study):
    path = TRANSCRIPTS / f"{lesson.page}.txt"
    assert path.is_file(), f"{path.relative_to(ROOT)} isn't there: make lesson-transcripts"
    different = difference(path.read_text(), study.result.transcript.text())
    assert not different, f"the lesson shows something else (make lesson-transcripts):\n{different}"
