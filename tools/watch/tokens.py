"""What a shown line is made of. Each value knows two ways of being written: as the reader sees it, and as
the transcript keeps it, which changes only when the story does: no addresses, frames as letters."""

import re

PAGE = 4096


class Names:
    """Stable names of one lesson: frames get letters in the order in which they are shown, addresses the
    names of what the lesson calls them."""

    def __init__(self):
        self._frames, self._letters = {}, 0
        self.look_up(lambda address: None, {})

    def look_up(self, name_at, places):
        """From now on addresses mean what they mean in this scene."""
        self._name_at, self.places = name_at, places

    def forget_frames(self):
        """The same number means another frame's life from now on, and gets another letter."""
        self._frames = {}

    def frame(self, number):
        if number not in self._frames:
            count, self._letters = self._letters, self._letters + 1
            self._frames[number] = (chr(ord("A") + count // 26 - 1) if count >= 26 else "") + chr(ord("A") + count % 26)
        return self._frames[number]

    def address(self, value):
        """The symbol, or which of the lesson's places it lies in."""
        for name, (start, length) in self.places.items():
            if start <= value < start + length:
                return name + (f"+0x{value - start:x}" if value > start else "")
        known = self._name_at(value)
        if known:
            return re.sub(r"[.]\d+$", "", known.split("+")[0])  # the compiler's number, of a static variable
        return "0x0" if value == 0 else f"0x{value:x}" if value < PAGE else "(an address)"


class Address:
    """A virtual address, with its symbol."""

    def __init__(self, value, known=None):
        self.value, self.known = value, known

    def raw(self):
        return f"0x{self.value:x}" + (f" {self.known}" if self.known else "")

    def stable(self, names):
        return names.address(self.value)


class Frame:
    """A frame number."""

    def __init__(self, number):
        self.number = number

    def raw(self):
        return f"0x{self.number:x}"

    def stable(self, names):
        return names.frame(self.number)


class Place:
    """A physical address; of a page-table entry, its slot may be another one in the next build."""

    def __init__(self, value, slot=False):
        self.value, self._slot = value, slot

    def raw(self):
        return f"0x{self.value:08x}"

    def stable(self, names):
        return names.frame(self.value // PAGE) + ("[i]" if self._slot else f"+{self.value % PAGE:#05x}")


class Raw:
    """A page-table entry."""

    def __init__(self, value, frame):
        self.value, self.frame = value, frame

    def raw(self):
        return f"0x{self.value:016x}"

    def stable(self, names):
        if not self.value & 1:
            return "0" if self.value == 0 else "not present"
        nx = "NX|" if self.value >> 63 else ""
        return f"{nx}{names.frame(self.frame)}|0x{self.value & 0xFFF:03x}"


class Changing:
    """A value that depends on the build; the transcript says what kind of value stands there."""

    def __init__(self, text, kind="..."):
        self.text, self.kind = str(text), kind

    def raw(self):
        return self.text

    def stable(self, _):
        return self.kind


class Joined:
    """Text and tokens, one behind the other."""

    def __init__(self, *parts):
        self.parts = parts

    def raw(self):
        return raw(self.parts)

    def stable(self, names):
        return stable(self.parts, names)


def raw(line):
    """A line as the reader sees it."""
    return "".join(part if isinstance(part, str) else part.raw() for part in line).rstrip()


def stable(line, names):
    """A line as the transcript keeps it."""
    return "".join(part if isinstance(part, str) else part.stable(names) for part in line).rstrip()
