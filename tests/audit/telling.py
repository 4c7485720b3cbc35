"""What the core must say when it is asked (ukernel/dump.c), from what the auditor reads: line by
line, without names of addresses."""

from collections import Counter, defaultdict

from .guest import frame_of
from .memory import PAGE

SEVERAL = "several tasks"
RECEIVE = "HF_RIGHT_RECEIVE"


class Telling:
    """`guest` stands still, between two of the core's entries."""

    def __init__(self, guest):
        self.guest = guest
        self.tasks = guest.tasks()
        self.endpoints = {frame: guest.object("endpoint", frame) for frame in guest.frames.all_of("ENDPOINT")}
        self.state = {value: name.removeprefix("HF_TASK_")
                      for name, value in guest.debug.enums["hf_task_state"].items()}
        current = guest.structure("processor", guest.debug.symbols["processor"])["current"]
        self.current = frame_of(current) if current else None
        self.receivers = self._receivers()

    def _handles(self, task):
        layout = self.guest.debug.structures["handle"]
        table = frame_of(task["handles"])
        if table is None:
            return
        data = self.guest.memory.read(table * PAGE, PAGE)
        for at in range(0, PAGE, layout.size):
            yield layout.decode(data[at:at + layout.size])

    def _receivers(self):
        """Endpoint's frame: the frames of all tasks that can receive there."""
        enums, found = self.guest.debug.enums, defaultdict(set)
        kind, right = enums["hf_handle_kind"]["HF_HANDLE_ENDPOINT"], enums["hf_handle_rights"][RECEIVE]
        for frame, task in self.tasks.items():
            for handle in self._handles(task):
                if handle["kind"] == kind and handle["rights"] & right:
                    endpoint = frame_of(handle["object"])
                    if self.endpoints.get(endpoint, {}).get("serial") == handle["serial"]:
                        found[endpoint].add(frame)
        return found

    def _owned(self, endpoint):
        receivers = self.receivers[endpoint]
        who = "no task" if not receivers else f"task 0x{min(receivers):x}" if len(receivers) == 1 else SEVERAL
        return f"endpoint 0x{endpoint:x} of {who}"

    def state_of(self, frame):
        return "RUNNING" if frame == self.current else self.state[self.tasks[frame]["state"]]

    def awaited(self, frame):
        """Who alone can let the task go on."""
        state = self.state_of(frame)
        if state == "WAITING":
            return frame_of(self.tasks[frame]["server"])
        receivers = self.receivers[frame_of(self.tasks[frame]["queued_at"])] if state == "SENDING" else ()
        return min(receivers) if len(receivers) == 1 else None

    def _does(self, frame):
        task, state = self.tasks[frame], self.state_of(frame)
        if state == "WAITING":
            return f"waits for task 0x{frame_of(task['server']):x}, which has its call"
        if state in ("SENDING", "RECEIVING"):
            word = {"SENDING": "sends to", "RECEIVING": "receives at"}[state]
            return f"{word} {self._owned(frame_of(task['queued_at']))}"
        return state.lower()

    def _task(self, frame):
        task = self.tasks[frame]
        registers = task["registers"]
        raised = f" (now {task['effective']})" if task["effective"] != task["priority"] else ""
        rip = self.guest.registers["RIP"] if frame == self.current else registers["rip"]
        yield (f"task 0x{frame:x} serial {task['serial']} priority {task['priority']}{raised}: "
               f"{self._does(frame)}")
        yield f"  aspace 0x{task['cr3'] // PAGE:x}, rip 0x{rip:x}"
        page_fault = registers["vector"] == 14
        stopped = self.state_of(frame) == "STOPPED" and page_fault
        if stopped or task["slow"] & self.guest.debug.enums["slow"]["SLOW_FAULT"]:
            address = f", address 0x{task['fault_address']:x}" if page_fault else ""
            yield f"  exception {registers['vector']}, error 0x{registers['error']:x}{address}"

    def _queue(self, first):
        while first:
            yield f"0x{frame_of(first):x}"
            first = self.tasks[frame_of(first)]["next"]

    def _endpoint(self, frame):
        for name in ("receivers", "senders"):
            members = " ".join(self._queue(self.endpoints[frame][name]["first"]))
            if members:
                yield f"{self._owned(frame)}: {name} {members}"

    def circles(self):
        """Each as a tuple of frames, which begins with the lowest."""
        for frame in sorted(self.tasks):
            way = [frame]
            while (after := self.awaited(way[-1])) is not None and after not in way:
                way.append(after)
            if after == frame == min(way):
                yield tuple(way)

    def lines(self):
        """All of them."""
        for frame in sorted(self.tasks):
            yield from self._task(frame)
        for frame in sorted(self.endpoints):
            yield from self._endpoint(frame)
        for circle in self.circles():
            names = " ".join(f"0x{frame:x}" for frame in circle)
            yield f"a circle, in which each waits for the next: {names}"
        yield from self._memory()

    def _memory(self):
        frames = self.guest.frames
        sums = {name: count for name, count in frames.sums().items() if name != "RESERVED" and count}
        ram = sum(end - first for first, end in self.guest.ram)
        tables = [name in ("PT", "PD", "PDPT", "PML4", "HANDLES", "TASK", "ENDPOINT") for name in sums]
        words = [f"{name} {count}" for name, count in sums.items()]
        yield "frames " + " ".join(words[:tables.index(True)])
        yield f"  {' '.join(words[tables.index(True):])}, sum {sum(sums.values())}, RAM {ram}"
        states = Counter(header[0] for header in frames.headers)
        counts = [f"{name} {states[value]}" for name, value in frames.state.items() if states[value]]
        yield f"runs {' '.join(counts)}"
