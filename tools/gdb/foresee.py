"""What an access would do: the processor's part, and then memsrv's decision, by the same questions in the
same order as servers/memsrv/explain.c. The tests compare both."""

import headers
from buddy import Buddy
from paging import span, walk

READ, WRITE, FETCH = 0, 2, 16  # bits of a page fault's error code; Intel SDM vol. 3A, 4.7
USER_ERROR = 4
PD, PML4 = 2, 4
HF_WRITE, HF_EXECUTE = 2, 4
LOWER_HALF = 1 << 47
ACCESSES = {"read": READ, "write": WRITE, "fetch": FETCH}
NOTHING = "NONE"


class Foresight:
    """About one address of one task."""

    def __init__(self, task, address):
        self.task, self.process, self.address = task, task.process, address
        self.memsrv = task.memsrv
        self.buddy = Buddy(self.memsrv)
        self.region = self.process.region_at(address)
        self.user_end = headers.number("HF_USER_END")
        self.entry, self.level = 0, PML4
        if address < self.user_end:
            last = walk(self.memsrv.core.memory, self.process.root, address)[-1]
            self.entry, self.level = last.raw, last.level
        self.present = bool(self.entry & 1)
        self.frame = (self.entry & 0x000F_FFFF_FFFF_F000) // 4096
        self.refs = self.memsrv.frames.refs(self.frame) if self.present else 0
        self._outcomes = headers.texts("HF_OUTCOME_LIST")
        self._reasons = headers.texts("HF_REASON_LIST")

    # ---- answers ----

    def error(self, access):
        return ACCESSES[access] | USER_ERROR | self.present

    def of(self, access):
        """(outcome, reason) by their names in mem.h."""
        error = self.error(access)
        if self._is_over(error):
            return "DONE", NOTHING
        reason = self._meets_work(self._judge(error))
        if reason != NOTHING or not self.region:
            return "REFUSED", reason
        if not self.present:
            outcome, reason = self._bring(error)
        elif error & WRITE:
            outcome, reason = self._copy()
        else:
            outcome, reason = "REFUSED", "BAD_ENTRY"
        return outcome, reason

    def sentence(self, access):
        outcome, reason = self.of(access)
        if outcome == "DONE":
            return "no fault"
        how = f"page fault, error 0x{self.error(access):x}"
        if outcome != "REFUSED":
            return f"{how}; memsrv {self._outcomes[outcome][0]}{self._whose()}"
        if reason == "NOT_CANONICAL":
            how = "exception 13"
        where, why = self._reasons[reason]
        if where == headers.texts("HF_REASON_LIST")["READ_ONLY"][0]:
            name = self.region.name()
            where = f"in {'' if name[0] == '.' or name == 'memory' else 'the '}{name}"
        return f"{how}; memsrv ends the task: {where or f'0x{self.address:x}'}, {why}"

    def _whose(self):
        pager = self._pager()
        owner = self.memsrv.at.get(int(pager["source"]["owner"])) if pager else None
        return f" (task {owner})" if owner else ""

    # ---- fault.c ----

    def _is_over(self, error):
        write = not error & WRITE or self.entry & 2
        fetch = not error & FETCH or not self.entry >> 63
        return self.entry & 5 == 5 and write and fetch

    def _judge(self, error):
        address, region = self.address, self.region
        if address >= self.user_end:
            if address < LOWER_HALF or address >= (1 << 64) - LOWER_HALF:
                return "NO_REGION" if address < LOWER_HALF else "KERNEL"
            return "NOT_CANONICAL"
        if address < headers.number("HF_USER_FIRST"):
            return "NULL_PAGE"
        if not region:
            return "NO_REGION"
        if region.kind == "guard":
            return "GUARD"
        if error & WRITE and not region.rights & HF_WRITE:
            return "READ_ONLY"
        if error & FETCH and not region.rights & HF_EXECUTE:
            return "NOT_EXECUTABLE"
        return NOTHING

    # ---- work.c ----

    def work(self):
        """What is being done to the address space, in words; nothing when nothing is."""
        work = self.process.value["work"]
        kind = str(work["kind"]).removeprefix("WORK_")
        if kind == "NONE":
            return ""
        return f"{kind.lower()} 0x{int(work['start']):x} to 0x{int(work['end']):x}, done to 0x{int(work['at']):x}"

    def _meets_work(self, reason):
        """What is being unmapped is gone already."""
        work = self.process.value["work"]
        inside = int(work["start"]) <= self.address < int(work["end"])
        return "NO_REGION" if str(work["kind"]) == "WORK_UNMAP" and inside else reason

    # ---- explain.c: nothing is there yet ----

    def _tables(self):
        return 0 if self.present else self.level - 1

    def _room(self, ledger, frames, record_bytes):
        """ledger_has_room, and the reason of fault_reason."""
        if not frames:
            return NOTHING
        quota = self.memsrv.structure("quota", int(ledger["quota"]))
        noted = int(quota["record_bytes"])
        more = (noted + record_bytes) // 4096 - noted // 4096
        if int(quota["used"]) + int(ledger["leave"]) + frames + more > int(quota["limit"]):
            return "QUOTA" if int(quota["parent"]) else "NO_MEMORY"
        return "NO_MEMORY" if self.buddy.free() < frames else NOTHING

    def _if_room(self, pages, outcome):
        tables = self._tables()
        record = self.memsrv.program.type("table").sizeof
        reason = self._room(self.process.ledger, pages + tables, tables * record)
        return (outcome, NOTHING) if reason == NOTHING else ("REFUSED", reason)

    def _pager(self):
        """The struct pager that is asked about this address, or None."""
        region = self.region
        pointer = 0
        if region and region.kind == "pager":
            pointer = int(region.data["pager"])
        elif region and not bool(region.backing["direct"]):
            pointer = int(self.process.value["pager"])
        return self.memsrv.structure("pager", pointer) if pointer else None

    def _bring(self, error):
        pager, asked = self._pager(), self.task.value["asked"]
        left = bool(asked["pass"]) and int(asked["address"]) // 4096 == self.address // 4096
        if pager and not left:
            return self._ask(pager, asked, error)
        if self.region.kind == "object":
            return self._bring_object()
        if not pager and self._large():
            return "LARGE", NOTHING
        image = self.region.kind == "image" and self._image_page(error)
        return self._if_room(0 if image == "shared" else 1, "IMAGE" if image else "ZERO")

    def _ask(self, pager, asked, error):
        if not int(pager["source"]["owner"]):
            return "REFUSED", "PAGER_GONE"
        again = int(asked["address"]) == self.address and int(asked["error"]) == error
        if again and int(asked["times"]) == headers.number("TIMES_MOST"):
            return "REFUSED", "PAGER_LOOP"
        return "PAGER", NOTHING

    def _large(self):
        """large_wanted, and large_available."""
        start = self.address & ~(span(PD) - 1)
        fits = start >= self.region.start and self.region.end - start >= span(PD)
        wanted = fits and bool(self.region.backing["large"]) and self.level >= PD
        if not wanted or bool(self.task.value["small_next"]) or self._room(self.process.ledger, 512, 0) != NOTHING:
            return False
        return any(count for order, count in self.buddy.blocks().items() if order >= self.buddy.run_order)

    def _image_page(self, error):
        """Of the image: shared, a copy, or (nothing) a zeroed page."""
        segment = self.region.segment()[1]
        page, first = self.address & ~4095, int(segment["start"])
        file_end = first + int(segment["file_bytes"])
        start, end = max(page, first), min(page + 4096, file_end)
        if start >= end:
            return ""
        constant = not int(segment["rights"]) & HF_WRITE
        all_of_it = int(segment["memory_bytes"]) == int(segment["file_bytes"])
        rest_is_seen = constant and (end == page + 4096 or all_of_it)
        return "shared" if not error & WRITE and (end - start == 4096 or rest_is_seen) else "copy"

    def _bring_object(self):
        kept = self.memsrv.structure("object", int(self.region.data["object"]))
        place = headers.number("BASE") + int(self.region.data["offset"]) + (self.address & ~4095) - self.region.start
        last = walk(self.memsrv.core.memory, int(kept["aspace"]["root"]), place)[-1]
        tables = 0 if last.present else last.level - 1
        record = self.memsrv.program.type("table").sizeof
        frames = tables + (not last.present)
        reason = self._room(kept["ledger"], frames, tables * record)
        if reason == NOTHING and int(kept["ledger"]["quota"]) == int(self.process.ledger["quota"]):
            own = self._tables()
            reason = self._room(self.process.ledger, frames + own, (tables + own) * record)
        return ("REFUSED", reason) if reason != NOTHING else self._if_room(0, "OBJECT")

    # ---- copy.c: it is there, and may not be written yet ----

    def _copy(self):
        backing = self.region.backing
        if bool(backing["direct"]):
            return "REUSE", NOTHING
        if bool(backing["unpaid"]) or self.memsrv.has_module(self.frame):
            return self._if_room(1, "COPY")
        if self._refs_of_page() <= 1:
            return "REUSE", NOTHING
        wanted = 2 if self.level == PD else 1
        return ("COPY", NOTHING) if self.buddy.free() >= wanted else ("REFUSED", "NO_MEMORY")

    def _refs_of_page(self):
        shared_run = self.level == PD and (self.refs > 1 or not self.buddy.is_run_in_use(self.frame))
        return self.memsrv.frames.refs(self.frame + self.address // 4096 % 512) if shared_run else self.refs

