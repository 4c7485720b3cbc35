"""C source as tokens: which of them are code of functions, tables or macros, what belongs to which
bracket, and where statements begin and end. Enough of C for sources that clang-format laid out."""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<number>\b(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\s\w])
""", re.VERBOSE | re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)(?:\\\n|[^\n])*", re.MULTILINE)
DEFINED = re.compile(r"[ \t]*#[ \t]*define[ \t]+\w+(?:\([^)]*\))?")
CLOSING = {"(": ")", "[": "]", "{": "}"}
HEADED = ("if", "for", "while", "switch")
TYPES = {"void", "bool", "char", "short", "int", "long", "unsigned", "signed", "struct", "union", "enum", "const",
         "volatile", "static", "extern", "inline", "_Noreturn", "register", "typedef"}
NO_OPERAND = {"return", "case", "else", "do", "goto", "sizeof"} | TYPES


@dataclass
class Token:
    text: str
    kind: str  # string, number, name or mark
    start: int
    in_code: bool = False  # of a function, an initialiser or a macro's body
    in_body: bool = False  # of a function

    @property
    def end(self):
        return self.start + len(self.text)


def _blanked(text):
    """The text without directives, but for the bodies of macros; and where those are."""
    parts, macros, at = [], [], 0
    for match in DIRECTIVE.finditer(text):
        start = match.start()
        if match[1] == "define":
            start = DEFINED.match(text, match.start()).end()
            macros.append((start, match.end()))
        parts += [text[at:match.start()], " " * (start - match.start())]
        parts.append(text[start:match.end()] if match[1] == "define" else " " * (match.end() - start))
        at = match.end()
    return "".join([*parts, text[at:]]).replace("\\\n", " \n"), macros


def is_type(text):
    return text in TYPES or text.endswith("_t")


class Source:
    """One file: its tokens, brackets and statements, by index of token."""

    def __init__(self, text):
        self.text = text
        blanked, macros = _blanked(text)
        self.tokens = [Token(match.group(), match.lastgroup, match.start()) for match in TOKEN.finditer(blanked)
                       if match.lastgroup != "comment"]
        self.closing, self.opening = {}, {}
        self._match_brackets()
        self.statements = []  # (first token, last token)
        self._mark_macros(macros)
        self._read_file()

    def _match_brackets(self):
        stack = []
        for i, token in enumerate(self.tokens):
            if token.kind == "mark" and token.text in CLOSING:
                stack.append(i)
            elif token.kind == "mark" and token.text in CLOSING.values() and stack:
                if CLOSING[self.tokens[stack[-1]].text] == token.text:
                    self.closing[stack[-1]] = i
                    self.opening[i] = stack.pop()

    def _mark_macros(self, macros):
        for token in self.tokens:
            token.in_code = any(start <= token.start < end for start, end in macros)

    def word(self, i):
        """The text of a token, or nothing outside of the file."""
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

    def _read_file(self):
        """Finds functions and initialisers at the outermost level."""
        i = 0
        while i < len(self.tokens):
            if self.tokens[i].in_code:
                i += 1
            elif self.word(i) == "{" and self.word(i - 1) == ")" and i in self.closing:
                self._mark(i + 1, self.closing[i], body=True)
                self._read_block(i)
                i = self.closing[i] + 1
            elif self.word(i) == "=":
                end = self._to_semicolon(i)
                self._mark(i + 1, end)
                i = end
            else:
                i = self.closing.get(i, i) + 1

    def _mark(self, first, end, body=False):
        skip = -1
        for i in range(first, end):
            token = self.tokens[i]
            if token.text in ("__asm__", "_Static_assert"):
                skip = self._to_semicolon(i)
            if i > skip and not token.in_code:
                token.in_code, token.in_body = True, body

    def _to_semicolon(self, i):
        while i < len(self.tokens) and self.word(i) != ";":
            i = self.closing.get(i, i) + 1
        return i

    def _read_block(self, opening):
        i = opening + 1
        while i < self.closing[opening]:
            i = self._read_statement(i) + 1

    def _read_statement(self, i):
        """Notes the statement that begins at a token, and those in it; its last token."""
        if self.word(i) == "{":
            self._read_block(i)
            return self.closing[i]
        if self.word(i) in ("case", "default"):
            while self.word(i) != ":":
                i += 1
            return i
        end = self._end_of_statement(i)
        self.statements.append((i, end))
        return end

    def _end_of_statement(self, i):
        if self.word(i) in HEADED:
            end = self._read_statement(self.closing[i + 1] + 1)
            if self.word(i) == "if" and self.word(end + 1) == "else":
                end = self._read_statement(end + 2)
            return end
        if self.word(i) == "do":
            i = self._read_statement(i + 1) + 1
        return self._to_semicolon(i)

    def is_cast(self, close):
        """Whether a `)` ends a type in brackets."""
        inside = self.tokens[self.opening.get(close, close) + 1:close]
        return bool(inside) and all(is_type(t.text) or t.kind == "name" or t.text == "*" for t in inside) and (
            inside[-1].text == "*" or is_type(inside[0].text))

    def is_binary(self, i):
        """Whether an operator stands between two operands."""
        before = self.tokens[i - 1] if i else None
        if before is None or before.text in NO_OPERAND or (before.kind == "name" and is_type(before.text)):
            return False
        if before.text == ")":
            return not self.is_cast(i - 1) and self.word(self.opening.get(i - 1, 0) - 1) not in (*HEADED, "sizeof")
        return before.kind != "mark" or before.text == "]"

    def is_declaration(self, i):
        """Whether a statement declares something: a type, then a name."""
        if is_type(self.word(i)):
            return True
        after = i + 1
        while self.word(after) == "*":
            after += 1
        return self.tokens[i].kind == "name" and self.tokens[after].kind == "name" and self.word(i) not in NO_OPERAND
