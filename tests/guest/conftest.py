"""Fixtures: boot(...) and bochs(...) start guests, and shell is one that is at the prompt."""

import shutil
import tempfile
from pathlib import Path

import pytest

from machine import Bochs, Images, Machine


@pytest.fixture(scope="session")
def images():
    """Makes bootable images: images.make(cmdline, modules, core, kind)."""
    folder = tempfile.mkdtemp(prefix="handoff-")
    yield Images(folder)
    shutil.rmtree(folder)


@pytest.fixture
def start(images):
    """start(Emulator, image options, emulator options): all guests of a test, which end with it."""
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
        shutil.rmtree(folder)


@pytest.fixture
def boot(start):
    """boot(cmdline, modules=..., core=..., mem=..., ...): a Machine that has been switched on."""

    def boot_machine(cmdline="", modules=None, core=None, **options):
        kind = "iso" if options.get("uefi") else "cd"
        making = {"cmdline": cmdline, "modules": modules, "core": core, "kind": kind}
        return start(Machine, making, options)

    return boot_machine


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
