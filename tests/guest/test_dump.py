"""Asking the core on its own line (COM2): in whatever state the machine is, the answer is what the
auditor reads from outside (tests/audit/telling.py), and nothing has changed by it."""

import array
import fcntl
import os
import re
import subprocess
import termios
import time

import pytest

from audit import live
from audit.telling import Telling
from machine import BUILD, ROOT, image

CORES = {"plain": ("", None, "handoff.elf"),
         "slow": ("fastpath=off", None, "handoff.elf"),
         "checked": ("", "checked-core", "checked.elf")}
SPIN = "spawn primes 4000000000 &"
END = "dump: end\n"
QUIET_MS = 100
PAUSE = 0.3  # of the host's seconds: the core surely answers again


class Asked:
    """A machine at the shell's prompt, and how to ask its core."""

    def __init__(self, boot, core="plain", **options):
        # An answer is not bounded: it has no place among the times with interrupts off.
        if "count" in os.environ.get("HANDOFF_PLUGIN", ""):
            options["plugin"] = None
        cmdline, name, self.symbols = CORES[core]
        self.machine = boot(cmdline, core=name and image(name), limit=200, **options)

    def prompt(self, *commands):
        self.machine.prompt()
        for command in commands:
            self.machine.command(command)
        return self

    def send(self, data=b"?"):
        """Returns when the serial line has it all."""
        pipe = self._open()
        os.write(pipe, data)
        left, deadline = array.array("i", [1]), time.monotonic() + 60
        while left[0]:
            assert time.monotonic() < deadline
            fcntl.ioctl(pipe, termios.FIONREAD, left)
            time.sleep(0.01)
        os.close(pipe)

    def _open(self):
        deadline = time.monotonic() + 10
        while True:
            try:
                return os.open(self.machine.folder / "core.in", os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # QEMU is starting
                assert time.monotonic() < deadline
                time.sleep(0.01)

    def answers(self):
        return self.machine.core_log.count(END)

    def wait(self, count):
        """Until there are so many answers; the last one's lines, as Telling has them."""
        deadline = time.monotonic() + 30
        while self.answers() < count:
            assert time.monotonic() < deadline, self.machine.report()
            time.sleep(0.02)
        text = self.machine.core_log.split(END)[count - 1]
        lines = text[text.index("\n", text.rindex("dump: ")) + 1:]
        assert max(map(len, lines.split("\n"))) <= 100
        lines = re.sub(r"\n    (?=0x)", " ", lines)  # lists go on in further lines
        return re.sub(r"(rip 0x[0-9a-f]+) \S+", r"\1", lines).splitlines()

    def look(self):
        return live.look(self.machine, BUILD / self.symbols)

    def settled(self):
        """The guest when it has nothing to do."""
        for _ in range(500):
            guest = self.look()
            if Telling(guest).current is None:
                return guest
            self.machine.resume()
            time.sleep(0.01)
        raise AssertionError("the guest never gets idle")

    def compare(self, guest):
        """Asks in the very state in which the guest stands still now. The byte arrives before the next
        instruction: it is there when the processor goes on."""
        telling = Telling(guest)
        wanted, before = list(telling.lines()), self.answers()
        self.send()
        self.machine.resume()
        said = self.wait(before + 1)
        assert said == wanted
        time.sleep(PAUSE)  # until the core answers again
        return telling

    def states(self, telling):
        return sorted(telling.state_of(frame) for frame in telling.tasks)


def what_stays(guest):
    """All of the frame table, and of the objects what only the core changes while nobody runs."""
    endpoints = {frame: dict(guest.object("endpoint", frame), receiver=0)
                 for frame in guest.frames.all_of("ENDPOINT")}
    return guest.frames.headers, guest.frames.entries, guest.tasks(), endpoints


@pytest.fixture(params=CORES)
def asked(boot, request):
    return lambda *commands, **options: Asked(boot, request.param, **options).prompt(*commands)


def test_idle(asked, audit):
    """Nothing is another than before, and the line goes on answering."""
    guest = asked()
    before = guest.settled()
    stays = what_stays(before)
    for _ in range(3):
        telling = guest.compare(before)
        assert set(guest.states(telling)) <= {"RECEIVING", "WAITING", "READY"}
        before = guest.settled()
        assert what_stays(before) == stays
    guest.machine.resume()
    assert "Hello from ring 3" in guest.machine.command("spawn hello")[0]
    assert not live.findings(guest.machine, BUILD / guest.symbols)


def test_spinning(asked):
    guest = asked(SPIN)
    telling = guest.compare(guest.look())
    assert "RUNNING" in guest.states(telling)


@pytest.mark.parametrize("count, more", [(1, 1), (2, 10), (11, 0)])
def test_circle(asked, count, more):
    """Of so many tasks; more of them wait for its first, but are not in it."""
    ring = [*range(count), *(count * round - 1 for round in range(2, 2 + more))]
    guest = asked(*(f"spawn stuck ring {number} {count} &" for number in reversed(ring)))
    telling = guest.compare(guest.settled())
    assert [len(circle) for circle in telling.circles()] == [count]
    assert guest.states(telling).count("SENDING") >= count - 1 + more - (count == 1)


def test_calling_oneself(asked):
    guest = asked("spawn victim call &", "spawn victim call &", "spawn victim receive &")
    assert [len(circle) for circle in guest.compare(guest.settled()).circles()] == [1, 1]


def test_fault_that_a_pager_is_asked_about(asked):
    guest = asked("spawn stuck pager hello &")
    lines = list(guest.compare(guest.settled()).lines())
    at = next(i for i, line in enumerate(lines) if line.startswith("  exception 14, "))
    assert lines[at - 2].endswith(": stopped")


def test_memsrv_busy(asked):
    """While it works for somebody."""
    guest = asked("spawn spawner 1000000 hello &")
    for _ in range(500):
        now = guest.look()
        telling = Telling(now)
        running = telling.tasks.get(telling.current)
        if running and running["memory"] and "WAITING" in guest.states(telling):
            guest.compare(now)
            return
        guest.machine.resume()
        time.sleep(0.003)
    raise AssertionError("memsrv was never busy")


def test_many_tasks(asked):
    guest = asked(*[SPIN] * 20, *["spawn victim call &"] * 12, mem="64M")
    telling = guest.compare(guest.look())
    assert len(telling.tasks) >= 37 and guest.states(telling).count("READY") >= 19


def test_a_byte_while_booting(boot):
    """It is answered after the handoff, or forgotten; the next ones are answered."""
    guest = Asked(boot, extra=["-S"])
    guest.send()
    guest.machine.resume()
    guest.machine.expect("Handoff: a microkernel")
    guest.send()
    guest.prompt()
    assert guest.answers() <= 1
    time.sleep(PAUSE)
    guest.compare(guest.settled())


@pytest.mark.parametrize("count", [2, 16, 1000])
def test_many_bytes(boot, count):
    """However many come, ten a second are answered at most, by the core's clock; and tasks go on."""
    guest = Asked(boot).prompt()
    guest.send(b"?" * count)
    assert "Hello from ring 3" in guest.machine.command("spawn hello")[0]
    guest.wait(1)
    times = [int(stamp) for stamp in re.findall(r"^dump: (\d+) ms", guest.machine.core_log, re.MULTILINE)]
    assert all(after - before >= QUIET_MS for before, after in zip(times, times[1:]))
    time.sleep(PAUSE)
    guest.compare(guest.settled())


def test_tool(boot):
    """tools/dump prints one answer; without a machine it says so."""
    guest = Asked(boot).prompt()
    log = guest.machine.folder / "core.log"
    command = [ROOT / "tools" / "dump", BUILD / "nobody.log", log]
    for _ in range(2):
        said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
        assert said.startswith("dump: ") and said.endswith(END) and said.count("dump: ") == 2
    guest.machine.send("exit\r")
    guest.machine.wait()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1 and "no machine runs" in ended.stderr
