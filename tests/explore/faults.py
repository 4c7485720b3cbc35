"""Faults to plant into the core, for the explorer to find."""

from typing import NamedTuple

from machines import Machine

# Where a fault shows soonest: the machine, and the explorer's options.
MACHINES = {
    "tables": (Machine(2, 2, 1, "MEMORY"), ["--states", "400000"]),
    "tasks": (Machine(2, 2, 4, "ALL"), []),
    "levels": (Machine(4, 5, 1, "ALL"), ["--depth", "3"]),
}


class Fault(NamedTuple):
    """A place in the core, where `old` stands exactly once, and what stands there instead."""

    name: str
    machine: str
    file: str
    old: str
    new: str


FLUSHES = [
    Fault("no flush at all", "tables", "retire.h",
          "    if (read_cr3() == root << HF_PAGE_SHIFT) invalidate_page(address);\n",
          "    (void)root, (void)address;\n"),
    Fault("only aspaces that aren't loaded flushed", "tables", "retire.h",
          "read_cr3() == root << HF_PAGE_SHIFT", "read_cr3() != root << HF_PAGE_SHIFT"),
    Fault("the PT's first page flushed", "tables", "retire.h",
          "invalidate_page(address)", "invalidate_page(address & ~0x3ffful)"),
    Fault("flushed before the entry is gone", "tables", "retire.h",
          "    *entry = left;\n    if (read_cr3() == root << HF_PAGE_SHIFT) invalidate_page(address);\n",
          "    if (read_cr3() == root << HF_PAGE_SHIFT) invalidate_page(address);\n    *entry = left;\n"),
    Fault("no flush when a page is unmapped", "tables", "leaf.h",
          "    pte_t old = retire(root, address, entry, (pte_t){0});\n",
          "    (void)root, (void)address;\n    pte_t old = *entry;\n    *entry = (pte_t){0};\n"),
    Fault("no flush when rights are narrowed", "tables", "leaf.c",
          "pte_t old = retire(op->object, op->address, leaf.entry, (pte_t){kept | rights});",
          "pte_t old = *leaf.entry;\n    *leaf.entry = (pte_t){kept | rights};"),
    Fault("no flush when a table is removed", "tables", "table.c",
          "retire(op->object, op->address, parent.entry, (pte_t){0});", "*parent.entry = (pte_t){0};"),
    Fault("no flush of what CLONE makes read-only", "levels", "bulk.c",
          "retire(op->object, address, &from[i], (pte_t){from[i].value & ~ENTRY_WRITE});",
          "from[i].value &= ~ENTRY_WRITE;"),
    Fault("CLONE flushes the page it was asked about", "levels", "bulk.c",
          "retire(op->object, address, &from[i],", "retire(op->object, op->address, &from[i],"),
    Fault("no flush after SPLIT", "levels", "bulk.c",
          "retire(op->object, op->address, leaf.entry, entry_table(op->frame));",
          "*leaf.entry = entry_table(op->frame);"),
    Fault("FREE before its translation is flushed", "tables", "leaf.c",
          "    pte_t old = leaf_take_out(op->object, op->address, leaf.entry);\n"
          "    result->detail = sampled(old) | (leaf_end_use(old) ? HF_LEAF_FREED : 0u);\n",
          "    bool freed = leaf_end_use(*leaf.entry);\n"
          "    pte_t old = leaf_take_out(op->object, op->address, leaf.entry);\n"
          "    result->detail = sampled(old) | (freed ? HF_LEAF_FREED : 0u);\n"),
]

COUNTS = [
    Fault("a table's refs not taken back", "tables", "leaf.h", "    table_of(entry)->refs--;\n", ""),
    Fault("a run's refs not taken back", "tables", "run.c", "    run->refs -= refs;\n", ""),
    Fault("a page's use not counted", "tables", "leaf.c", "    frame_use(op->frame);\n",
          "    FRAME_ENTRIES[op->frame].type = HF_FRAME_USER;\n"),
    Fault("a page's use counted twice", "tables", "leaf.c", "    frame_use(op->frame);\n",
          "    frame_use(op->frame);\n    frame_use(op->frame);\n"),
    Fault("a pinned frame freed", "tables", "frame.h",
          " || (entry->flags & HF_FRAME_PINNED) || run_in_use", " || run_in_use"),
    Fault("a pinned run freed", "tables", "frame.h",
          "run->refs != 0 || (run->flags & HF_FRAME_PINNED)", "run->refs != 0"),
    Fault("a run FREE that has busy frames", "tables", "frame.h",
          "if (--run->busy == 0 && run->refs == 0)", "if (run->busy--, run->refs == 0)"),
    Fault("SPLIT without refs", "levels", "run.c",
          "    for (unsigned i = 0; i < RUN_FRAMES; i++) FRAME_ENTRIES[first + i].refs++;\n", ""),
    Fault("SPLIT forgets the last frame's ref", "levels", "run.c",
          "i < RUN_FRAMES; i++) FRAME_ENTRIES[first + i].refs++;",
          "i < RUN_FRAMES - 1; i++) FRAME_ENTRIES[first + i].refs++;"),
    Fault("SPLIT keeps the run's ref", "levels", "run.c", "    run->refs--;\n}", "}"),
    Fault("SPLIT forgets the run's tag", "tables", "run.c", ", .tag = run->busy}", "}"),
    Fault("a frame freed while a 2 MiB leaf names it", "levels", "frame.h",
          " || run_in_use(frame_run(frame))) return", ") return"),
    Fault("a frame FREE that keeps its tag", "tables", "frame.h",
          "    FRAME_ENTRIES[frame] = (struct hf_frame_entry){.type = HF_FRAME_FREE};\n",
          "    FRAME_ENTRIES[frame] = (struct hf_frame_entry){.type = HF_FRAME_FREE, "
          ".tag = FRAME_ENTRIES[frame].tag};\n"),
    Fault("what CLEAR freed not told", "tables", "bulk.c",
          "if (leaf_end_use(old)) page->frames[result->detail++] = entry_frame(old);",
          "(void)leaf_end_use(old), (void)page;"),
]

CHECKS = [
    Fault("W and X together", "tables", "leaf.h",
          "        [HF_READ | HF_EXECUTE] = ENTRY_PRESENT | ENTRY_USER,\n",
          "        [HF_READ | HF_EXECUTE] = ENTRY_PRESENT | ENTRY_USER,\n"
          "        [HF_READ | HF_WRITE | HF_EXECUTE] = ENTRY_PRESENT | ENTRY_USER | ENTRY_WRITE,\n"),
    Fault("a leaf that names a table", "tables", "frame.h",
          "return type == HF_FRAME_STAGED || type == HF_FRAME_USER;",
          "return type == HF_FRAME_STAGED || type == HF_FRAME_USER || type == HF_FRAME_PT;"),
    Fault("a table installed where one is", "tables", "table.c",
          "    if (entry_present(*parent.entry)) return HF_EXISTS;\n    unsigned type", "    unsigned type"),
    Fault("a table of a frame that isn't FREE", "tables", "table.c",
          "    if (!frame_is(op->frame, HF_FRAME_FREE)) return HF_BAD_FRAME;\n",
          "    if (!frame_is(op->frame, HF_FRAME_FREE) && !frame_is(op->frame, HF_FRAME_STAGED)) "
          "return HF_BAD_FRAME;\n"),
    Fault("a table removed that has entries", "tables", "table.c",
          "    if (frame_entry(table)->refs != 0) return HF_NOT_EMPTY;\n", ""),
    Fault("an aspace destroyed that has a table", "tables", "aspace.c",
          "if (frame_entry(op->object)->refs != 0 || loaded)", "if (loaded)"),
    Fault("an aspace destroyed that CR3 names", "tables", "aspace.c", " || loaded) return", ") return"),
    Fault("a 2 MiB leaf over the last page", "tables", "walk.h",
          " &&\n           address + level_span(HF_LEVEL_PD) <= HF_USER_END", ""),
    Fault("a frame not zeroed", "tables", "stage.c",
          "        zero_around(frame_pointer(op->object), at, at + op->count);\n", "        (void)at;\n"),
    Fault("a copy from any frame", "tables", "stage.c",
          "    if (!frame_has_content(op->frame) || op->frame == op->object) return HF_BAD_FRAME;\n",
          "    if (op->frame >= frame_limit || op->frame == op->object) return HF_BAD_FRAME;\n"),
    Fault("a run mapped while it is zeroed", "tables", "run.c",
          "run && (run->state == HF_RUN_STAGED ||",
          "run && (run->state == HF_RUN_ZEROING || run->state == HF_RUN_STAGED ||"),
    Fault("a run being zeroed can't be released", "tables", "stage.c",
          "(run->state == HF_RUN_STAGED || run->state == HF_RUN_ZEROING)", "(run->state == HF_RUN_STAGED)"),
    Fault("MAP changes the type before it is refused", "tables", "leaf.c",
          "    if (FRAME_ENTRIES[op->frame].refs == UINT32_MAX) return HF_TOO_BIG;\n",
          "    FRAME_ENTRIES[op->frame].type = HF_FRAME_USER;\n"),
    Fault("a table made before its place is looked at", "tables", "table.c",
          "    if (entry_present(*parent.entry)) return HF_EXISTS;\n"
          "    unsigned type = HF_FRAME_PT + (op->level - HF_LEVEL_PT);\n"
          "    if (!mmu_create(mmu, op->frame, (enum hf_frame_type)type)) return HF_AGAIN;\n",
          "    unsigned type = HF_FRAME_PT + (op->level - HF_LEVEL_PT);\n"
          "    if (!mmu_create(mmu, op->frame, (enum hf_frame_type)type)) return HF_AGAIN;\n"
          "    if (entry_present(*parent.entry)) return HF_EXISTS;\n"),
    Fault("a frame taken before the work is counted", "tables", "mmu.c",
          "    if (!mmu_take_object(mmu, frame)) return NULL;\n    frame_claim(frame, type);\n",
          "    frame_claim(frame, type);\n    if (!mmu_take_object(mmu, frame)) return NULL;\n"),
]

TASKS = [
    Fault("a task in an aspace without a kernel half", "tasks", "runnable.c",
          "return (frame_entry(root)->flags & HF_FRAME_KERNEL_HALF) != 0;",
          "return root != HF_NO_FRAME;"),
    Fault("a buffer not counted", "tasks", "task.c",
          "block->buffer != HF_NO_FRAME) frame_use(block->buffer);",
          "block->buffer != HF_NO_FRAME) FRAME_ENTRIES[block->buffer].type = HF_FRAME_USER;"),
    Fault("a page counted after its last use ended", "tasks", "task.c",
          "if ((fields & HF_TASK_OPERATIONS) && block->operations != HF_NO_FRAME) "
          "frame_use(block->operations);",
          "if (fields & HF_TASK_BUFFER) "
          "result->value[0] = set_page((void **)&task->buffer, block->buffer);\n"
          "    if ((fields & HF_TASK_OPERATIONS) && block->operations != HF_NO_FRAME) "
          "frame_use(block->operations);\n"
          "    fields &= ~(uint64_t)HF_TASK_BUFFER;"),
    Fault("any frame as a buffer", "tasks", "task.c",
          "    if (!frame_has_content(frame)) return HF_BAD_FRAME;\n", ""),
    Fault("a destroyed task keeps its aspace", "tasks", "task.c",
          "    set_aspace(task, HF_NO_FRAME);\n    set_handles", "    set_handles"),
    Fault("a handle table destroyed that a task uses", "tasks", "handle.c",
          "    if (frame_entry(op->object)->refs != 0) return HF_NOT_EMPTY;\n", ""),
    Fault("a running task destroyed", "tasks", "task.c",
          "    if (task->state != HF_TASK_STOPPED) return HF_NOT_READY;\n    if (!mmu_take_entries",
          "    if (!mmu_take_entries"),
]

FAULTS = FLUSHES + COUNTS + CHECKS + TASKS
