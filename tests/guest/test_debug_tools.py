"""tools/debug, tools/console and tools/bochs as a user has them, and the command files for Bochs."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pexpect
import pytest

from machine import BUILD, PROMPT, ROOT

GDB = "(gdb) "


@pytest.fixture
def build():
    """A folder like that of the build, with its symbols, in which others run nothing."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-"))
    for name in ("handoff.elf", "servers/memsrv.elf", "servers/init.elf", "tasks/badptr.elf", "gen/offsets.inc"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(BUILD / name, folder / name)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def spawn():
    """spawn(tool, argument ...): a program at a terminal of its own, which ends with the test."""
    started = []

    def start(tool, *arguments):
        started.append(pexpect.spawn(str(ROOT / "tools" / tool), [str(word) for word in arguments], timeout=60,
                                     encoding="latin-1", dimensions=(40, 100), cwd=ROOT))
        return started[-1]

    yield start
    for process in started:
        process.close(force=True)


def answer(gdb, command):
    """What gdb says to a command, with \r taken out."""
    gdb.sendline(command)
    gdb.expect_exact(GDB)
    return gdb.before.replace("\r", "")


def at_the_prompt(spawn, build, images):
    """gdb, and a console at which the shell waits for a command."""
    gdb = spawn("debug", "--build", build, "--memory", "128M", images.make())
    gdb.expect_exact(GDB)
    assert "init:main" in answer(gdb, "break init/main.c:main") + answer(gdb, "continue") + answer(gdb, "task")
    console = spawn("console", "--build", build)
    console.expect_exact("Handoff: a microkernel")  # it was said before
    gdb.sendline("continue")
    console.expect_exact(PROMPT)
    return gdb, console


def await_end(number):
    """Until no such process is left."""
    deadline = time.monotonic() + 10
    while Path(f"/proc/{number}").exists():
        assert time.monotonic() < deadline, f"process {number} still runs"
        time.sleep(0.05)


def qemu_of(build):
    """The QEMU that has its sockets there."""
    found = subprocess.run(["pgrep", "-f", f"path={build}/debug/gdb"], stdout=subprocess.PIPE, text=True, check=False)
    return [int(number) for number in found.stdout.split()]


def test_debug_and_console(spawn, build, images):
    gdb, console = at_the_prompt(spawn, build, images)
    console.send("ps\r")
    console.expect(r"number parent.*\d +init\r")
    said = subprocess.run([ROOT / "tools" / "dump", build / "debug" / "com2.log"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
    assert said.returncode == 0 and said.stdout.endswith("dump: end\n"), said.stdout
    console.send("\x1d")
    console.expect(pexpect.EOF)
    gdb.sendintr()
    gdb.expect_exact("SIGINT")
    gdb.expect_exact(GDB)
    assert "they agree" in answer(gdb, "buddy")
    qemu = qemu_of(build)
    gdb.sendline("quit")
    gdb.expect(pexpect.EOF)
    gdb.wait()
    assert len(qemu) == 1
    await_end(qemu[0])


def test_console_tells_of_the_end(spawn, build, images):
    gdb, console = at_the_prompt(spawn, build, images)
    console.send("exit\r")
    console.expect_exact("the machine has ended")
    gdb.expect("exited|closed")


def test_console_takes_input_from_a_pipe(spawn, build, images):
    gdb, console = at_the_prompt(spawn, build, images)
    console.close(force=True)
    done = subprocess.run([ROOT / "tools" / "console", "--build", build], input="spawn hello\nexit\n", text=True,
                          stdout=subprocess.PIPE, timeout=60, check=False)
    assert "Hello from ring 3" in done.stdout and done.stdout.endswith("the machine has ended\n")
    assert gdb.isalive()


def test_nothing_is_left_when_debug_is_ended(spawn, build, images):
    """As when its terminal is closed."""
    gdb, _ = at_the_prompt(spawn, build, images)
    qemu = qemu_of(build)
    os.killpg(os.getpgid(gdb.pid), signal.SIGHUP)
    gdb.expect(pexpect.EOF)
    gdb.wait()
    assert len(qemu) == 1
    await_end(qemu[0])


# ---- Bochs ----

def in_bochs(build, images, *commands):
    """What Bochs answers to commands typed at power-on, a text for each `source`."""
    (build / "typed").write_text("\n".join([*commands, "q", ""]))
    done = subprocess.run([ROOT / "tools" / "bochs", "--build", build, "--memory", "32M", "--commands", build / "typed",
                           images.make(modules=["memsrv", "init", "console", "timer"])], cwd=ROOT, text=True, timeout=100,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert "can not open" not in done.stdout and "syntax error" not in done.stdout, done.stdout
    return done.stdout


def test_bochs_files_of_places(build, images):
    said = in_bochs(build, images, f"source {build}/bochs/core", f"source {build}/bochs/ring3", "d 1", "d 2",
                    f"source {build}/bochs/memsrv")
    core, ring3, memsrv = (said.index(text) for text in
                           ("0008:ffffffff80", "(memsrv._start+0): ", "(memsrv.fault_page+0): "))
    assert "(core_main+0): " in said[core:].split("\n")[0]
    assert core < said.index("CR2=page fault laddr=0x0000000000000000") < ring3 < memsrv
    assert "eflags 0x0000020" in said[ring3:memsrv] and "cs:0x0023" in said[ring3:memsrv]
    assert len(re.findall(r"^000000004\w+: \( +memsrv\.", said[ring3:memsrv], re.MULTILINE)) == 5
    assert len(re.findall(r"^0x000000004\w+ <memsrv\.request", said[memsrv:], re.MULTILINE)) == 4


def judge_fault(text):
    """CR2, the walk and the words that the processor has pushed belong together: init's first instruction."""
    address = int(re.search(r"CR2=page fault laddr=0x(\w+)", text)[1], 16)
    walk = re.findall(r"^ *(PML4|PDPE|PDE|PTE): 0x(\w+) .* ([Pp])$", text, re.MULTILINE)
    assert [present for _, _, present in walk][-1] == "p" and all(present == "P" for _, _, present in walk[:-1])
    assert f"not available for linear 0x{address & ~4095:016x}" in text
    error, rip, cs, rflags, _, ss = (int(word, 16) for word in re.findall(r"\t0x(\w{8})", text)[:6])
    assert (error, cs, ss) == (0x14, 0x23, 0x1B) and rflags & 0x202 == 0x202
    assert rip == address & 0xFFFF_FFFF and "pmo+" in text
    return rip


def test_bochs_files_of_a_fault(build, images):
    said = in_bochs(build, images, f"source {build}/bochs/fault", f"source {build}/bochs/look")
    first, again = said.split("\nCR0=")[1:]
    assert judge_fault(first) == judge_fault(again)
    entry = subprocess.run(["readelf", "-h", build / "servers" / "init.elf"], stdout=subprocess.PIPE, text=True,
                           check=True).stdout
    assert f"0x{judge_fault(first):x}" in entry


def test_symbols_for_bochs(build):
    """Each line an address and a name; other cores' names aren't among them."""
    (build / "lessons").mkdir()
    shutil.copy(BUILD / "handoff.elf", build / "lessons" / "ghost.elf")
    said = subprocess.run([ROOT / "tools" / "symbols", build], stdout=subprocess.PIPE, text=True, check=True).stdout
    names = dict(reversed(line.split(" ")) for line in said.splitlines())
    assert {"core_main", "memsrv.fault_page", "badptr.main", "pmo"} <= names.keys()
    assert names["pmo"] == "ffff800000000000" and not any(name.startswith("ghost.") for name in names)
