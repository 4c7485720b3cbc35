"""Boot information of the tests' own making, and a core that gets it: see enter.asm."""

import struct
import subprocess
from io import BytesIO

from elftools.elf.elffile import ELFFile

from machine import BUILD, ROOT

ORIGIN = 0x100_0000  # where enter.asm is loaded
IMAGE_BASE = 0xFFFF_FFFF_8000_0000
MAGIC = 0x36D7_6289
PAGE = 4096
MEG = 1 << 20

END, COMMAND_LINE, MODULE, MEMORY_MAP = 0, 1, 3, 6
RAM, RESERVED = 1, 2


def tag(kind, content, size=None):
    """A tag of the Multiboot2 information, with a wrong size if asked for."""
    data = struct.pack("<II", kind, 8 + len(content) if size is None else size) + content
    return data + bytes(-len(data) % 8)


def command_line(text):
    return tag(COMMAND_LINE, text.encode() + b"\0")


def module(start, end, string):
    return tag(MODULE, struct.pack("<II", start, end) + string.encode() + b"\0")


def memory_map(*ranges, stride=24):
    """Each range: start, length, type."""
    entries = b"".join(struct.pack("<QQII", *entry, 0) + bytes(max(0, stride - 24)) for entry in ranges)
    return tag(MEMORY_MAP, struct.pack("<II", stride, 0) + entries)


USUAL_MAP = memory_map((0, 0x9F000, RAM), (0xF0000, 0x10000, RESERVED), (MEG, 31 * MEG, RAM))
END_TAG = tag(END, b"")


def information(*tags, size=None):
    """All of it, with another total size than it has if asked for."""
    body = b"".join(tags)
    return struct.pack("<II", 8 + len(body) if size is None else size, 0) + body


def _padded(data):
    return data + bytes(-len(data) % PAGE)


def _image():
    """The core as it lies in memory, its address, and its entry point (both physical)."""
    with open(BUILD / "image" / "core", "rb") as file:
        elf = ELFFile(BytesIO(file.read()))
    segments = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_LOAD"]
    start = min(segment["p_paddr"] for segment in segments)
    image = bytearray(max(segment["p_paddr"] + segment["p_memsz"] for segment in segments) - start)
    for segment in segments:
        at = segment["p_paddr"] - start
        image[at:at + segment["p_filesz"]] = segment.data()
    return _padded(bytes(image)), start, elf["e_entry"] - IMAGE_BASE


def module_places(modules):
    """Where `modules` (bytes each) will lie: (start, end), page-aligned, behind the image."""
    at = ORIGIN + PAGE + len(_image()[0])
    places = []
    for content in modules:
        places.append((at, at + len(content)))
        at += len(_padded(content))
    return places


def core_given(info, magic=MAGIC, modules=(), misaligned=0):
    """A file for boot(core=...) that enters the core with this information."""
    image, load, entry = _image()
    body = image + b"".join(_padded(content) for content in modules) + bytes(misaligned)
    values = {"IMAGE": ORIGIN + PAGE, "IMAGE_BYTES": len(image), "IMAGE_LOAD": load, "MAGIC": magic, "ENTRY": entry,
              "INFO": ORIGIN + PAGE + len(body)}
    code = subprocess.run(["nasm", "-f", "bin", "-Werror", "-o", "/dev/stdout", ROOT / "tests" / "guest" / "enter.asm",
                           *(f"-D{name}={value:#x}" for name, value in values.items())],
                          check=True, stdout=subprocess.PIPE).stdout
    return code + body + info
