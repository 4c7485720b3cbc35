"""What the program in memsrv's place says: see tests/evil/ and docs/evil.md."""

import re
from dataclasses import dataclass

ATTACK = re.compile(r"^ok \d+ (\w+): (.*) -> (.*) \[(.*)\]\n#      (.*)$", re.MULTILINE)
HEAD = "| attack | what is tried | what came of it | met |\n|---|---|---|---|\n"


@dataclass
class Attack:
    """One that ended as it should."""
    name: str
    call: str
    result: str
    met: str
    why: str

    def row(self):
        """In the document: without what differs from machine to machine."""
        return f"| `{self.name}` | {self.why} | {self.result} | {self.met} |\n"


def attacks(console):
    """All that were refused, in order."""
    return [Attack(name, call, result, met, why) for name, call, result, met, why in ATTACK.findall(console)]


def table(console):
    """The document's table."""
    return HEAD + "".join(attack.row() for attack in attacks(console))


def complaints(console):
    """Lines that tell of something that worked and should not have."""
    return [line for line in console.split("\n") if line.startswith("not ok") or "can't go on" in line]


def share_of(console):
    """Random calls: how many, and how many per cent of them were granted."""
    found = re.search(r"^evil: (\d+) calls, (\d+) % granted, (\d+) a second$", console, re.MULTILINE)
    return int(found[1]), int(found[2])
