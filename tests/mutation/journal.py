"""What was judged so far: a line of JSON for each change, so that a campaign can go on where it was."""

import hashlib
import json
from pathlib import Path

from .changes import Change

CAUGHT, SURVIVED, UNFIT = "caught", "survived", "unfit"


def digest(root, files):
    """A name of what the files say."""
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(file.encode() + b"\0" + (Path(root) / file).read_bytes() + b"\0")
    return whole.hexdigest()[:16]


def shown(text, change):
    """The lines that a change touches, before and after."""
    first = text.rfind("\n", 0, change.start) + 1
    last = text.find("\n", change.end)
    last = len(text) if last < 0 else last
    after = change.apply(text)[first:last + len(change.after) - (change.end - change.start)]
    return [line.strip() for line in text[first:last].split("\n")], [line.strip() for line in after.split("\n")]


class Journal:
    """The file is made with its first line, which says what the campaign is of."""

    def __init__(self, path, heading):
        self.path = Path(path)
        self.entries = {}  # change: its last entry
        if self.path.exists():
            self._read(heading)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._append(heading)

    def _read(self, heading):
        lines = self.path.read_text().splitlines()
        if json.loads(lines[0]) != heading:
            raise ValueError(f"{self.path} was begun with other sources or another seed: {lines[0]}; "
                             "remove it, or name another with --journal")
        for line in lines[1:]:
            entry = json.loads(line)
            self.entries[Change(**entry["change"])] = entry

    def _append(self, what):
        with open(self.path, "a") as file:
            file.write(json.dumps(what) + "\n")

    def note(self, change, text, outcome, **more):
        """One change was judged; `text` is the file without it."""
        before, after = shown(text, change)
        entry = {"change": change.json(), "line": text.count("\n", 0, change.start) + 1, "before": before,
                 "after": after, "outcome": outcome, **more}
        self.entries[change] = entry
        self._append(entry)

    def judged(self):
        """How many changes counted."""
        return sum(entry["outcome"] != UNFIT for entry in self.entries.values())
