"""Draws changes, has them judged by one or more copies of the tree at once, and notes what came of it."""

import queue
import shutil
import tempfile
import threading
import time
from pathlib import Path
from random import Random

from .changes import draw, of_file
from .copy import Copy, copy_tree
from .guest import GuestTests
from .host import HostTests
from .journal import CAUGHT, SURVIVED, UNFIT, Journal, digest

# Where a mistake breaks what the core promises, and what tests can tell. The rest boots, or prints.
MUTATED = tuple("""
    aspace.c bulk.c call.c device.c endpoint.c fpu.c frame.c frame.h handle.c handle.h ipc.c ipc.h leaf.c leaf.h
    mark.c mmu.c mmu.h object.c object.h retire.c run.c run.h schedule.c schedule.h stage.c table.c task.c
    transfer.c walk.h""".split())
ASSEMBLY = ("fastpath.asm",)


def say(text):
    print(f"  {text}", flush=True)


class Worker:
    """A copy of the tree, and the tests in it."""

    def __init__(self, root, files, guest):
        self.folder = Path(tempfile.mkdtemp(prefix="handoff-mutation-"))
        self.root, self.files, self.guest = root, files, guest
        self.copy, self.layers = Copy(self.folder / "tree"), {}

    def prepare(self):
        """Copies and builds everything, and runs all tests once with nothing changed."""
        copy_tree(self.root, self.copy.folder)
        self.copy.prepare(self.files)
        self.layers["host"] = HostTests(self.copy)
        if self.guest:
            self.layers["guest"] = GuestTests(self.copy)
        for layer in self.layers.values():
            layer.prepare()

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def judge(self, change, skip, seen):
        """The outcome of one change, and what is to be noted of it."""
        self.copy.change(change)
        try:
            objects = self.copy.compile_core(change.file)
            if objects is None:
                return UNFIT, {"why": "didn't compile"}
            if objects is False:
                return UNFIT, {"why": "gave the same object code"}
            if not seen(objects):
                return UNFIT, {"why": "gave the same object code as another"}
            return self._run(change, objects, skip)
        finally:
            self.copy.restore(change)

    def _run(self, change, objects, skip):
        begin, ran = time.monotonic(), []
        for name, layer in self.layers.items():
            if name in skip:
                continue
            verdict = layer.judge(change.file)
            if verdict.unbuildable:
                return UNFIT, {"why": "didn't compile for the tests"}
            ran += verdict.ran
            if verdict.caught_by:
                break
        more = {"objects": objects, "layers": sorted({*skip, *self.layers}), "ran": ran,
                "seconds": round(time.monotonic() - begin, 1)}
        return (CAUGHT, {"by": verdict.caught_by, **more}) if verdict.caught_by else (SURVIVED, more)


class Campaign:
    def __init__(self, root, journal, seed, count, guest, again, only=()):
        self.root, self.count, self.guest, self.again = Path(root), count, guest, again
        names = [name for name in (*MUTATED, *(ASSEMBLY if guest else ())) if not only or name in only]
        self.files = [f"ukernel/{name}" for name in names]
        self.texts = {file: (self.root / file).read_text() for file in self.files}
        heading = {"seed": seed, "files": names, "digest": digest(root, self.files)}
        self.journal = Journal(journal, heading)
        changes = [change for file in self.files for change in of_file(file, self.texts[file])]
        self.drawn = draw(changes, Random(seed))
        self.seen = {entry["objects"] for entry in self.journal.entries.values() if "objects" in entry}
        self.lock, self.running, self.work = threading.Lock(), 0, queue.Queue()
        self.failure = None
        say(f"seed {seed}: {len(changes)} changes at {len(self.drawn)} places in {len(self.files)} files")

    def _is_new(self, objects):
        with self.lock:
            new = objects not in self.seen
            self.seen.add(objects)
            return new

    def _revisited(self):
        """Survivors that have not been through all layers, or are to be judged again."""
        for change, entry in list(self.journal.entries.items()):
            if entry["outcome"] != SURVIVED:
                continue
            if self.again or (self.guest and "guest" not in entry["layers"]):
                skip = () if self.again else tuple(entry["layers"])
                self.seen.discard(entry["objects"])
                yield change, skip

    def _next(self):
        """The next change to judge and the layers it has been through; None when there are enough."""
        with self.lock:
            if self.failure:
                return None
            if self.old:
                return self.old.pop(0)
            if self.journal.judged() + self.running >= self.count:
                return None
            while self.fresh:
                change = self.fresh.pop(0)
                if change not in self.journal.entries:
                    self.running += 1
                    return change, ()
            return None

    def _note(self, change, outcome, more, fresh):
        with self.lock:
            self.running -= fresh
            self.journal.note(change, self.texts[change.file], outcome, **more)
            if outcome != UNFIT:
                place = f"{change.file}:{self.journal.entries[change]['line']}"
                say(f"{self.journal.judged():>4} {outcome:<9} {place:<26} {change.kind:<18} "
                    f"{more.get('by', '')}")

    def _work(self):
        worker = Worker(self.root, self.files, self.guest)
        try:
            worker.prepare()
            while (chosen := self._next_or_wait()) is not None:
                change, skip = chosen
                outcome, more = worker.judge(change, skip, self._is_new)
                self._note(change, outcome, more, change not in self.journal.entries)
        except Exception as failure:  # of a thread: told by run()
            self.failure = failure
        finally:
            worker.close()

    def _next_or_wait(self):
        """What others have in hand may turn out unfit, and then one more is needed."""
        while (chosen := self._next()) is None and self.running > 0 and not self.failure:
            time.sleep(0.2)
        return chosen

    def run(self, jobs):
        """Judges until enough changes are judged; whether it came to its end."""
        self.fresh, self.old = list(self.drawn), list(self._revisited())
        threads = [threading.Thread(target=self._work) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failure:
            raise self.failure
