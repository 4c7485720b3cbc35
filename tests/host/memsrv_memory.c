#include "memsrv_memory.h"

#include "frame.h"
#include <string.h>

/* Of memsrv's own, which its headers would declare along with names that the core has too. */
uint64_t own_spares(void);

#define LARGE 0x80u
#define FRAME_BITS 0x000ffffffffff000ull

/* ---- entries ---- */

static uint64_t entry_at(const struct task *task, uint64_t address, unsigned *level) {
    uint64_t entry = task->cr3;
    for (*level = HF_LEVEL_PML4; *level >= HF_LEVEL_PT; --*level) {
        const uint64_t *table = (const void *)machine_ram[(entry & FRAME_BITS) >> HF_PAGE_SHIFT];
        entry = table[address >> (3 + 9 * *level) & 511];
        if (!(entry & 1)) return 0;
        if (*level == HF_LEVEL_PT || (*level == HF_LEVEL_PD && (entry & LARGE))) break;
    }
    return entry;
}

uint64_t memory_entry(const struct task *task, uint64_t address) {
    unsigned level;
    return entry_at(task, address, &level);
}

bool memory_is_large(const struct task *task, uint64_t address) {
    unsigned level;
    return entry_at(task, address, &level) && level == HF_LEVEL_PD;
}

bool memory_is_writable(const struct task *task, uint64_t address) { return memory_entry(task, address) & 2; }

hf_frame_t memory_frame(const struct task *task, uint64_t address) {
    unsigned level;
    uint64_t entry = entry_at(task, address, &level);
    if (!entry) return HF_NO_FRAME;
    hf_frame_t frame = (entry & FRAME_BITS) >> HF_PAGE_SHIFT;
    return level == HF_LEVEL_PD ? frame + (address >> HF_PAGE_SHIFT) % HF_RUN_FRAMES : frame;
}

/* ---- contents ---- */

unsigned memory_faults;

static uint8_t *touched(struct task *task, uint64_t address, bool write) {
    while (script_touch(task, address, write)) {
        memory_faults++;
        assert_true(memory_faults < 100000);
        script_settle();
        assert_int_equal(task->state, HF_TASK_READY);
    }
    return machine_ram[memory_frame(task, address)] + address % PAGE;
}

uint8_t memory_read(struct task *task, uint64_t address) { return *touched(task, address, false); }

void memory_write(struct task *task, uint64_t address, uint8_t byte) { *touched(task, address, true) = byte; }

/* ---- tasks ---- */

struct hf_task_stat memory_stat(struct task *task) {
    struct hf_task_stat stat;
    assert_int_equal(ASK(task, .label = HF_MEM_TASK_STAT), HF_OK);
    memcpy(&stat, task->buffer->bytes, sizeof stat);
    return stat;
}

struct hf_ledger memory_ledger(struct task *task) {
    return memory_stat(task).info.ledger;
}

struct task *memory_fork(struct task *task, hf_handle_t *handle) {
    assert_int_equal(ASK(task, FORK), HF_OK);
    *handle = (hf_handle_t)script_word(task, 0);
    return script_task(script_word(task, 1));
}

void memory_end(struct task *maker, hf_handle_t handle) {
    struct hf_ledger left = script_kill(maker, handle).left;
    assert_int_equal(left.pages + left.shared + left.tables + left.objects + left.records, 0);
}

/* ---- books ---- */

void memory_books(void) {
    uint64_t sums[HF_FRAME_TYPE_COUNT] = {0};
    const char *wrong = world_broken();
    if (wrong) fail_msg("%s", wrong);
    frame_sum(sums);
    assert_int_equal(sums[HF_FRAME_FREE], script_free() + own_spares() + memsrv_first_frames());
}

void memory_go(unsigned times) {
    for (unsigned i = 0; i < times; i++) {
        script_go();
    }
}
