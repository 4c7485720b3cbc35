"""What memsrv has noted: tasks, regions, quotas. It is read through memsrv's own page tables, whoever
runs at the moment."""

import headers
from guest import Program, refuse
from paging import Space

MOST = 1 << 20  # what has more links than this is a circle
NO_FRAME = (1 << 64) - 1


class Memsrv:
    def __init__(self, core, build):
        self.core, self.frames = core, core.frames()
        self.program = Program("memsrv", f"{build}/servers/memsrv.elf")
        self.task = self._find()
        self.root = int(core.object("task", self.task)["cr3"]) // 4096
        self.space = Space(core.memory, self.root, "memsrv")
        self._check_magic()
        self.tasks = {}  # by number
        self.at = {}  # by the record's address
        for record in self._all_tasks():
            self.tasks[record.number] = self.at[record.address] = record

    def _find(self):
        """The core's task that may make MMU calls."""
        for frame in self.frames.all_of("TASK"):
            if int(self.core.object("task", frame)["memory"]):
                return frame
        return refuse("there is no memsrv yet: the core is still booting (break memsrv_main is its first function)")

    def _check_magic(self):
        magic = int.from_bytes(self.space.read(headers.number("HF_BOOT_INFO"), 8), "little")
        if magic != headers.number("HF_BOOT_MAGIC"):
            refuse("what memsrv was handed at boot can't be read")

    def structure(self, tag, address):
        return self.space.value(self.program.type(tag), address)

    def variable(self, name):
        kind, address = self.program.variable(name)
        return self.space.value(kind, address)

    def chain(self, pointer, link):
        """All structures of a list that ends with NULL."""
        tag = pointer.type.target().tag
        for _ in range(MOST):
            if not int(pointer):
                return
            value = self.structure(tag, int(pointer))
            yield int(pointer), value
            pointer = value[link]
        refuse(f"memsrv's list of {tag} by '{link}' doesn't end")

    def _all_tasks(self):
        numbers = self.variable("numbers")
        for at in range(*numbers.type.range()):
            for address, value in self.chain(numbers[at], "same_number"):
                yield Task(self, address, value)

    def of_frame(self, frame):
        """The record of a core's task, or None: memsrv and its worker have none."""
        return next((task for task in self.tasks.values() if task.frame == frame), None)

    def name_of(self, frame):
        """Of any task of the core's: 4 hello."""
        task = self.of_frame(frame)
        return str(task) if task else "memsrv" if frame == self.task else "memsrv's worker"

    def roots(self):
        """{root of each address space: whose it is}"""
        names = {self.root: "memsrv"}
        for task in self.tasks.values():
            if task.process is task and task.root is not None:
                names[task.root] = str(task)
            for address, source in task.sources():
                if str(source["kind"]) == "BADGE_OBJECT":
                    root = int(self.structure("object", address)["aspace"]["root"])
                    names[root] = f"an object of {task}"
        return names

    def has_module(self, frame):
        """Whether the frame is a boot module's."""
        ranges = self.variable("ranges")
        return any(int(ranges[i]["first"]) <= frame < int(ranges[i]["end"])
                   for i in range(int(self.variable("range_count"))))


class Task:
    """A record of memsrv's."""

    def __init__(self, memsrv, address, value):
        self.memsrv, self.address, self.value = memsrv, address, value
        self.number = int(value["number"])
        self.name = value["name"].string()

    def __str__(self):
        return f"{self.number} {self.name}"

    @property
    def process(self):
        return self.memsrv.at.get(int(self.value["process"]), self)

    def _frame(self, value):
        return None if int(value) == NO_FRAME else int(value)

    @property
    def frame(self):
        """The core's task, while there is one."""
        return self._frame(self.value["task"]) if self.state in ("RUNNING", "BUILDING") else None

    @property
    def root(self):
        return self._frame(self.value["aspace"]["root"])

    @property
    def state(self):
        return str(self.value["state"]).removeprefix("TASK_")

    @property
    def ledger(self):
        return self.process.value["ledger"]

    @property
    def quota(self):
        """The quota it lives on, or None when it has ended."""
        pointer = int(self.ledger["quota"])
        return self.memsrv.structure("quota", pointer) if pointer else None

    def held(self):
        """How many frames, with records; and all of the ledger by kind."""
        kinds = self.memsrv.program.enum("ledger_kind", "LEDGER_")
        return {name: int(self.ledger["held"][at]) for at, name in kinds.items() if name.islower()}

    def faults(self):
        kinds = self.memsrv.program.enum("ledger_fault", "FAULT_")
        return {name: int(self.ledger["faults"][at]) for at, name in kinds.items() if name.islower()}

    def sources(self):
        return self.memsrv.chain(self.value["sources"], "next")

    def regions(self):
        """All regions of its address space by address."""
        return list(self._regions(int(self.process.value["aspace"]["regions"]["root"]), 0))

    def _regions(self, address, depth):
        if not address:
            return
        if depth > 64:
            refuse(f"the tree of regions of task {self} is deeper than any balanced one")
        value = self.memsrv.structure("region", address)
        yield from self._regions(int(value["child"][0]), depth + 1)
        yield Region(self.memsrv, value)
        yield from self._regions(int(value["child"][1]), depth + 1)

    def region_at(self, address):
        return next((region for region in self.regions() if region.start <= address < region.end), None)


class Region:
    def __init__(self, memsrv, value):
        self.memsrv, self.value = memsrv, value
        self.start, self.end = int(value["start"]), int(value["end"])
        self.rights, self.data = int(value["rights"]), value["data"]
        self.backing = memsrv.structure("backing", int(value["backing"]))
        self.kind = self._kind()

    def _kind(self):
        """Which backing it is, by the name of memsrv's variable: anonymous, image, guard ..."""
        for name in ("anonymous", "large", "stack", "image", "guard", "buffer", "object", "pager"):
            if self.memsrv.program.variable(f"backing_{name}")[1] == int(self.value["backing"]):
                return name
        return refuse(f"the region at 0x{self.start:x} has a backing that memsrv doesn't know")

    def segment(self):
        program = self.memsrv.structure("program", int(self.data["image"]))
        return program, program["image"]["segment"][int(self.data["segment"])]

    def name(self):
        if self.kind != "image":
            return self.memsrv.space.text(int(self.backing["name"]))
        program, segment = self.segment()
        rights = int(segment["rights"])
        part = ".text" if rights & 4 else ".data" if rights & 2 else ".rodata"
        return f"{part} of {self.memsrv.space.text(int(program['name']))}"

    def allows(self):
        """Its rights in words."""
        rights = self.memsrv.program.enum("hf_rights", "HF_")
        if self.kind == "guard":
            return "nothing"
        return " ".join(name.lower() for bit, name in sorted(rights.items()) if self.rights & bit)
