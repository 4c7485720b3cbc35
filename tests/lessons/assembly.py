"""An instruction as Bochs writes it and as objdump does, brought to one form; and what the bytes at an address say."""

import re
import subprocess
import tempfile

LONGEST = 15  # bytes of an instruction
CONDITIONS = {"z": "e", "nz": "ne", "nb": "ae", "nbe": "a", "nle": "g", "nl": "ge"}
CONDITIONAL = re.compile(r"(j|set|cmov)(z|nz|nb|nbe|nle|nl)$")
# Where objdump names the operand's size and Bochs doesn't, or the other way round.
SAME = {"movabs": "mov", "iretq": "iret", "sysretq": "sysret", "retfq": "retf", "xsave64": "xsave",
        "xrstor64": "xrstor", "fxsave64": "fxsave", "fxrstor64": "fxrstor", "repz": "rep"}
STRINGS = re.compile(r"\b(stos|lods|movs|cmps|scas|ins|outs)[bwdq]\b")
JUMPS = ("call", "loop", "loope", "loopne")


def _mnemonic(word):
    found = CONDITIONAL.match(word)
    return found[1] + CONDITIONS[found[2]] if found else SAME.get(word, word)


def _operand(text):
    text = re.sub(r"\b(ds|ss):(?=\[)", "", text)
    text = re.sub(r"(?<![\w.])(0x[0-9a-f]+|\d+)", lambda found: str(int(found[0], 0)), text)
    text = re.sub(r"\+(\d{19,})", lambda found: str(int(found[1]) - (1 << 64)), text)  # backwards from RIP
    return re.sub(r"(\*1(?=[]+-])|[+]0(?=\])| )", "", text)


def normal(text):
    """[mnemonic, operand, ...] with numbers as decimals, and jumps by where they lead."""
    text = re.sub(r"<[^>]*>|#.*", "", text.lower()).strip()
    text = re.sub(r"\.[+-]\d+\s+\((0x[0-9a-f]+)\)", r"\1", text)  # what Bochs says of a jump
    if re.search(r"\bnop\b|^xchg +ax, *ax", text):
        return ["nop"]
    words = STRINGS.sub(r"\1", text).split(None, 1)
    parts = [_mnemonic(words[0])] + ([_operand(operand) for operand in words[1].split(",")] if len(words) > 1 else [])
    if parts[0] in ("mul", "div", "imul", "idiv") and len(parts) == 3 and parts[1] in ("rax", "eax"):
        del parts[1]  # Bochs names the accumulator
    return parts


def disassemble(data, address):
    """The first instruction of these bytes, as objdump writes it."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        said = subprocess.run(["objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn",
                               f"--adjust-vma=0x{address:x}", file.name], capture_output=True, text=True, check=True)
    return re.search(r"^ *[0-9a-f]+:\t(.*)$", said.stdout, re.MULTILINE)[1]
