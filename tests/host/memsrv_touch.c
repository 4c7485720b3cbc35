#include "memsrv_machine.h"

#include "../../ukernel/ipc.h"
#include "entry.h"
#include "schedule.h"
#include "walk.h"

/* The last entry that a walk reads. */
static uint64_t entry_for(const struct task *task, uint64_t address) {
    uint64_t table = task->cr3 >> HF_PAGE_SHIFT, entry = 0;
    for (unsigned level = HF_LEVEL_PML4; level >= HF_LEVEL_PT; level--) {
        entry = ((const uint64_t *)(const void *)machine_ram[table])[address >> (3 + 9 * level) & 511];
        if (!(entry & 1) || (level < HF_LEVEL_PML4 && (entry & ENTRY_LARGE))) break;
        table = (entry & 0x000ffffffffff000ull) >> HF_PAGE_SHIFT;
    }
    return entry;
}

bool memsrv_touch(struct task *task, uint64_t address, unsigned way, unsigned vector) {
    const uint64_t entry = entry_for(task, address);
    if ((entry & 5) == 5 && (way != 1 || (entry & 2)) && (way != 2 || !(entry >> 63))) {
        return false;
    }
    if (processor.current != task) {
        schedule_remove(task);
        if (processor.current) schedule_ready_first(processor.current);
        processor.current = task;
    }
    task->registers.vector = vector;
    task->registers.error = (entry & 1) | (way == 1 ? 2u : 0) | 4u | (way == 2 ? 16u : 0);
    task->fault_address = address;
    assert_true(ipc_raise(task));
    schedule();
    return true;
}
