"""ipc: who waits for whom, by the core's queues and calls and by memsrv's lists."""

from command import Command

GONE_CALL = 1  # ukernel/object.h


class Waits:
    """All tasks, and what each of them waits for."""

    def __init__(self, view):
        self.view, self.core, self.memsrv = view, view.core, view.memsrv
        self.tasks = {frame: self.core.object("task", frame) for frame in view.frames.all_of("TASK")}
        self.endpoints = {frame: self.core.object("endpoint", frame) for frame in view.frames.all_of("ENDPOINT")}
        self._tables = {}
        self.states = self.core.program.enum("hf_task_state", "HF_TASK_")

    def name(self, frame):
        return self.memsrv.name_of(frame)

    def state(self, frame):
        return self.states[int(self.tasks[frame]["state"])]

    # ---- who could let a task go on ----

    def receivers_of(self, endpoint):
        """The tasks with a handle by which they may receive there."""
        right = next(bit for bit, name in self.core.program.enum("hf_handle_rights", "HF_RIGHT_").items()
                     if name == "RECEIVE")
        kind = next(value for value, name in self.core.program.enum("hf_handle_kind", "HF_HANDLE_").items()
                    if name == "ENDPOINT")
        serial = int(self.endpoints[endpoint]["serial"])
        return [frame for frame in self.tasks if any(
            handle["kind"] == kind and handle["rights"] & right and handle["serial"] == serial
            and self.core.frame_of(handle["object"]) == endpoint for handle in self.handles(frame))]

    def handles(self, frame):
        """The handles of a task, as dicts."""
        table = self.core.frame_of(self.tasks[frame]["handles"])
        if table is None or self.view.frames.type(table) != "HANDLES":
            return []
        if table not in self._tables:
            layout = self.core.program.type("handle")
            data = self.core.memory.read(table * 4096, 4096)
            fields = [(field.name, field.bitpos // 8, field.type.sizeof) for field in layout.fields()]
            self._tables[table] = [
                {name: int.from_bytes(data[start + at:start + at + size], "little") for name, at, size in fields}
                for start in range(0, 4096, layout.sizeof)]
        return self._tables[table]

    def behind(self, frame):
        """The tasks of which one has to do something before this one can go on. None: it doesn't wait, or for
        whoever comes."""
        state = self.state(frame)
        if state == "SENDING":
            return self.receivers_of(self.core.frame_of(self.tasks[frame]["queued_at"]))
        if state == "WAITING":
            kept = self.kept_for(frame)
            return [kept] if kept is not None else [self.core.frame_of(self.tasks[frame]["server"])]
        if state == "STOPPED":
            pager = self.pager_of(frame)
            return [pager] if pager is not None else None
        return None

    # ---- what memsrv keeps ----

    def held(self, frame):
        task = self.memsrv.of_frame(frame)
        return task, int(task.value["held"]["list"]) if task else 0

    def kept_for(self, frame):
        """Whose end a task waits for."""
        task, held = self.held(frame)
        return next((other.frame for other in self.memsrv.tasks.values()
                     if task and held and held == self.address_in(other, "waiters")), None)

    def address_in(self, task, field):
        return task.address + next(each.bitpos // 8 for each in task.value.type.fields() if each.name == field)

    def pager_of(self, frame):
        """The task that made the pager which is asked about a fault."""
        task = self.memsrv.of_frame(frame)
        pointer = int(task.value["asked"]["pager"]) if task else 0
        owner = int(self.memsrv.structure("pager", pointer)["source"]["owner"]) if pointer else 0
        return self.memsrv.at[owner].frame if owner else None

    # ---- words ----

    def text(self, frame):
        """What a task does."""
        state = self.state(frame)
        if state == "READY":
            return "runs" if frame == self.core.current() else "ready"
        if state in ("SENDING", "RECEIVING"):
            word = {"SENDING": "sends to", "RECEIVING": "receives at"}[state]
            return f"{word} endpoint 0x{self.core.frame_of(self.tasks[frame]['queued_at']):x}"
        if state == "STOPPED":
            return self.stopped(frame)
        kept = self.kept_for(frame)
        if kept is not None:
            return f"waits for the end of {self.name(kept)}"
        return f"waits for {self.name(self.core.frame_of(self.tasks[frame]['server']))}" + self.is_fault(frame)

    def is_fault(self, frame):
        fault = next(bit for bit, name in self.core.program.enum("slow", "SLOW_").items() if name == "FAULT")
        return " with a fault" if int(self.tasks[frame]["slow"]) & fault else ""

    def stopped(self, frame):
        pager = self.pager_of(frame)
        if pager is not None:
            return f"waits for the page of {self.name(pager)}"
        return "waits for memsrv with a fault" if self.held(frame)[1] else "stopped"

    # ---- circles ----

    def circles(self):
        """[(frames each of which waits for the next one, and the last for the first; the others that could
        receive what is sent there)], shorter ones first, none that has another one in it."""
        behind = {frame: self.behind(frame) or [] for frame in self.tasks}
        for frame, others in behind.items():
            if len(others) > 1 and frame in others:
                others.remove(frame)  # who calls itself, if anybody else may receive, waits for them
        circles = sorted(filter(None, (shortest(behind, frame) for frame in behind)), key=len)
        found = []
        for circle in circles:
            if not any(set(circle) >= set(smaller) for smaller, _ in found):
                others = [other for frame in circle for other in behind[frame] if other not in circle]
                found.append((circle, others))
        return found


def shortest(behind, start):
    """The shortest way from a task back to itself, or nothing."""
    paths, seen = [[start]], set()
    while paths:
        path = paths.pop(0)
        for other in behind[path[-1]]:
            if other == start:
                return path
            if other in behind and other not in seen:
                seen.add(other)
                paths.append([*path, other])
    return None


class Ipc(Command):
    """ipc: who waits for whom.

    Lists the endpoints where somebody waits or bits are set, with their queues; the calls that tasks have in
    hand or have set aside; what every waiting task waits for; and names circles: tasks that wait for each
    other, and so for ever, unless somebody else has a handle by which to receive."""

    name = "ipc"

    def run(self, view):
        waits = Waits(view)
        for frame, endpoint in waits.endpoints.items():
            yield from self.endpoint(view, waits, frame, endpoint)
        for frame, task in waits.tasks.items():
            yield from self.calls(view, waits, frame, task)
        for frame in waits.tasks:
            if waits.state(frame) in ("SENDING", "WAITING", "STOPPED"):
                yield f"{waits.name(frame)} {waits.text(frame)}"
        circles = waits.circles()
        for circle, others in circles:
            names = [waits.name(frame) for frame in [*circle, circle[0]]]
            unless = f", unless {' or '.join(map(waits.name, others))} receives" if others else ""
            yield f"circle{unless}: {' -> '.join(names)}"
        if not circles:
            yield "no circles"

    def endpoint(self, view, waits, frame, endpoint):
        parts, bits = [], int(endpoint["bits"])
        for word, name in (("sends", "senders"), ("receives", "receivers")):
            queue = view.core.queue(endpoint[name])
            parts += [f"{word}: {', '.join(map(waits.name, queue))}"] if queue else []
        parts += [f"bits 0x{bits:x}"] if bits else []
        if parts:
            yield f"endpoint 0x{frame:x}  {'; '.join(parts)}"

    def calls(self, view, waits, frame, task):
        caller = int(task["caller"])
        if caller == GONE_CALL:
            yield f"{waits.name(frame)} has a call in hand whose caller is gone"
        elif caller:
            yield f"{waits.name(frame)} has in hand the call of {waits.name(view.core.frame_of(caller))}"
        held = view.core.queue(task["held"])
        if held:
            yield f"{waits.name(frame)} has set aside the calls of {', '.join(map(waits.name, held))}"
