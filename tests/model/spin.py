"""Runs spin on the models of this folder: builds a verifier from a model, perhaps changed on the
way, and tells what it found."""

import re
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
MEGABYTES = 4096


class Found:
    """What a verifier says: whether it visited every state, and what is wrong in one of them."""

    def __init__(self, text):
        self.text = text
        self.complete = "Search not completed" not in text and "max search depth too small" not in text
        self.complete = self.complete and "errors: " in text
        broken = re.search(r"assertion violated +(.*) \(at depth (\d+)\)", text)
        self.wrong = broken[1] if broken else None
        self.depth = int(broken[2]) if broken else None
        self.endless = "non-progress cycle (at depth" in text
        states = re.search(r"(\d+) states, stored", text)
        self.states = int(states[1]) if states else 0

    @property
    def sound(self):
        """Nothing is wrong in any state."""
        return self.complete and self.wrong is None and "errors: 0" in self.text


class Verifier:
    """A model's verifier, in a folder of its own. `changes` are (old text, new text), each old text
    standing exactly once in the models here; `defines` are (name, value); `optimize` is the compiler's
    -O. With `cycles` it also looks for ways that never end."""

    def __init__(self, model, folder, defines=(), changes=(), optimize=0, cycles=False):
        self.folder = Path(folder)
        self.options = ["-l"] if cycles else []
        texts = {path.name: path.read_text() for path in FOLDER.glob("*.pml")}
        for old, new in changes:
            assert sum(text.count(old) for text in texts.values()) == 1, f"{old!r} doesn't stand there once"
            texts = {name: text.replace(old, new) for name, text in texts.items()}
        for name, text in texts.items():
            (self.folder / name).write_text(text)
        self._do("spin", *[f"-D{name}={value}" for name, value in defines], "-a", f"{model}.pml")
        self._do("gcc", f"-O{optimize}", "-w", "-DNP" if cycles else "-DSAFETY", "-DCOLLAPSE",
                 f"-DMEMLIM={MEGABYTES}", f"-I{FOLDER}", "-o", "pan", "pan.c")

    def _do(self, *arguments):
        done = subprocess.run(arguments, cwd=self.folder, capture_output=True, text=True)
        # spin tells a syntax error by its exit status, and some others only in words.
        assert done.returncode == 0 and "rror:" not in done.stdout, done.stdout + done.stderr

    def run(self, limit=600, depth=1000000, environment=None):
        """Visits the states; `limit` is in seconds. -E: states in which nothing moves are judged by the
        model itself (check.pml)."""
        done = subprocess.run(["./pan", "-E", "-n", f"-m{depth}", *self.options], cwd=self.folder,
                              capture_output=True, text=True, timeout=limit, env=environment)
        return Found(done.stdout + done.stderr)
