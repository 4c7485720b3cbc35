"""task, regions and buddy: what memsrv's records say, beside what the core's tables do."""

import headers
from buddy import Buddy
from command import Command
from guest import PAGE, place, refuse, register
from paging import KERNEL_SLOT, entries_below
from waits import Waits


def rip_of(view, frame):
    """Where a task is in ring 3: as it stands in the processor's registers, or as it was saved."""
    if frame == view.core.current() and register("cs") & 3 == 3:
        return register("rip")
    return int(view.core.object("task", frame)["registers"]["rip"])


class Tasks(Command):
    """task [N|NAME]: all tasks, or one with all that is known of it.

    Joins memsrv's records with the core's tasks: number, state, priority, where it is in ring 3, whom it waits
    for, the frames that it holds and its quota. KiB are those it pays for. A name that several tasks have
    lists these."""

    name = "task"
    most = 1

    def run(self, view, word=None):
        tasks = view.tasks(word) if word else view.memsrv.tasks.values()
        if word and len(tasks) == 1:
            return self.one(view, tasks[0])
        return self.all(view, sorted(tasks, key=lambda task: task.number), with_memsrv=not word)

    def all(self, view, tasks, with_memsrv):
        waits = Waits(view)
        yield f"{'number':>6} {'name':16} {'prio':>4} {'state':31} {'KiB':>7}  where"
        if with_memsrv:
            for frame in view.frames.all_of("TASK"):
                if not view.memsrv.of_frame(frame):
                    yield self.line(view, waits, frame, "-", view.memsrv.name_of(frame).split("'s ")[-1], "-")
        for task in tasks:
            yield self.line(view, waits, task.frame, task.number, task.name, self.kib(task))

    def line(self, view, waits, frame, number, name, kib):
        if frame is None:
            task = view.memsrv.tasks[number]
            return f"{number:>6} {name:16.16} {int(task.value['priority']):>4} {task.state.lower():31} {kib:>7}"
        priority = int(view.core.object("task", frame)["priority"])
        rip = rip_of(view, frame)
        return (f"{number:>6} {name:16.16} {priority:>4} {waits.text(frame):31.31} {kib:>7}  "
                f"{place(rip) or hex(rip)}")

    def kib(self, task):
        if task.process is not task:
            return f"of {task.process.number}"
        held = task.held()
        return (sum(count for kind, count in held.items() if kind not in ("shared", "records"))
                + held["records"] // PAGE) * PAGE // 1024

    def one(self, view, task):
        parent = view.memsrv.at.get(int(task.value["parent"]))
        thread = f", a thread of {task.process}" if task.process is not task else ""
        yield f"task {task}{thread}, spawned by {parent or 'nobody that is left'}"
        if task.frame is None:
            yield f"  {task.state.lower()}; nothing of it is in the core"
            return
        core = view.core.object("task", task.frame)
        rip = rip_of(view, task.frame)
        effective = int(core["effective"])
        raised = f" (counts as {effective})" if effective != int(core["priority"]) else ""
        yield f"  state     {Waits(view).text(task.frame)}"
        yield f"  rip       0x{rip:x} {place(rip)}"
        yield f"  priority  {int(core['priority'])}{raised}, {int(core['ticks'])} ticks"
        yield f"  frames    task 0x{task.frame:x}, {self.frame_list(view, task, core)}"
        yield from self.of_process(task.process)

    def frame_list(self, view, task, core):
        parts = {"root": task.process.root, "IPC buffer": view.core.frame_of(core["buffer"]),
                 "handle table": view.core.frame_of(core["handles"])}
        return ", ".join(f"{name} 0x{frame:x}" for name, frame in parts.items() if frame is not None)

    def of_process(self, process):
        quota, held = process.quota, process.held()
        if quota:
            whose = "its own" if bool(process.ledger["owner"]) else "shared"
            yield f"  quota     {int(quota['used'])} of {int(quota['limit'])} frames used, {whose}"
        held["records"] //= PAGE
        yield "  holds     " + ", ".join(f"{count} {kind}" for kind, count in held.items())
        served = ", ".join(f"{count} {kind}" for kind, count in process.faults().items() if count)
        yield f"  faults    {served or 'none'}"


class Regions(Command):
    """regions [TASK]: what is mapped where in a task: memsrv's regions, and how much of each is there.

    TASK is a name, or an expression for a number; without it, the task that runs is meant. `pages` are of
    4 KiB, of which those in the page tables are counted; pages of 2 MiB are told besides."""

    name = "regions"
    most = 1

    def run(self, view, word=None):
        task = view.task(word) if word else view.running()
        if task is None:
            refuse("memsrv runs, which has no regions: say which task is meant, by its number or name")
        if task.process.root is None:
            refuse(f"task {task} has no address space any more")
        entries = entries_below(view.memory, task.process.root, range(KERNEL_SLOT))
        leaves = [entry for entry in entries if entry.leaf]
        yield f"regions of task {task}, root frame 0x{task.process.root:x}"
        known = 0
        for region in task.regions():
            inside = [entry for entry in leaves if region.start <= entry.start < region.end]
            known += len(inside)
            yield self.line(region, inside)
        if known != len(leaves):
            yield f"  and {len(leaves) - known} pages that are in no region"

    def line(self, region, leaves):
        there = sum(entry.frames for entry in leaves)
        large = sum(1 for entry in leaves if entry.frames > 1)
        offset = int(region.data["offset"])
        return (f"  0x{region.start:012x} to 0x{region.end:012x}  {region.allows():13} "
                f"{there:6} of {(region.end - region.start) // PAGE} pages"
                f"{f' ({large} of 2 MiB)' if large else ''}  {region.name()}"
                f"{f', from 0x{offset:x}' if bool(region.backing['has_offset']) else ''}")


class FreeBlocks(Command):
    """buddy: memsrv's free blocks by their size, their sum, and whether the frame table agrees.

    The blocks are counted from the bits of the allocator's chunks. memsrv has put some frames by, which are
    FREE to the core but in no block."""

    name = "buddy"

    def run(self, view):
        buddy = Buddy(view.memsrv)
        blocks, hand, put_by = buddy.blocks(), buddy.at_hand(), buddy.put_by()
        total = sum(count << order for order, count in blocks.items()) + hand
        yield "free blocks, by how many frames each has:"
        for order in range(headers.number("HF_ORDERS")):
            noted = int(buddy.value["blocks"][order])
            wrong = f"  (memsrv's sum says {noted})" if noted != blocks[order] else ""
            if blocks[order] or wrong:
                yield f"{1 << order:>10} x {blocks[order]}{wrong}"
        yield f"{'at hand':>10}   {hand} single frames"
        free = view.frames.sums()["FREE"]
        judged = self.judge(free, total + put_by)
        yield f"{total} frames are free, and {put_by} put by; the frame table has {free} FREE: {judged}"

    def judge(self, free, known):
        if free == known:
            return "they agree"
        more, who = (free - known, "FREE") if free > known else (known - free, "memsrv's")
        return f"{more} more are {who}, as while memsrv works on a request"
