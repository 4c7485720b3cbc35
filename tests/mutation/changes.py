"""What can be changed wrongly in a source: every kind of change, at every place it can be made."""

import re
from dataclasses import asdict, dataclass

from .ctokens import Source

RELATIONS = {"==": ("!=",), "!=": ("==",), "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<"),
             ">=": (">", "<=")}
LOGIC = {"&&": ("||",), "||": ("&&",)}
ARITHMETIC = {"+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("/",), "<<": (">>",), ">>": ("<<",),
              "&": ("|",), "|": ("&",)}
ASSIGNMENTS = {"+=": ("-=", "="), "-=": ("+=", "="), "|=": ("&=", "="), "&=": ("|=", "="), "++": ("--",),
               "--": ("++",)}
STATUSES = tuple("""
    HF_OK HF_BAD_ARGUMENT HF_BAD_FRAME HF_EXISTS HF_DENIED HF_AGAIN HF_NOT_MAPPED HF_BAD_HANDLE HF_DEAD HF_TOO_BIG
    HF_NOT_READY HF_BAD_ADDRESS HF_NO_TABLE HF_NOT_EMPTY HF_BAD_CALL HF_WOULD_BLOCK HF_CANCELLED""".split())
FAMILIES = ("HF_FRAME_", "HF_RUN_", "HF_TASK_", "HF_LEVEL_", "HF_RIGHT_", "HF_HANDLE_", "HF_PUT_", "ENTRY_",
            "SLOW_")
TWINS = (("first", "last"), ("next", "previous"), ("senders", "receivers"), ("caller", "server"),
         ("effective", "priority"), ("address", "frame"), ("object", "frame"), ("object", "serial"),
         ("NO_CALL", "GONE_CALL"), ("true", "false"))


@dataclass(frozen=True)
class Change:
    """text[start:end] of the file becomes `after`."""
    file: str
    start: int
    end: int
    after: str
    kind: str

    def apply(self, text):
        return text[:self.start] + self.after + text[self.end:]

    def json(self):
        return asdict(self)


def _replaced(kind, table, binary=False):
    """A finder of changes that replace an operator by one of its others."""

    def find(source, i):
        token = source.tokens[i]
        if token.kind == "mark" and token.text in table and (not binary or source.is_binary(i)):
            for other in table[token.text]:
                yield kind, token.start, token.end, other

    return find


def _constants(source, i):
    token = source.tokens[i]
    if token.kind == "number":
        digits = re.match(r"0[xX][0-9a-fA-F]+|\d+", token.text).group()
        value, suffix = int(digits, 0), token.text[len(digits):]
        for other in {value + 1, max(value - 1, 0)} - {value}:
            written = hex(other) if digits[:2] in ("0x", "0X") else str(other)
            yield "constant", token.start, token.end, written + suffix


def _dropped_marks(source, i):
    token = source.tokens[i]
    if token.text in ("!", "~") and token.kind == "mark":
        yield "not dropped", token.start, token.end, ""


def _dropped_flags(source, i):
    """A | B becomes A, or B."""
    if source.word(i) == "|" and source.is_binary(i):
        before, after = source.tokens[i - 1], source.tokens[i + 1]
        if after.kind == "name" and source.word(i + 2) != "(":
            yield "flag dropped", source.tokens[i].start, after.end, ""
        if before.kind == "name" and source.word(i - 2) not in (".", "->"):
            yield "flag dropped", before.start, source.tokens[i].end, ""


def _conditions(source, i):
    if source.word(i) in ("if", "while") and source.word(i + 1) == "(" and i + 1 in source.closing:
        first, last = source.tokens[i + 2].start, source.tokens[source.closing[i + 1] - 1].end
        condition = source.text[first:last]
        yield "condition negated", first, last, f"!({condition})"
        yield "condition forced", first, last, "false"
        if source.word(i) == "if":
            yield "condition forced", first, last, "true"


def _names(source, i):
    token = source.tokens[i]
    if token.kind != "name" or source.word(i + 1) == "(":
        return
    if token.text in STATUSES:
        for other in STATUSES:
            if other != token.text:
                yield "status", token.start, token.end, other
    for family in FAMILIES:
        if token.text.startswith(family):
            others = {t.text for t in source.tokens if t.kind == "name" and t.text.startswith(family)}
            for other in sorted(others - {token.text}):
                yield "other of its kind", token.start, token.end, other
    for twins in TWINS:
        if token.text in twins:
            yield "twin", token.start, token.end, twins[1 - twins.index(token.text)]


def _arguments(source, i):
    """Two neighbours among a call's arguments change places."""
    if source.word(i) != "(" or i not in source.closing or source.tokens[i - 1].kind != "name":
        return
    if source.word(i - 1) in ("if", "for", "while", "switch", "return", "sizeof"):
        return
    parts, first, at = [], i + 1, i + 1
    while at <= source.closing[i]:
        if at == source.closing[i] or source.word(at) == ",":
            if at > first:
                parts.append((source.tokens[first].start, source.tokens[at - 1].end))
            first = at + 1
        at = source.closing.get(at, at) + 1
    for (a, b), (c, d) in zip(parts, parts[1:]):
        if source.text[a:b] != source.text[c:d]:
            yield "arguments swapped", a, d, source.text[c:d] + source.text[b:c] + source.text[a:b]


def _statements(source):
    for first, last in source.statements:
        start, end = source.tokens[first].start, source.tokens[last].end
        if source.is_declaration(first) or source.text[start:end] == ";":
            continue
        if source.word(first) in ("break", "continue"):
            other = "continue" if source.word(first) == "break" else "break"
            yield "jump", start, end, other + ";"
        yield "statement removed", start, end, ";"


FINDERS = (_replaced("relation", RELATIONS, True), _replaced("logic", LOGIC), _replaced("arithmetic", ARITHMETIC, True),
           _replaced("assignment", ASSIGNMENTS), _constants, _dropped_marks, _dropped_flags, _conditions, _names,
           _arguments)


def of_c(file, text):
    """All changes of one C source or header."""
    source = Source(text)
    found = [what for i, token in enumerate(source.tokens) if token.in_code for find in FINDERS
             for what in find(source, i)]
    found += _statements(source)
    return [Change(file, start, end, after, kind) for kind, start, end, after in found]


# ---- Assembly ----

JUMPS = {"je": "jne", "jne": "je", "jz": "jnz", "jnz": "jz", "ja": "jae", "jae": "ja", "jb": "jbe", "jbe": "jb",
         "jl": "jle", "jle": "jl", "jg": "jge", "jge": "jg"}
OPERATIONS = {"or": "and", "and": "or", "add": "sub", "sub": "add", "shl": "shr", "shr": "shl", "movzx": "movsx"}
REGISTERS = {"r14": "r15", "r15": "r14", "rax": "rbx", "rbx": "rax", "r14d": "r15d", "r15d": "r14d", "rdi": "rsi",
             "rsi": "rdi"}
INSTRUCTION = re.compile(r"^(?:\.?\w+:)?[ \t]+([a-z]\w*)\b([^;\n]*)", re.MULTILINE)
NOT_INSTRUCTIONS = {"global", "extern", "section", "align", "bits", "default", "db", "equ"}


def _asm_parts(name, at, operands, begin):
    """Changes within one instruction: (kind, start, end, after)."""
    for table, kind in ((JUMPS, "jump's condition"), (OPERATIONS, "operation")):
        if name in table:
            yield kind, at, at + len(name), table[name]
    for match in re.finditer(r"\b\w+\b", operands):
        if match.group() in REGISTERS:
            yield "register", begin + match.start(), begin + match.end(), REGISTERS[match.group()]
        elif re.fullmatch(r"\d+", match.group()):
            yield "constant", begin + match.start(), begin + match.end(), str(int(match.group()) + 1)
    for match in re.finditer(r"\+ ([A-Z_0-9]+)\]", operands):
        yield "offset", begin + match.end() - 1, begin + match.end() - 1, " + 8"


def of_asm(file, text):
    """All changes of one NASM source."""
    found = []
    for match in INSTRUCTION.finditer(text):
        name, at = match[1], match.start(1)
        if name in NOT_INSTRUCTIONS:
            continue
        end = match.start(2) + len(match[2].rstrip())
        found.append(("instruction dropped", at, end, "nop"))
        found += _asm_parts(name, at, match[2], match.start(2))
    return [Change(file, start, end, after, kind) for kind, start, end, after in found]


def of_file(file, text):
    return of_asm(file, text) if file.endswith(".asm") else of_c(file, text)


def draw(changes, random):
    """One change for each place, in random order."""
    places = {}
    for change in changes:
        places.setdefault((change.file, change.start, change.kind), []).append(change)
    drawn = [random.choice(places[place]) for place in sorted(places)]
    random.shuffle(drawn)
    return drawn
