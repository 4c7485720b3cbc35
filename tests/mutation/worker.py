"""A copy of the tree in which changes are judged, by one layer of the tests at a time."""

import shutil
import tempfile
import time
from pathlib import Path

from .copy import Copy, copy_tree
from .guest import GuestTests
from .host import HostTests
from .journal import CAUGHT, SURVIVED, UNFIT

# From the quickest to the slowest; what one misses goes on to the next.
LAYERS = {
    "quick": lambda copy: HostTests(copy, sanitized=False),
    "host": lambda copy: HostTests(copy, sanitized=True),
    "guest": GuestTests,
}
FIRST = next(iter(LAYERS))


class Worker:
    """A copy of the tree, and the layers that were needed so far."""

    def __init__(self, root, files):
        self.folder = Path(tempfile.mkdtemp(prefix="handoff-mutation-"))
        self.root, self.files = root, files
        self.copy, self.layers = Copy(self.folder / "tree"), {}

    def prepare(self):
        copy_tree(self.root, self.copy.folder)
        self.copy.prepare(self.files)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def layer(self, name):
        """Made when it is first asked for, while nothing is changed: all its tests must pass then."""
        if name not in self.layers:
            made = LAYERS[name](self.copy)
            made.prepare()
            self.layers[name] = made
        return self.layers[name]

    def judge(self, change, name, known, is_new):
        """The outcome of one change in a layer, and what is to be noted of it. `known` is what was noted
        in the layers before."""
        layer = self.layer(name)
        self.copy.change(change)
        try:
            objects = known.get("objects") or self.copy.compile_core(change.file)
            if objects is None:
                return UNFIT, {"why": "didn't compile"}
            if objects is False:
                return UNFIT, {"why": "gave the same object code"}
            if not known and not is_new(objects):
                return UNFIT, {"why": "gave the same object code as another"}
            return self._run(layer, name, change, {**known, "objects": objects})
        finally:
            self.copy.restore(change)

    def _run(self, layer, name, change, noted):
        begin = time.monotonic()
        verdict = layer.judge(change.file)
        if verdict.unbuildable:
            return UNFIT, {"why": "didn't compile for the tests"}
        noted = {"objects": noted["objects"], "layers": [*noted.get("layers", ()), name],
                 "ran": [*noted.get("ran", ()), *verdict.ran],
                 "seconds": round(noted.get("seconds", 0) + time.monotonic() - begin, 1)}
        return (CAUGHT, {"by": verdict.caught_by, **noted}) if verdict.caught_by else (SURVIVED, noted)
