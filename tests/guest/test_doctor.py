"""tools/doctor, and what the debuggers' tools say about what is missing: with machines that lack something,
made of a PATH that has everything but that."""

import os
import pty
import re
import shutil
import subprocess

import pytest

from machine import BUILD, ROOT

FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/games")
NEEDED = ("make run", "make test", "make lesson")


@pytest.fixture
def path(tmp_path):
    """path(without=..., instead={name: script}): a PATH of links to all programs but those."""

    def make(without=(), instead=None):
        folder = tmp_path / "bin"
        folder.mkdir()
        for place in FOLDERS:
            for name in os.listdir(place) if os.path.isdir(place) else ():
                if name not in without and name not in (instead or {}) and not (folder / name).is_symlink():
                    (folder / name).symlink_to(f"{place}/{name}")
        for name, script in (instead or {}).items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
        return str(folder)

    return make


def run(path, *command, **options):
    """Exit status and what was said."""
    # A make that runs these tests must not tell its own options to the make that they run.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment |= {"PATH": path} if path else {}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, **options)
    return done.returncode, done.stdout


def doctor(path=None):
    """Exit status, and {target: (state, rest of the line)}, where the worst line of a target counts."""
    status, said = run(path, ROOT / "tools" / "doctor")
    found = {}
    for name, state, rest in re.findall(r"^(\S.{16}) (\S+) +(.*)$", said, re.MULTILINE):
        if found.get(name.strip(), ("ok",))[0] == "ok":
            found[name.strip()] = state, rest
    return status, found, said


def test_everything_is_there():
    status, found, said = doctor()
    assert status == 0 and all(found[name][0] == "ok" for name in (*NEEDED, "make debug", "make bochs", "disk")), said
    assert re.search(r"nasm \d\S*, .*xorriso \d\S*, qemu-system-x86_64 \d", found["make run"][1])
    assert "Bochs 2.7, with its debugger and a display" in found["make bochs"][1] and "?" not in said
    assert said.endswith("make run, make test and make lesson have what they need.\n")


def test_make_doctor_builds_nothing(tmp_path):
    status, said = run(None, "make", f"BUILD={tmp_path / 'none'}", "doctor")
    assert status == 0 and said.splitlines()[-1].endswith("have what they need.")
    assert not list(tmp_path.rglob("*.o"))


@pytest.mark.parametrize("missing, package, target", [
    ("nasm", "nasm", "make run"),
    ("qemu-system-x86_64", "qemu-system-x86", "make run"),
    ("grub-mkrescue", "grub-common", "make run"),
    ("xorriso", "xorriso", "make run"),
    ("x86_64-linux-gnu-gcc", "gcc", "make run"),
    ("clang", "clang", "make test"),
    ("spin", "spin", "make test"),
    ("bochs", "bochs", "make lesson"),
    ("bochs", "bochs", "make test"),
])
def test_missing_program(path, missing, package, target):
    status, found, said = doctor(path(without=[missing]))
    assert status == 1 and found[target][0] == "MISSING"
    assert re.search(rf"\b{package}\b", found[target][1])
    assert re.search(rf"^ +apt-get install -y --no-install-recommends .*\b{package}\b", said, re.MULTILINE)
    assert said.splitlines()[-1].startswith("Something that make run")


def test_missing_for_something_else(path):
    """Who has no cmark-gfm can't make web pages, but all else."""
    status, found, _ = doctor(path(without=["cmark-gfm"]))
    assert status == 0 and found["make docs"][0] == "absent" and "cmark-gfm" in found["make docs"][1]


def test_python_is_not_needed_to_run_it(path):
    status, found, _ = doctor(path(without=["python3", "python3.11", "gdb", "bochs", "clang", "qemu-system-x86_64"]))
    assert status == 1 and found["make debug"][0] == found["make bochs"][0] == "MISSING"


@pytest.mark.parametrize("name, script, target, sentence", [
    ("gdb", 'case "$*" in *python*) exit 1 ;; esac; echo GNU gdb 13.1', "make debug", "this gdb has no Python"),
    ("qemu-system-x86_64", 'case "$*" in *accel*) echo kvm ;; *) exec /usr/bin/qemu-system-x86_64 "$@" ;; esac',
     "make run", "no TCG"),
    ("qemu-system-x86_64", 'case "$*" in *-cpu*) echo qemu64 ;; *) exec /usr/bin/qemu-system-x86_64 "$@" ;; esac',
     "make run", "no processor model 'max'"),
    ("bochs", "/usr/bin/bochs --help 2>&1 | grep -v -- '-rc '", "make bochs", "has no debugger"),
    ("bochs", "/usr/bin/bochs --help 2>&1 | sed 's/Emulator 2.7/Emulator 3.0/'", "make bochs",
     "made for Bochs 2.7: 3.0 may say other things"),
    ("bochs", "echo hello", "make bochs", "doesn't say that it is Bochs"),
    ("df", "printf 'head\\n/dev/x 1000 900 102400 9%% /\\n'", "make test", "100 MiB are free here"),
])
def test_program_that_is_of_no_use(path, name, script, target, sentence):
    status, found, said = doctor(path(instead={name: script}))
    assert sentence in found[target][1], said
    assert found[target][0] == "MISSING" and status == (0 if target == "make debug" else 1)


def test_bochs_without_a_display(path, tmp_path):
    script = f"/usr/bin/bochs --help 2>&1 | sed \"s,'/.*plugins','{tmp_path}',\""
    status, found, _ = doctor(path(instead={"bochs": script}))
    assert status == 1 and "libbx_rfb_gui.so is missing" in found["make bochs"][1]


@pytest.mark.parametrize("size, state", [("100x40", "ok"), ("99x40", "small"), ("100x39", "small")])
def test_terminal(size, state):
    """On a terminal of that size."""
    columns, lines = size.split("x")
    leader, follower = pty.openpty()
    subprocess.run(["stty", "cols", columns, "rows", lines], stdin=follower, check=True)
    with subprocess.Popen([ROOT / "tools" / "doctor"], stdin=follower, stdout=follower, stderr=follower,
                          cwd=ROOT) as process:
        os.close(follower)
        said = b""
        try:
            while piece := os.read(leader, 4096):
                said += piece
        except OSError:  # the other side is closed
            pass
    os.close(leader)
    assert process.returncode == 0
    assert re.search(rf"^terminal +{state} +{size}\b", said.decode(), re.MULTILINE), said.decode()


# ---- the debuggers, started where something is missing ----

def one_line(status, said, sentence):
    assert status != 0 and sentence in said and said.count("\n") == 1, said


@pytest.mark.parametrize("script, sentence", [
    (None, "there is no Bochs: tools/setup lesson installs it"),
    ("/usr/bin/bochs --help 2>&1 | grep -v -- '-rc '", "has no debugger of its own"),
    ("echo hello", "doesn't say that it is Bochs"),
])
def test_bochs_says_what_it_lacks(path, script, sentence):
    where = path(without=["bochs"]) if script is None else path(instead={"bochs": script})
    one_line(*run(where, ROOT / "tools" / "bochs", "--build", BUILD, "Makefile"), sentence)


def test_debug_says_what_it_lacks(path, tmp_path):
    debug = ROOT / "tools" / "debug"
    one_line(*run(path(without=["gdb"]), debug, "--build", BUILD, "Makefile"), "there is no gdb: tools/setup test")
    one_line(*run(None, debug, "--build", tmp_path, "Makefile"), "holds no handoff.elf, so there are no symbols")
    one_line(*run(None, debug, "--attach", tmp_path / "none"), "there is no socket")
    one_line(*run(None, ROOT / "tools" / "console", "--build", tmp_path), "nothing runs under")
    one_line(*run(None, ROOT / "tools" / "bochs", "--build", tmp_path, "Makefile"), "so there are no symbols")


def test_gdb_without_python(path, boot, tmp_path):
    """It is told, and gdb starts with all symbols nevertheless."""
    script = 'case "$*" in *"python print"*) exit 1 ;; *) exec /usr/bin/gdb "$@" ;; esac'
    shutil.copy("/dev/null", tmp_path / "image")
    status, said = run(path(instead={"gdb": script}), ROOT / "tools" / "debug", "--build", BUILD, tmp_path / "image",
                       "-batch", "-ex", "info line core_main", "-ex", "help walk")
    assert status in (0, 1) and "this gdb has no Python, and so no commands of ours" in said
    assert re.search(r"Line \d+ of .*ukernel/main.c", said) and "four-level" not in said
