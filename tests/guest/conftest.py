"""Fixtures: boot(...) and bochs(...) start guests, shell is one that is at the prompt, and
audit(machine) judges one from outside."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from machine import BUILD, Bochs, Images, Machine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from audit import live  # noqa: E402


@pytest.fixture(scope="session")
def images():
    """Makes bootable images: images.make(cmdline, modules, core, kind)."""
    folder = tempfile.mkdtemp(prefix="handoff-")
    yield Images(folder)
    shutil.rmtree(folder)


def run_guests(images):
    """Yields start(Emulator, image options, emulator options); all guests end afterwards."""
    guests = []

    def start_guest(emulator, making, options):
        # The system's own short folder: the path of a socket can't be long.
        folder = Path(tempfile.mkdtemp(prefix="handoff-"))
        guests.append((emulator(images.make(**making), folder, **options), folder))
        return guests[-1][0]

    yield start_guest
    for guest, folder in guests:
        guest.close()
        print(guest.report())
        shutil.rmtree(folder, ignore_errors=True)  # the emulator may be removing its socket


@pytest.fixture
def start(images):
    """start(Emulator, image options, emulator options): all guests of a test, which end with it."""
    yield from run_guests(images)


@pytest.fixture(scope="module")
def start_for_all(images):
    """The same for guests that all tests of a file share."""
    yield from run_guests(images)


def booter(start):
    """boot(cmdline, modules=..., core=..., mem=..., ...): a Machine that has been switched on."""

    def boot_machine(cmdline="", modules=None, core=None, names=False, **options):
        kind = "iso" if options.get("uefi") else "cd"
        making = {"cmdline": cmdline, "modules": modules, "core": core, "kind": kind, "names": names}
        return start(Machine, making, options)

    return boot_machine


@pytest.fixture
def boot(start):
    return booter(start)


@pytest.fixture(scope="module")
def boot_for_all(start_for_all):
    return booter(start_for_all)


@pytest.fixture
def bochs(start):
    """bochs(cmdline, modules=..., core=..., mem=..., ...): the same in Bochs."""

    def boot_bochs(cmdline="", modules=None, core=None, **options):
        return start(Bochs, {"cmdline": cmdline, "modules": modules, "core": core}, options)

    return boot_bochs


@pytest.fixture
def shell(boot):
    """A Machine at the shell's prompt."""
    machine = boot()
    machine.prompt()
    return machine


@pytest.fixture
def look():
    """look(machine, cpu="max"): the guest as the auditor sees it; it stays paused."""
    return lambda machine, cpu="max": live.look(machine, BUILD / "handoff.elf", cpu)


@pytest.fixture
def audit():
    """audit(machine, cpu="max"): nothing is wrong with what a running guest has in its memory."""

    def audit_machine(machine, cpu="max"):
        found = live.findings(machine, BUILD / "handoff.elf", cpu)
        assert not found, "\n".join(found)

    return audit_machine
