"""Tasks, endpoints, handle tables: what they name, queues, and calls under way."""

from collections import Counter

from .guest import ENTRIES, RUN_FRAMES, frame_of
from .memory import PAGE

RIGHTS = 63
FLAGS_ALLOWED = 0xDD5 | 0x202
NO_CALL, GONE_CALL = 0, 1
PORTS = [(0x3F8, 8), (0x3C0, 0x20), (0x60, 1), (0x64, 1), (0x40, 4)]  # COM1, VGA, PS/2, PIT
LINES = {0, 1, 4, 12}


def check_objects(audit):
    guest = audit.guest
    audit.aspaces, audit.tables = Counter(), Counter()
    audit.tasks = guest.tasks()
    audit.endpoints = {frame: guest.object("endpoint", frame) for frame in guest.frames.all_of("ENDPOINT")}
    states = guest.debug.enums["hf_task_state"]
    audit.state = {name.removeprefix("HF_TASK_"): value for name, value in states.items()}
    processor = guest.structure("processor", guest.debug.symbols["processor"])
    audit.current = frame_of(processor["current"]) if processor["current"] else None
    check_serials(audit)
    for frame, task in audit.tasks.items():
        check_task(audit, frame, task)
        check_calls(audit, frame, task)
    for frame, endpoint in audit.endpoints.items():
        check_endpoint(audit, frame, endpoint)
    check_ready(audit, processor)
    for frame in guest.frames.all_of("HANDLES"):
        check_handles(audit, frame)


def check_serials(audit):
    objects = [(frame, thing["serial"]) for things in (audit.tasks, audit.endpoints) for frame, thing in things.items()]
    count = Counter(serial for _, serial in objects)
    for frame, serial in objects:
        audit.check(count[serial] == 1 or (serial == 0 and frame in audit.endpoints), "serial",
                    f"object 0x{frame:x} has serial {serial}, as others have")
    privileged = [frame for frame, task in audit.tasks.items() if task["memory"]]
    audit.check(len(privileged) == 1, "MEMORY", f"tasks with the MEMORY privilege: {privileged}")


def used_page(audit, frame, task, field):
    if task[field]:
        page = frame_of(task[field])
        name = page is not None and audit.guest.frames.type_name(page)
        audit.check(name == "USER" and audit.guest.frames.by_itself(page), "I1",
                    f"task 0x{frame:x}: its {field} is {task[field]:#x}, {name}")
        audit.uses[page] += 1


def check_task(audit, frame, task):
    guest = audit.guest
    audit.check(task["state"] in audit.state.values(), "task", f"task 0x{frame:x} has state {task['state']}")
    used_page(audit, frame, task, "buffer")
    used_page(audit, frame, task, "operations")
    audit.check(task["memory"] or not task["operations"], "MEMORY", f"task 0x{frame:x} has an operation page")
    if task["handles"] != guest.debug.symbols["handle_none"]:
        table = frame_of(task["handles"])
        audit.check(table is not None and guest.frames.type_name(table) == "HANDLES", "I1",
                    f"task 0x{frame:x}: its handle table is {task['handles']:#x}")
        audit.tables[table] += 1
    root, rest = divmod(task["cr3"], PAGE)
    if task["cr3"]:
        audit.aspaces[root] += 1
        audit.check(rest == 0 and guest.frames.type_name(root) == "PML4" and guest.frames.entry(root)[1] & 2, "I4",
                    f"task 0x{frame:x}: its CR3 is {task['cr3']:#x}")
    check_registers(audit, frame, task)


def check_registers(audit, frame, task):
    registers = task["registers"]
    audit.check(registers["cs"] & 3 == 3 and registers["ss"] & 3 == 3, "ring 3",
                f"task 0x{frame:x} has CS {registers['cs']:#x} and SS {registers['ss']:#x}")
    if task["state"] == audit.state["READY"] and frame != audit.current:
        audit.check(registers["rip"] < 1 << 47, "ring 3", f"task 0x{frame:x} would go on at {registers['rip']:#x}")
        audit.check(not registers["rflags"] & ~FLAGS_ALLOWED and registers["rflags"] & 0x200, "ring 3",
                    f"task 0x{frame:x} would go on with flags {registers['rflags']:#x}")


def queue(audit, first_and_last, what):
    """The frames of the tasks in a queue, in order."""
    members, pointer = [], first_and_last["first"]
    while pointer:
        frame = frame_of(pointer)
        if frame not in audit.tasks or frame in members:
            audit.say("queue", f"{what} goes to {pointer:#x} after {[hex(member) for member in members]}")
            return members
        members.append(frame)
        pointer = audit.tasks[frame]["next"]
    if members:
        audit.check(frame_of(first_and_last["last"]) == members[-1], "queue", f"the last of {what} is wrong")
        for before, after in zip(members, members[1:]):
            audit.check(frame_of(audit.tasks[after]["previous"]) == before, "queue",
                        f"{what}: task 0x{after:x} looks back wrongly")
    return members


def check_endpoint(audit, frame, endpoint):
    receivers = queue(audit, endpoint["receivers"], f"the receivers' queue of 0x{frame:x}")
    senders = queue(audit, endpoint["senders"], f"the senders' queue of 0x{frame:x}")
    audit.check(not (receivers and senders), "queue", f"endpoint 0x{frame:x} has both senders and receivers")
    for members, state in ((receivers, "RECEIVING"), (senders, "SENDING")):
        for member in members:
            task = audit.tasks[member]
            audit.check(task["state"] == audit.state[state] and frame_of(task["queued_at"]) == frame, "queue",
                        f"task 0x{member:x} in the queue of 0x{frame:x} has state {task['state']}")
            audit.queued[member] += 1


def check_calls(audit, frame, task):
    """Caller and server know each other, each caller exactly one server."""
    waiting = audit.state["WAITING"]
    held = queue(audit, task["held"], f"the held calls of 0x{frame:x}")
    in_hand = [] if task["caller"] in (NO_CALL, GONE_CALL) else [frame_of(task["caller"])]
    for caller in held + in_hand:
        other = audit.tasks.get(caller)
        audit.check(other and other["state"] == waiting and frame_of(other["server"]) == frame, "call",
                    f"task 0x{frame:x} has the call of {caller}, which does not wait for it")
        audit.queued[caller] += 1


def check_ready(audit, processor):
    """Every task is exactly where its state says."""
    tops = [-1]
    for priority, ready in enumerate(processor["ready"]):
        members = queue(audit, ready, f"the ready queue {priority}")
        bit = processor["map"][priority // 64] >> priority % 64 & 1
        audit.check(bool(members) == bool(bit), "queue", f"ready queue {priority}: the map says {bit}")
        tops += [priority] if members else []
        for member in members:
            task = audit.tasks[member]
            audit.check(task["state"] == audit.state["READY"] and task["effective"] == priority, "queue",
                        f"task 0x{member:x} in ready queue {priority} has state {task['state']}")
            audit.queued[member] += 1
    audit.check(processor["top"] == max(tops) & 0xFFFF_FFFF_FFFF_FFFF, "queue",
                f"top says {processor['top']}, not {max(tops)}")
    for frame, task in audit.tasks.items():
        nowhere = frame == audit.current or task["state"] == audit.state["STOPPED"]
        audit.check(audit.queued[frame] == (0 if nowhere else 1), "queue",
                    f"task 0x{frame:x} with state {task['state']} is in {audit.queued[frame]} places")


def check_handles(audit, frame):
    kinds = audit.guest.debug.enums["hf_handle_kind"]
    layout = audit.guest.debug.structures["handle"]
    for slot in range(PAGE // layout.size):
        handle = layout.decode(audit.guest.memory.read(frame * PAGE + slot * layout.size, layout.size))
        where = f"handle {slot} of table 0x{frame:x}"
        kind = handle["kind"]
        audit.check(kind in kinds.values() and not handle["rights"] & ~RIGHTS, "handle", f"{where} is malformed")
        audit.check(slot > 0 or kind == kinds["HF_HANDLE_NONE"], "handle", f"{where} is in use")
        if kind in (kinds["HF_HANDLE_ENDPOINT"], kinds["HF_HANDLE_REPLY"]):
            audit.check(frame_of(handle["object"]) is not None or kind == kinds["HF_HANDLE_REPLY"], "handle",
                        f"{where} names {handle['object']:#x}")
            check_weak_name(audit, handle["object"], where)
        elif kind == kinds["HF_HANDLE_PORTS"]:
            audit.check(any(first <= handle["object"] and handle["object"] + handle["serial"] <= first + count
                            for first, count in PORTS), "handle", f"{where} has ports {handle['object']:#x}")
        elif kind == kinds["HF_HANDLE_IRQ"]:
            audit.check(handle["object"] in LINES, "handle", f"{where} has line {handle['object']}")


def check_weak_name(audit, pointer, where):
    """Who uses a weak name looks at the frame's entry, also when its run is whole and the entry
    counts for nothing: it must not say that there is an object."""
    frames, frame = audit.guest.frames, frame_of(pointer)
    if frame is not None and frame // RUN_FRAMES < frames.run_count and not frames.by_itself(frame):
        kind = audit.guest.read(ENTRIES + 8 * frame, 1)[0]
        audit.check(frames.name.get(kind) not in ("TASK", "ENDPOINT"), "handle",
                    f"{where} names an object in a run that is whole")
