"""The tools that everything else is judged by: what they answer, and when they refuse."""

import os
import subprocess
import time

import pytest

from machine import GuestError, ROOT, RESET, TRIPLE_FAULT, image, module_names


def tool(name, *arguments):
    """Runs a tool without input; its exit status and what it said."""
    done = subprocess.run([ROOT / "tools" / name, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, done.stdout


@pytest.fixture
def tiny(tmp_path):
    """tiny(END): a core that prints what it was given, then does END."""

    def assemble(end):
        core = tmp_path / "tiny"
        subprocess.run(["nasm", "-f", "bin", "-Werror", f"-DEND={end}", "-o", core,
                        ROOT / "tests" / "guest" / "tiny.asm"], check=True)
        return core.read_bytes()

    return assemble


@pytest.mark.parametrize("code", [0, 1, 63, 127])
def test_exit_code_of_the_guest(boot, tiny, code):
    assert boot(core=tiny(f"EXIT {code}"), modules=[]).wait() == code


@pytest.mark.parametrize("end, status", [("TRIPLE_FAULT", TRIPLE_FAULT), ("RESET", RESET)])
def test_no_success_without_the_guests_word(boot, tiny, end, status):
    machine = boot(core=tiny(end), modules=[])
    with pytest.raises(GuestError, match=f"ended with status {status}"):
        machine.wait()


def test_keys_end_qemu(boot, tiny):
    machine = boot(core=tiny("nop"), modules=[])
    machine.prompt()
    machine.send("\x01x")
    assert machine.wait() == 130


def test_time_limit(boot, tiny):
    machine = boot(core=tiny("jmp $"), modules=[], limit=2)
    begin = time.monotonic()
    with pytest.raises(GuestError):
        machine.wait()
    assert time.monotonic() - begin < 10
    machine.close()
    assert machine.process.returncode is not None


def test_expect_tells_when_the_guest_has_ended(boot, tiny):
    machine = boot(core=tiny("EXIT 0"), modules=[])
    with pytest.raises(GuestError, match="ended before it said"):
        machine.expect("what it never says")


def test_strings_reach_the_guest_unchanged(boot, tiny):
    odd = "run=x a$b;c `d` $(e) # {1..3} * ? [f] <g> |h & !i ~ %j ^k @l \u002d-m ="
    machine = boot(odd, core=tiny("EXIT 0"), modules=[("memsrv an$argument", b"1"), ("memsrv", b"2")])
    assert machine.prompt().split("\n") == [odd, "memsrv an$argument", "memsrv", ""]


def test_uefi_and_bios_boot_the_same_image(boot, tiny, images):
    core = tiny("EXIT 3")
    machine = boot("by uefi", core=core, modules=[], uefi=True)
    assert machine.wait() == 3
    assert "by uefi" in machine.console
    iso = images.make("by uefi", modules=[], core=core, kind="iso")
    assert tool("run", "--log", machine.folder / "bios.log", iso)[0] == 3


def test_bochs_boots_it_too(bochs, tiny):
    assert bochs("in bochs", core=tiny("SHUTDOWN"), modules=[]).wait() == "in bochs\nhandoff> "


def test_physical_memory_and_registers(boot, tiny):
    machine = boot(core=tiny("jmp $"), modules=[])
    machine.prompt()
    machine.pause()
    assert machine.physical(0x200000, 4) == bytes.fromhex("d65052e8")
    registers = machine.registers()
    assert 0x200000 <= registers["EIP"] < 0x201000 and registers["CR0"] & 1
    machine.resume()


@pytest.mark.parametrize("name, arguments, sentence", [
    ("setup", ["--check", "nosuch"], "unknown set 'nosuch'"),
    ("setup", ["--nosuch", "run"], "unknown option '--nosuch'"),
    ("run", [], "usage"),
    ("run", ["nosuch.iso"], "there is no image 'nosuch.iso'"),
    ("run", ["--memory"], "--memory needs a value"),
    ("run", ["--memory", "12X", "Makefile"], "'12X' is no size of memory"),
    ("run", ["--memory", "0", "Makefile"], "'0' is no size of memory"),
    ("run", ["--cpu", "", "Makefile"], "'' is no processor model"),
    ("run", ["--nosuch"], "unknown option '--nosuch'"),
    ("bochs", ["--memory", "4G", "Makefile"], "Bochs takes from 1M to 2G"),
    ("bochs", ["--memory", "much", "Makefile"], "'much' is no size of memory"),
    ("bochs", ["nosuch.iso"], "there is no image 'nosuch.iso'"),
    ("debug", ["--nosuch"], "unknown option '--nosuch'"),
    ("debug", ["nosuch.iso"], "there is no image 'nosuch.iso'"),
    ("symbols", ["nosuch"], "'nosuch' holds no handoff.elf"),
    ("image", ["cd"], "usage"),
    ("image", ["floppy", "x", "y", ""], "unknown kind of image 'floppy'"),
    ("image", ["cd", "x", "Makefile", "it's"], "quotes and backslashes can't be passed"),
    ("image", ["cd", "x", "Makefile", "", 'a "b"', "Makefile"], "quotes and backslashes can't be passed"),
    ("image", ["cd", "x", "Makefile", "a\nb"], "only printable ASCII"),
    ("host-test", ["x"], "usage"),
    ("test", ["--nosuch"], "unknown option '--nosuch'"),
    ("toolchain", ["--nosuch"], "unknown option '--nosuch'"),
    ("toolchain", ["--jobs", "many"], "'many' is no number of jobs"),
])
def test_bad_input_gets_one_sentence(name, arguments, sentence):
    status, said = tool(name, *arguments)
    assert status != 0
    assert sentence in said
    assert said.count("\n") == 1


def make(*arguments):
    """Runs make with the settings of the make that runs the tests; its exit status and what it said."""
    done = subprocess.run(["make", *arguments], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, done.stdout


@pytest.mark.parametrize("settings, sentence", [
    (["TASKS=/nonexistent"], "there is no such directory"),
    (["TASKS=/tmp/a b"], "can't use a path with spaces"),
    (["BUILD=a b"], "can't use a path with spaces"),
    (["CC=nosuch-cc"], 'The compiler "nosuch-cc" can\'t be run'),
])
def test_make_refuses_bad_settings(settings, sentence):
    status, said = make("-n", "all", *settings)
    assert status != 0
    assert sentence in said


def test_make_refuses_two_programs_of_one_name(tmp_path):
    (tmp_path / "init.c").write_text("int main(void) { return 0; }\n")
    status, said = make("-n", "all", f"TASKS={tmp_path}")
    assert status != 0
    assert "More than one program is called: init" in said


def test_programs_from_outside_the_tree(boot, tmp_path):
    (tmp_path / "single.c").write_text("int main() { return 7; }\n")
    (tmp_path / "several").mkdir()
    (tmp_path / "several" / "a.c").write_text("int nine(void) { return 9; }\n")
    (tmp_path / "several" / "b.c").write_text("int nine(void);\nint main(void) { return nine(); }\n")
    for name, code in ("single", 7), ("several", 9):
        # make knows the image by the path that BUILD gives it, relative or not.
        target = os.path.join(os.environ.get("BUILD", "build"), "image", name)
        status, said = make(target, f"TASKS={tmp_path}")
        assert status == 0, said
        modules = [*module_names(), (name, image(name))]
        assert boot(f"run={name}", modules=modules).wait() == code
