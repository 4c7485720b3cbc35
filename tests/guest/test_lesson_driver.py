"""tools/lesson itself: what is missing or wrong gets a sentence, nothing stays behind, and a reader can find the way."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pexpect
import pytest

from machine import BUILD, ROOT

sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from watch.bochs import Bochs  # noqa: E402
from watch.check import check  # noqa: E402
from watch.library import ATLAS, Archive, lessons  # noqa: E402

IMAGE = BUILD / "lessons.tar"
TOOL = str(ROOT / "tools" / "lesson")
pytestmark = pytest.mark.skipif(not IMAGE.is_file(), reason="this build has no lessons (make lesson-image)")
INTERRUPTED = 130
COLUMNS, ROWS = 100, 40
CLEAR = "\033[2J\033[H"
BOCHS_SAYS = "#!/bin/sh\ncat <<'END'\n{}\nEND\n"


class Place:
    """A folder for what a lesson leaves behind, which must be nothing."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        self.environment = dict(os.environ, TMPDIR=str(path), TERM="dumb")

    def processes(self):
        """The command lines of those that use it."""
        found = []
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue  # it has just ended
        return [command for command in found if str(self.path) in command]

    def is_clean(self):
        """Killed processes may take a moment."""
        for _ in range(50):
            if not self.processes() and not list(self.path.iterdir()):
                return True
            time.sleep(0.1)
        return False


@pytest.fixture
def place(tmp_path):
    """Fails the test if anything is left in it, or runs with it."""
    made = Place(tmp_path / "left")
    yield made
    assert made.is_clean(), f"left behind: {list(made.path.iterdir())}, {made.processes()}"


def run(place, *arguments, image=IMAGE, path=None):
    """The tool without a terminal: its status, what it said, and what it complained of."""
    environment = place.environment | ({"PATH": str(path)} if path else {})
    done = subprocess.run([TOOL, "--image", str(image), "--build", str(BUILD), *arguments], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def refused(place, sentence, *arguments, **how):
    status, said, complaint = run(place, *arguments, **how)
    assert status not in (0, INTERRUPTED) and said == ""
    assert complaint.startswith("tools/lesson: ") and sentence in complaint and complaint.count("\n") == 1


# ---- what is missing, or wrong ----

@pytest.mark.parametrize("number", ["9", "0", "x", "", "1.5", "11111111111111111111", "1 "])
def test_a_lesson_that_is_unknown(place, number):
    refused(place, f"there is no lesson '{number}'", "--check", number)


def test_a_lesson_needs_a_terminal(place):
    refused(place, "needs a terminal", "1")


def test_the_list_needs_nothing(place, tmp_path):
    status, said, complaint = run(place, image="nosuch", path=tmp_path)
    assert status == 0 and complaint == ""
    assert all(f"  {number}  {lesson.title}" in said for number, lesson in lessons().items())


def test_there_is_no_bochs(place, tmp_path):
    refused(place, "there is no Bochs: tools/setup lesson installs it", "--check", "1", path=tmp_path)


@pytest.mark.parametrize("script, sentence", [
    (BOCHS_SAYS.format("Bochs x86 Emulator 2.8\nUsage: bochs [flags]\n -q quick start"), "without its debugger"),
    (BOCHS_SAYS.format("Bochs x86 Emulator 2.6.11\n -rc filename"), "2.6; lessons need"),
    (BOCHS_SAYS.format("hello"), "doesn't answer like Bochs"),
    ("#!/bin/sh\nexit 1\n", "doesn't answer like Bochs"),
    ("#!/nonexistent/interpreter\n", "can't be run"),
], ids=["no debugger", "too old", "another program", "it fails", "it can't be started"])
def test_a_bochs_that_wont_do(place, tmp_path, script, sentence):
    fake = tmp_path / "bin" / "bochs"
    fake.parent.mkdir()
    fake.write_text(script)
    fake.chmod(0o755)
    refused(place, sentence, "--check", "1", path=f"{fake.parent}:{shell_only(tmp_path)}")


def shell_only(folder):
    """A folder for PATH in which there is what the scripts above use, and no other Bochs."""
    tools = folder / "tools"
    tools.mkdir()
    for name in "cat", "sh":
        (tools / name).symlink_to(f"/bin/{name}")
    return tools


def test_a_bochs_that_ends_at_once(place, tmp_path):
    """As one does that lacks the display it is configured for."""
    fake = tmp_path / "bin" / "bochs"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\n[ "$1" != --help ] || { echo "Bochs x86 Emulator 2.7"; echo " -rc file"; exit 0; }\n'
                    'echo ">>PANIC<< display library rfb not available"\nexit 1\n')
    fake.chmod(0o755)
    status, said, complaint = run(place, "--check", "1", path=f"{fake.parent}:{shell_only(tmp_path)}")
    assert status == 1 and "display library rfb not available" in said + complaint and "Traceback" not in complaint


def test_a_bochs_that_finds_no_port_at_first(place, tmp_path):
    """Two that start at the same moment can get into each other's way; one of them ends, and is started again."""
    fake, times = tmp_path / "bin" / "bochs", tmp_path / "times"
    fake.parent.mkdir()
    fake.write_text(f"""#!/bin/sh
if [ "$1" != --help ] && [ ! -e {times} ]; then
    touch {times}
    echo ">>PANIC<< RFB could not bind any port between 5900 and 5949"
    exit 1
fi
exec {shutil.which("bochs")} "$@"
""")
    fake.chmod(0o755)
    status, said, complaint = run(place, "--check", "1", path=f"{fake.parent}:{os.environ['PATH']}")
    assert (status, complaint) == (0, "") and times.exists(), said


def tar_of(path, members):
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("make, sentence", [
    (lambda path: path, "there is no image file"),
    (lambda path: path.parent, "there is no image file"),
    (lambda path: path.write_bytes(b"") and path or path, "is no image file of lessons"),
    (lambda path: path.write_text("no tar\n" * 1000) and path, "is no image file of lessons"),
    (lambda path: path.write_bytes(IMAGE.read_bytes()[:100_000]) and path, "is no image file of lessons"),
    (lambda path: tar_of(path, {"first.iso": b"1"}), "lacks its symbols"),
    (lambda path: tar_of(path, {ATLAS: b"{"}), "lacks its symbols"),
    (lambda path: tar_of(path, {ATLAS: b"[]"}), "is no image file of lessons"),
    (lambda path: tar_of(path, {ATLAS: b"\xff"}), "is no image file of lessons"),
    (lambda path: tar_of(path, {ATLAS: b'{"format": 0}'}), "was made by another version"),
    (lambda path: tar_of(path, {ATLAS: b"{}", "../evil": b""}), "it holds '../evil'"),
    (lambda path: tar_of(path, {ATLAS: edited_atlas(lambda atlas: None)}), "has no machine 'first'"),
    (lambda path: tar_of(path, {ATLAS: edited_atlas(lambda atlas: atlas["programs"].pop("memsrv")),
                                "first.iso": b""}), "has no symbols of memsrv"),
], ids=["none", "a folder", "empty", "text", "cut off", "no atlas", "half an atlas", "an odd atlas", "a binary atlas",
        "another format", "a member outside", "no machine", "no symbols"])
def test_an_image_file_that_wont_do(place, tmp_path, make, sentence):
    refused(place, sentence, "--check", "1", image=make(tmp_path / "image.tar"))


def edited_atlas(edit):
    """The atlas of the build, changed."""
    with tarfile.open(IMAGE) as tar:
        atlas = json.load(tar.extractfile(ATLAS))
    edit(atlas)
    return json.dumps(atlas).encode()


def test_a_build_that_is_not_there(place, tmp_path):
    refused(place, "holds no", "--check", "1", "--build", str(tmp_path))


# ---- stations that aren't reached ----

def member(name):
    with tarfile.open(IMAGE) as tar:
        return tar.extractfile(name).read()


def without_symbol(program, symbol):
    def edit(atlas):
        symbols = atlas["programs"][program]["symbols"]
        left = [one for one in symbols if one[2] != symbol]
        assert len(left) < len(symbols)
        atlas["programs"][program]["symbols"] = left
    return edit


@pytest.mark.parametrize("program, symbol", [("first", "store"), ("memsrv", "fault_page")])
def test_a_symbol_that_is_gone(place, tmp_path, program, symbol):
    image = tar_of(tmp_path / "image.tar", {ATLAS: edited_atlas(without_symbol(program, symbol)),
                                            "first.iso": member("first.iso")})
    status, said, complaint = run(place, "--check", "1", image=image)
    assert status == 1 and complaint == ""
    assert f"{program} has no symbol '{symbol}'" in said


@pytest.fixture
def other_guest(images, tmp_path):
    """other_guest(END): an image file whose lesson 1 boots a core that ends like this, and nothing else."""
    def make(end):
        core = tmp_path / "core"
        subprocess.run(["nasm", "-f", "bin", "-Werror", f"-DEND={end}", "-o", core,
                        ROOT / "tests" / "guest" / "tiny.asm"], check=True)
        iso = Path(images.make(end, modules=[], core=core.read_bytes()))
        return tar_of(tmp_path / "image.tar", {ATLAS: member(ATLAS), "first.iso": iso.read_bytes()})
    return make


@pytest.mark.parametrize("end, sentence", [("SHUTDOWN", "the guest switched its machine off"),
                                           ("TRIPLE_FAULT", "the processor gave up: a triple fault")])
def test_a_guest_that_ends_early(place, other_guest, end, sentence):
    status, said, complaint = run(place, "--check", "1", image=other_guest(end))
    assert status == 1 and complaint == ""
    assert f"was not reached: {sentence}" in said


def test_a_guest_that_spins(place, other_guest, monkeypatch):
    monkeypatch.setattr(Bochs, "PATIENCE", 6)
    monkeypatch.setattr("tempfile.tempdir", str(place.path))
    archive = Archive(other_guest("jmp $"))
    problems = check(lessons()[1], archive).problems
    archive.close()
    assert len(problems) == 1 and "was not reached: the guest ran on and on" in problems[0]


# ---- interrupted ----

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("delay", [0.3, 1.5])
def test_a_check_that_is_interrupted(place, number, delay):
    process = subprocess.Popen([TOOL, "--image", IMAGE, "--build", BUILD, "--check"], env=place.environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(place.path.iterdir()):
        time.sleep(0.05)
    time.sleep(delay)
    process.send_signal(number)
    _, complaint = process.communicate(timeout=20)
    assert process.returncode == INTERRUPTED if number == signal.SIGINT else process.returncode != 0
    assert complaint.strip() == "tools/lesson: the lesson was interrupted"


# ---- a reader at a terminal ----

class Terminal:
    """tools/lesson at a terminal of 100 columns and 40 lines."""

    def __init__(self, place, number, image=IMAGE):
        self.child = pexpect.spawn(TOOL, ["--image", str(image), str(number)], env=place.environment, timeout=60,
                                   dimensions=(ROWS, COLUMNS), encoding="utf-8", echo=False)
        self.prompt()

    def prompt(self):
        """What was said before the prompt, and how far the reader is."""
        self.child.expect(r"\[(\d+)/(\d+)\] > ")
        return self.child.before.replace("\r", ""), int(self.child.match[1]), int(self.child.match[2])

    def type(self, text):
        """What it answers to a command."""
        self.child.sendline(text)
        return self.prompt()[0]

    def end(self, text="q"):
        """Its status, when it ends after this."""
        self.child.sendline(text)
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.fixture
def terminal(place):
    """terminal(NUMBER, IMAGE): all end with the test, before it is looked at what they left."""
    opened = []

    def start(number, image=IMAGE):
        opened.append(Terminal(place, number, image))
        return opened[-1]

    yield start
    for one in opened:
        one.child.kill(signal.SIGTERM)
        one.child.wait() if one.child.isalive() else None


def fits(screen):
    """The prompt takes one more line."""
    lines = screen.rpartition(CLEAR)[2].split("\n")
    return len(lines) <= ROWS and max(map(len, lines)) <= COLUMNS


def test_from_the_first_station_to_the_last(terminal):
    reader, lesson = terminal(1), lessons()[1]
    for number, station in enumerate(lesson.stations, 1):
        reader.child.sendline("")
        screen, position, count = reader.prompt()
        assert (position, count) == (number, len(lesson.stations))
        assert station.title in screen and fits(screen), screen
        assert "not as the lesson tells" not in screen
    assert reader.end("") == 0


def where(screen):
    return re.search(r"^at (0x[0-9a-f]+) ", screen, re.MULTILINE)[1]


def test_the_reader_looks_around(terminal):
    reader = terminal(1)
    first = reader.type("")
    assert "entry_vectors" in (stepped := reader.type("s")) and where(stepped) != where(first)
    assert where(reader.type("b")) == where(first)
    assert "walk of 0x80005123" in reader.type("walk 0x80005123")
    assert "PTE" in reader.type("w rip")
    assert "PTE" in reader.type("w first.store")
    why = reader.type("why 0x80005123")
    assert why.strip() and fits(why)
    assert where(reader.type("line")) != where(first)
    assert where(reader.type("back")) == where(first)
    assert fits(again := reader.type("again")) and where(again) == where(first)
    second = reader.type("next")
    assert "2 of " in second and "entry_vectors" in second
    assert "1 of " in (back := reader.type("b")) and where(back) == where(first)
    assert "first station" in reader.type("b")
    assert reader.end() == 0


def test_bochs_itself_and_back_again(terminal):
    reader = terminal(1)
    first = reader.type("")
    reader.child.sendline("d")
    reader.child.expect("<bochs> ")
    for command, answer in ("r", "rax: "), ("nosuchcommand", "yntax error"), ("s", "Next at"):
        reader.child.sendline(command)
        reader.child.expect(answer)
        reader.child.expect("<bochs> ")
    stepped = reader.type("")
    assert where(stepped) != where(first)
    assert where(reader.type("b")) == where(first)
    assert "2 of " in reader.type("")
    assert reader.end() == 0


@pytest.mark.parametrize("commands", [
    ["xyzzy", "w", "y", "walk nosuch", "walk first.nosuch", "why nosuch.main", "w 0xzz", "w -1", "w 0x", "w r99", "w cr1",
     "w 0x123456789012345678", "w " + "9" * 500, "Next please", "\t", "%s%n", "b b b", "why 0xdead000000000000",
     "w 0xdead000000000000", "back"]])
def test_bad_commands_get_a_sentence(terminal, commands):
    reader = terminal(1)
    assert "has not begun" in reader.type("s")
    reader.type("")
    for command in commands:
        said = reader.type(command)
        assert said.strip() and "Traceback" not in said, command
        assert len(said.strip().split("\n")) < ROWS
    assert "no command" in reader.type("xyzzy") and "should follow" in reader.type("w")
    assert reader.end() == 0


def test_the_guest_ends_under_the_reader(terminal, other_guest):
    reader = terminal(1, other_guest("SHUTDOWN"))
    assert "was not reached: the guest switched its machine off" in reader.type("")
    for command in "", "s", "b", "d", "w 0x1000", "?":
        assert reader.type(command).strip()
    assert reader.end() == 0


@pytest.mark.parametrize("stations", [0, 1])
@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
def test_keys_that_end_a_lesson(terminal, stations, keys):
    reader = terminal(1)
    for _ in range(stations):
        reader.type("")
    reader.child.send(keys)
    reader.child.expect(pexpect.EOF)
    reader.child.close()
    assert reader.child.exitstatus == (INTERRUPTED if keys == "\x03" else 0)
    assert "Traceback" not in reader.child.before


def test_the_terminal_is_closed(place, terminal):
    reader = terminal(1)
    reader.type("")
    reader.child.close(force=False)
    assert place.is_clean()
