"""Draws changes, has them judged by one or more copies of the tree at once, and notes what came of it."""

import threading
import time
from pathlib import Path
from random import Random

from .changes import draw, of_file
from .journal import SURVIVED, UNFIT, Journal, digest
from .worker import FIRST, Worker

# Where a mistake breaks what the core promises, and what tests can tell. The rest boots, or prints.
MUTATED = tuple("""
    aspace.c bulk.c call.c device.c endpoint.c fpu.c frame.c frame.h handle.c handle.h ipc.c ipc.h leaf.c leaf.h
    mark.c mmu.c mmu.h object.c object.h retire.h run.c run.h runnable.c schedule.c schedule.h stage.c table.c
    task.c transfer.c walk.h fastpath.asm""".split())


def say(text):
    print(f"  {text}", flush=True)


class Campaign:
    def __init__(self, root, journal, seed, count, layers, again, only=()):
        self.root, self.count, self.layers = Path(root), count, layers
        names = [name for name in MUTATED if not only or name in only]
        self.files = [f"ukernel/{name}" for name in names]
        self.texts = {file: (self.root / file).read_text() for file in self.files}
        self.journal = Journal(journal, {"seed": seed, "files": names, "digest": digest(root, self.files)})
        changes = [change for file in self.files for change in of_file(file, self.texts[file])]
        self.drawn = draw(changes, Random(seed))
        self.seen = {entry["objects"] for entry in self.journal.entries.values() if "objects" in entry}
        self.anew = [change for change, entry in self.journal.entries.items() if again and entry["outcome"] == SURVIVED]
        self.lock, self.in_hand, self.failure = threading.Lock(), {}, None
        say(f"seed {seed}: {len(changes)} changes at {len(self.drawn)} places in {len(self.files)} files")

    def _is_new(self, objects):
        with self.lock:
            new = objects not in self.seen
            self.seen.add(objects)
            return new

    def _wanting(self, change):
        """The first layer that a survivor has not been through."""
        entry = self.journal.entries[change]
        if entry["outcome"] != SURVIVED or change in self.in_hand:
            return None
        return next((layer for layer in self.layers if layer not in entry["layers"]), None)

    def _choose(self):
        """The next change, its layer and what is known of it: changes that are new come before survivors."""
        if self.failure:
            return None
        if self.anew:
            change = self.anew.pop(0)
            return change, FIRST, {"objects": self.journal.entries[change]["objects"]}
        new = sum(change not in self.journal.entries for change in self.in_hand)
        while self.fresh and self.journal.judged() + new < self.count:
            change = self.fresh.pop(0)
            if change not in self.journal.entries:
                return change, FIRST, {}
        for layer in self.layers:
            for change, entry in self.journal.entries.items():
                if self._wanting(change) == layer:
                    return change, layer, entry
        return None

    def _next(self):
        """Waits for what others have in hand: it may turn out unfit, and then one more is needed."""
        while True:
            with self.lock:
                chosen = self._choose()
                if chosen:
                    self.in_hand[chosen[0]] = True
                if chosen or not self.in_hand:
                    return chosen
            time.sleep(0.2)

    def _note(self, change, outcome, more):
        with self.lock:
            del self.in_hand[change]
            self.journal.note(change, self.texts[change.file], outcome, **more)
            if outcome != UNFIT:
                place = f"{change.file}:{self.journal.entries[change]['line']}"
                say(f"{self.journal.judged():>4} {outcome:<9} {place:<26} {change.kind:<18} "
                    f"{more.get('by') or more['layers'][-1]}")

    def _work(self):
        worker = Worker(self.root, self.files)
        try:
            worker.prepare()
            while (chosen := self._next()) is not None:
                self._note(chosen[0], *worker.judge(*chosen, self._is_new))
        except Exception as failure:  # of a thread: told by run()
            with self.lock:
                self.failure = failure
                self.in_hand.clear()
        finally:
            worker.close()

    def run(self, jobs):
        """Judges until enough changes are judged, and no survivor is left that a layer hasn't seen."""
        self.fresh = list(self.drawn)
        threads = [threading.Thread(target=self._work) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self.failure = RuntimeError("ended by hand; the same command goes on from here")
            for thread in threads:
                thread.join()
        if self.failure:
            raise self.failure
