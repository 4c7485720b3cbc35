"""What is wrong with the machine or with what the boot loader brings: one clear line, and an
end with the status that says so. No triple fault: Machine.wait would not take it for an end."""

import re
import struct

import pytest

from loader import (END_TAG, MEG, PAGE, RAM, RESERVED, USUAL_MAP, command_line, core_given, information, memory_map,
                    module, module_places, tag)
from machine import image, module_names

MEMSRV_FAULTED, REFUSED, MEMSRV_GAVE_UP, NOT_STARTED = 65, 66, 63, 61


def refused(machine, sentence, status=REFUSED, start="boot refused: "):
    """It ended with this status, and one line says why."""
    assert machine.wait() == status
    lines = [line for line in machine.console.split("\n") if start in line]
    assert len(lines) == 1 and sentence in lines[0], machine.report()
    assert "panic" not in machine.console


# ---- The processor ----

@pytest.mark.parametrize("cpu, sentence", [
    ("qemu32", "no long mode"), ("pentium3", "no long mode"), ("486", "no long mode"),
    ("qemu64,-nx", "forbid execution (NX)"), ("qemu64,-apic", "no local APIC"),
])
def test_processor_that_will_not_do(boot, cpu, sentence):
    refused(boot(cpu=cpu), sentence)


@pytest.mark.parametrize("magic", [0, 0x2BADB002, 0x36D76288, 0xE85250D6, 0xFFFFFFFF])
def test_wrong_magic(boot, magic):
    refused(boot(core=core_given(information(USUAL_MAP, END_TAG), magic=magic), modules=[]), "Multiboot2")


# ---- The boot information ----

def many(count):
    return b"".join(module(3 * MEG, 3 * MEG, f"m{number}") for number in range(count))


INFORMATION = [
    ("no end tag", information(USUAL_MAP), "no end tag"),
    ("tag of no size", information(USUAL_MAP, tag(99, b"", size=0), END_TAG), "tag is too short"),
    ("tag of seven bytes", information(USUAL_MAP, tag(99, b"", size=7), END_TAG), "tag is too short"),
    ("tag beyond the end", information(USUAL_MAP, tag(99, b"", size=1 << 20), END_TAG), "reaches beyond the end"),
    ("tag of 2^32 - 1 bytes", information(USUAL_MAP, tag(99, b"", size=0xFFFFFFFF), END_TAG), "reaches beyond the end"),
    ("no bytes at all", information(USUAL_MAP, END_TAG, size=0), "size is impossible"),
    ("eight bytes", information(USUAL_MAP, END_TAG, size=8), "size is impossible"),
    ("more than 64 KiB", information(USUAL_MAP, tag(99, bytes(0x10000)), END_TAG), "size is impossible"),
    ("4 GiB", information(USUAL_MAP, END_TAG, size=0xFFFFFFF8), "size is impossible"),
    ("no memory map", information(END_TAG), "no memory map"),
    ("two memory maps", information(USUAL_MAP, USUAL_MAP, END_TAG), "twice"),
    ("entries of no size", information(memory_map((MEG, 31 * MEG, RAM), stride=0), END_TAG),
     "entry size is impossible"),
    ("entries of eight bytes", information(memory_map((MEG, 31 * MEG, RAM), stride=8), END_TAG),
     "entry size is impossible"),
    ("no usable RAM", information(memory_map((MEG, 31 * MEG, RESERVED)), END_TAG), "no usable RAM"),
    ("RAM smaller than a page", information(memory_map((MEG + 1, PAGE, RAM)), END_TAG), "no usable RAM"),
    ("a range that overflows", information(memory_map((MEG, (1 << 64) - PAGE, RAM)), END_TAG),
     "physical address space"),
    ("too many ranges", information(memory_map(*((MEG + 2 * PAGE * n, PAGE, RAM) for n in range(513))), END_TAG),
     "more ranges"),
    ("core in no RAM", information(memory_map((8 * MEG, 8 * MEG, RAM)), END_TAG), "not usable RAM"),
    ("core in reserved RAM", information(memory_map((MEG, 31 * MEG, RAM), (2 * MEG, PAGE, RESERVED)), END_TAG),
     "not usable RAM"),
    ("open command line", information(USUAL_MAP, tag(1, b"abc"), END_TAG), "does not end inside its tag"),
    ("open module string", information(USUAL_MAP, tag(3, struct.pack("<II", 3 * MEG, 4 * MEG) + b"x"), END_TAG),
     "does not end inside its tag"),
    ("module that ends first", information(USUAL_MAP, module(4 * MEG, 3 * MEG, "x"), END_TAG), "ends before it starts"),
    ("misaligned module", information(USUAL_MAP, module(3 * MEG + 8, 4 * MEG, "x"), END_TAG),
     "does not start at a page"),
    ("overlapping modules", information(USUAL_MAP, module(3 * MEG, 5 * MEG, "a"), module(4 * MEG, 6 * MEG, "b"),
                                         END_TAG),
     "overlap"),
    ("unnamed module", information(USUAL_MAP, module(3 * MEG, 4 * MEG, ""), END_TAG), "has no name"),
    ("name of a space", information(USUAL_MAP, module(3 * MEG, 4 * MEG, " x"), END_TAG), "has no name"),
    ("one name twice", information(USUAL_MAP, module(3 * MEG, 4 * MEG, "a 1"), module(4 * MEG, 5 * MEG, "a 2"),
                                    END_TAG),
     "the same name"),
    ("module in the core", information(USUAL_MAP, module(2 * MEG, 2 * MEG + PAGE, "a"), END_TAG), "is used twice"),
    ("module in no RAM", information(USUAL_MAP, module(0xA0000, 0xB0000, "a"), END_TAG), "not usable RAM"),
    ("too many modules", information(USUAL_MAP, many(129), END_TAG), "more boot modules"),
    ("no module", information(USUAL_MAP, END_TAG), "no module named memsrv"),
    ("too little RAM for the core", information(memory_map((2 * MEG, MEG // 4, RAM)), END_TAG), "too little RAM"),
]


@pytest.mark.parametrize("info, sentence", [case[1:] for case in INFORMATION], ids=[case[0] for case in INFORMATION])
def test_boot_information(boot, info, sentence):
    refused(boot(core=core_given(info), modules=[]), sentence)


def test_misaligned_information(boot):
    info = information(USUAL_MAP, END_TAG)
    refused(boot(core=core_given(info, misaligned=4), modules=[]), "not aligned")


def given(ram_end, *names, command="", extra=()):
    """A core with these modules and RAM from 1 MiB to `ram_end`, and a hole between core and modules."""
    contents = [image(name).read_bytes() for name in names]
    places = module_places(contents)
    tags = [module(start, end, name) for name, (start, end) in zip(names, places)]
    first = places[0][0]
    room = memory_map((0, 0x9F000, RAM), (MEG, ram_end - MEG, RAM),
                      (first, -(-places[-1][1] // PAGE) * PAGE - first, RAM), *extra)
    return core_given(information(room, command_line(command), *tags, END_TAG), modules=contents)


def test_a_sound_one_boots(boot):
    """The same loader, with nothing wrong."""
    core = given(6 * MEG, "memsrv", "init", "console", "hello", command="run=hello")
    machine = boot(core=core, modules=[])
    assert machine.wait() == 0
    assert "Hello from ring 3" in machine.console


@pytest.mark.parametrize("frames, status, sentence", [
    (8, REFUSED, "too little RAM"), (40, REFUSED, "too little RAM"), (80, REFUSED, "too little RAM"),
])
def test_too_little_for_memsrv(boot, frames, status, sentence):
    """Enough for the core, too little for memsrv."""
    image_frames = 48
    core = given(2 * MEG + (image_frames + frames) * PAGE, "memsrv", "init",
                 extra=[(MEG, MEG, RESERVED), (0, MEG, RESERVED)])
    refused(boot(core=core, modules=[]), sentence, status)


@pytest.mark.parametrize("free", range(0, 64, 8))
def test_hardly_enough(boot, free):
    """Somewhere in here there is enough for memsrv and too little for init, for the console, for hello:
    whatever it is, it is said."""
    core = given(2 * MEG + (150 + free) * PAGE, "memsrv", "init", "console", "hello", command="run=hello",
                 extra=[(MEG, MEG, RESERVED), (0, MEG, RESERVED)])
    machine = boot(core=core, modules=[])
    status = machine.wait()
    last = [line for line in machine.console.split("\n") if line][-1]
    assert (status, bool(re.search("too little (RAM|memory)|memory|init: |init has ended|ended with code 0", last))) in [
        (REFUSED, True), (MEMSRV_GAVE_UP, True), (NOT_STARTED, True), (62, True), (0, True)], machine.report()


# ---- Modules, by GRUB ----

def without(name):
    return [other for other in module_names() if other != name]


def with_other(name, content):
    return [(other, content) if other == name else other for other in module_names()]


def test_no_modules(boot):
    refused(boot(modules=[]), "no module named memsrv")


def test_memsrv_missing(boot):
    refused(boot(modules=without("memsrv")), "no module named memsrv")


def test_two_modules_of_one_name(boot):
    refused(boot(modules=[*module_names(), ("hello again", b"x")]), "the same name")


def test_unnamed_module(boot):
    refused(boot(modules=[*module_names(), ("", b"x")]), "has no name")


def changed(name, offset, content):
    data = bytearray(image(name).read_bytes())
    data[offset:offset + len(content)] = content
    return bytes(data)


def segment(name, kind):
    """Where the program header with these flags stands in the file, and its fields."""
    data = image(name).read_bytes()
    table, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    for at in range(table, table + count * 56, 56):
        fields = struct.unpack_from("<IIQQQQQQ", data, at)
        if fields[0] == 1 and fields[1] & 3 == kind:
            return at, fields
    raise AssertionError(f"{name} has no segment with flags {kind}")


TEXT, DATA = 1, 2  # executable, writable


def malformed(name):
    """Broken copies of a program, by what is wrong with each."""
    text, _ = segment(name, TEXT)
    data, fields = segment(name, DATA)
    word = struct.Struct("<Q").pack
    return {
        "empty": b"",
        "one byte": b"\x7f",
        "garbage": bytes(range(256)) * 64,
        "zeroes": bytes(8192),
        "header only": image(name).read_bytes()[:64],
        "truncated": image(name).read_bytes()[:5000],
        "32-bit": changed(name, 4, b"\x01"),
        "another machine": changed(name, 18, b"\x03\x00"),
        "relocatable": changed(name, 16, b"\x01\x00"),
        "program headers far out": changed(name, 32, word(1 << 62)),
        "program headers at the end of all": changed(name, 32, word((1 << 64) - 56)),
        "65535 program headers": changed(name, 56, b"\xff\xff"),
        "odd program header size": changed(name, 54, b"\x01\x00"),
        "writable text": changed(name, text + 4, b"\x07"),
        "executable data": changed(name, data + 4, b"\x07"),
        "segment in the core": changed(name, data + 16, word(0xFFFFFFFF80200000)),
        "segment in the null page": changed(name, data + 16, word(fields[3] % PAGE)),
        "segment where no address is": changed(name, data + 16, word(0x800000000000 + fields[3] % PAGE)),
        "segment that wraps around": changed(name, data + 40, word((1 << 64) - PAGE)),
        "segment of 2 TiB": changed(name, data + 40, word(1 << 41)),
        "more in the file than in memory": changed(name, data + 32, word(fields[6] + PAGE)),
        "file offset beyond the end": changed(name, data + 8, word(1 << 40)),
        "file offset that wraps around": changed(name, data + 8, word((1 << 64) - PAGE + fields[2] % PAGE)),
        "misaligned segment": changed(name, data + 8, word((fields[2] - 8) % (1 << 64))),
        "segments that overlap": changed(name, data + 16, word(segment(name, TEXT)[1][3] + fields[3] % PAGE)),
        "entry in the core": changed(name, 24, word(0xFFFFFFFF80200000)),
    }


def misguided(name):
    """Copies that are only entered where no text is."""
    entries = {"null": 0, "data": segment(name, DATA)[1][3], "nowhere": 0x7000_0000}
    return {f"entry in {where}": changed(name, 24, struct.pack("<Q", at)) for where, at in entries.items()}


@pytest.mark.parametrize("what", malformed("memsrv"))
def test_memsrv_malformed(boot, what):
    refused(boot(modules=with_other("memsrv", malformed("memsrv")[what])), "memsrv")


@pytest.mark.parametrize("what", misguided("memsrv"))
def test_memsrv_entered_wrongly(boot, what):
    """The core does not look where the entry is: it shows at once."""
    machine = boot(modules=with_other("memsrv", misguided("memsrv")[what]))
    refused(machine, "fetch from", MEMSRV_FAULTED, "memsrv faulted")


@pytest.mark.parametrize("code, wanted", [
    (b"\x0f\x0b", "invalid opcode"), (b"\xf4", "general protection"), (b"\x8a\x04\x25\x10\x00\x00\x00", "read of 0x10"),
])
def test_memsrv_that_faults(boot, code, wanted):
    """The core says so, and ends the machine with a status of its own."""
    at, fields = segment("memsrv", TEXT)
    entry = struct.unpack_from("<Q", image("memsrv").read_bytes(), 24)[0]
    machine = boot(modules=with_other("memsrv", changed("memsrv", fields[2] + entry - fields[3], code)))
    refused(machine, wanted, MEMSRV_FAULTED, "memsrv faulted")
    assert "memsrv faulted" in machine.core_log


def test_init_missing(boot):
    refused(boot(modules=without("init")), "no boot module named init", MEMSRV_GAVE_UP, "memsrv: ")


@pytest.mark.parametrize("what", ["empty", "garbage", "truncated", "writable text", "segment in the core"])
def test_init_malformed(boot, what):
    refused(boot(modules=with_other("init", malformed("init")[what])), "no valid program", MEMSRV_GAVE_UP, "memsrv: ")


@pytest.mark.parametrize("modules", [without("console"), with_other("console", b"garbage")],
                         ids=["missing", "malformed"])
def test_no_console(boot, modules):
    assert boot(modules=modules).wait() == NOT_STARTED


# ---- Images for mem_spawn ----

def test_malformed_programs(boot, audit):
    """Each is refused by name, and nothing is lost by it."""
    broken = malformed("hello") | misguided("hello")
    modules = [*module_names(), *((f"bad{number}", content) for number, content in enumerate(broken.values()))]
    machine = boot(modules=modules)
    machine.prompt()
    machine.command("spawn hello")
    before = machine.command("mem")
    for number, what in enumerate(broken):
        said = machine.command(f"spawn bad{number}")
        assert len(said) == 1 and "BAD_IMAGE" in said[0], (what, said)
    assert machine.command("mem") == before
    assert "Hello from ring 3" in machine.command("spawn hello")[0]
    audit(machine)


# ---- The command line ----

def test_unknown_words(boot):
    machine = boot("nonsense also=this")
    said = machine.prompt()
    for word in ("nonsense", "also=this"):
        assert len([line for line in said.split("\n") if f'"{word}"' in line]) == 1


def test_unknown_selftest(boot):
    refused(boot("selftest=nosuch"), "selftest")
