"""Where the programs and cores of a machine were linked."""

from .bochs import BochsError

FOLDERS = ("servers", "tasks", "lessons", "tests")
CORES = {"core": "handoff.elf", "test-core": "tests/handoff.elf"}  # the others are lessons/NAME.elf, of NAME-core


def elf_of(build, name):
    """The ELF file of a program or core, by the name of its image."""
    paths = [CORES.get(name, f"lessons/{name.removesuffix('-core')}.elf")] if name.endswith("core") else \
        [f"{folder}/{name}.elf" for folder in FOLDERS]
    for path in paths:
        if (build / path).is_file():
            return build / path
    raise BochsError(f"'{build}' holds no {name}.elf (make lesson-image builds it)")
