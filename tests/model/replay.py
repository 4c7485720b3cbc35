"""Logs of the guest program `protocol`, and whether the model can have produced them."""

import os
import re

from model.spin import FOLDER, Verifier

# The fields of an event behind its role; those in capitals are names.
FIELDS = {
    "spawn": "", "make": "", "kill": "", "killed": "", "ruin": "", "ruined": "",
    "begin": "command argument number", "end": "status kind badge word", "see": "state whom",
}


def numbers():
    """What the model's files #define: name to number."""
    text = "".join((FOLDER / name).read_text() for name in ("ipc.pml", "replay.pml"))
    return {name: int(value) for name, value in re.findall(r"^#define (\w+) (\d+)\b", text, re.MULTILINE)}


class Event:
    """One line of a log."""

    def __init__(self, line):
        self.name, role, *values = line.split()
        self.role = int(role)
        self.values = dict(zip(FIELDS[self.name].split(), values, strict=True))

    def __getattr__(self, name):
        value = self.__dict__["values"].get(name) if "values" in self.__dict__ else None
        return int(value) if value is not None and value.isdigit() else value

    def replace(self, **values):
        """The same event, but for these fields."""
        other = Event(str(self))
        other.role = values.pop("role", other.role)
        other.values.update({name: str(value) for name, value in values.items()})
        return other

    def __str__(self):
        return " ".join([self.name, str(self.role), *self.values.values()])


def events_of(lines):
    """The log among what the guest said."""
    return [Event(line) for line in lines if line.split(" ")[0] in FIELDS]


class Replay:
    """The model, ready to replay logs. `changes` as Verifier's."""

    def __init__(self, folder, changes=()):
        self.verifier = Verifier("replay", folder, changes=changes)
        self.numbers = numbers()

    def _number(self, event, field):
        value = event.values[field]
        if value.isdigit():
            return int(value)
        return self.numbers["DO_" + value if field == "command" else value]

    def accepts(self, events):
        """Whether the model can have produced these events, in this order."""
        path = self.verifier.folder / "log"
        with path.open("w") as file:
            for event in events:
                fields = [self._number(event, field) for field in event.values]
                fields += [0] * (4 - len(fields))
                print(self.numbers[event.name.upper()], event.role, *fields, file=file)
        found = self.verifier.run(depth=100000, environment={**os.environ, "REPLAY_LOG": str(path)})
        self.states = found.states
        assert found.wrong == "!(accepted)" or found.sound, found.text
        return found.wrong is not None
