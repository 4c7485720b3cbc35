#include "bytes.h"
#include "canon.h"
#include "handle.h"
#include "schedule.h"
#include "../host/machine/control.h"
#include <string.h>

struct writer {
    uint8_t *at;
    const uint8_t *label; /* what each frame is called */
};

static void put8(struct writer *out, uint64_t value) { *out->at++ = (uint8_t)value; }

static void put16(struct writer *out, uint64_t value) {
    put8(out, value);
    put8(out, value >> 8);
}

static void put32(struct writer *out, uint64_t value) {
    uint32_t word = (uint32_t)value;
    memcpy(out->at, &word, sizeof word);
    out->at += sizeof word;
}

static uint8_t frame_label(const struct writer *out, hf_frame_t frame) {
    return frame < MACHINE_FRAMES ? out->label[frame] : NOTHING;
}

/* 10 bits of flags, one for NX, 20 for the frame, and one for bits that no entry should have. */
static uint32_t pack(const struct writer *out, uint64_t entry) {
    uint64_t frame = (entry & ENTRY_ADDRESS) >> HF_PAGE_SHIFT;
    uint64_t flags = entry & 0x3ff & ~(ENTRY_ACCESSED | ENTRY_DIRTY);
    bool odd = (entry & ~(ENTRY_NX | ENTRY_ADDRESS | 0x3ff)) || frame >> 20;
    if (frame < MACHINE_FRAMES && (flags & ENTRY_PRESENT)) frame = out->label[frame];
    return (uint32_t)(flags | (entry >> 63) << 10 | (frame & 0xfffff) << 11 | (uint64_t)odd << 31);
}

static void put_table(struct writer *out, hf_frame_t frame) {
    bool root = frame_is(frame, HF_FRAME_PML4);
    unsigned end = root ? MACHINE_RUN / 2 : MACHINE_RUN;
    if (root) put8(out, memcmp(state_table(frame) + end, machine_kernel_half, sizeof machine_kernel_half) == 0);
    for (unsigned i = 0; i < end; i++) put32(out, pack(out, state_table(frame)[i]));
}

static void put_name(struct writer *out, const void *object) {
    put8(out, object ? frame_label(out, frame_of(object)) : NOTHING);
}

static void put_task(struct writer *out, const struct task *task) {
    put8(out, task->state | task->dying << 4);
    put8(out, task->cr3 ? frame_label(out, task->cr3 >> HF_PAGE_SHIFT) : NOTHING);
    put_name(out, task->handles == handle_none ? NULL : task->handles);
    put_name(out, task->buffer);
    put_name(out, task->operations);
}

static void put_handle(struct writer *out, const struct handle *handle) {
    const struct endpoint *endpoint = endpoint_of(handle);
    bool named = handle->kind == HF_HANDLE_ENDPOINT;
    put8(out, handle->kind | (named && !endpoint_alive(endpoint, handle->serial) ? STALE : 0));
    put8(out, handle->rights);
    put_name(out, named ? endpoint : NULL);
}

static void put_queue(struct writer *out, const struct task_queue *queue) {
    for (const struct task *task = queue->first; task; task = task->next) put_name(out, task);
    put8(out, NOTHING);
}

static void put_frame(struct writer *out, hf_frame_t frame) {
    const struct hf_frame_entry *entry = &machine_entries[frame];
    put8(out, entry->type | entry->flags << 4);
    if (entry->type == HF_FRAME_FREE) return;
    put8(out, entry->refs);
    if (state_level(frame)) put_table(out, frame);
    if (entry->type == HF_FRAME_TASK) put_task(out, state_task(frame));
    if (entry->type == HF_FRAME_HANDLES) put_handle(out, &state_handles(frame)[SLOT]);
    if (entry->type == HF_FRAME_ENDPOINT) put_queue(out, &((struct endpoint *)(void *)machine_ram[frame])->receivers);
}

/* Runs and frames in this order, and called by these labels. */
static size_t write_state(uint8_t *bytes, const uint8_t order[MACHINE_FRAMES], const uint8_t label[MACHINE_FRAMES]) {
    struct writer out = {bytes, label};
    for (unsigned place = 0; place < MACHINE_FRAMES; place += MACHINE_RUN) {
        const struct hf_run_header *run = &machine_headers[order[place] / MACHINE_RUN];
        put8(&out, run->state | run->flags << 4);
        put16(&out, run->busy);
        put8(&out, run->refs);
        for (unsigned i = place; run->state == HF_RUN_SPLIT && i < place + MACHINE_RUN; i++) put_frame(&out, order[i]);
    }
    put8(&out, machine_cr3 ? frame_label(&out, machine_cr3 >> HF_PAGE_SHIFT) : NOTHING);
    put_name(&out, processor.current);
    put_queue(&out, &processor.ready[0]);
    return (size_t)(out.at - bytes);
}

size_t state_save(uint8_t bytes[STATE_BYTES]) {
    static uint8_t same[MACHINE_FRAMES];
    for (unsigned i = 0; i < MACHINE_FRAMES; i++) same[i] = (uint8_t)i;
    return write_state(bytes, same, same);
}

uint64_t state_hash(void) {
    uint8_t bytes[STATE_BYTES], order[MACHINE_FRAMES], label[MACHINE_FRAMES];
    canon_order(order, label);
    return canon_hash(bytes, write_state(bytes, order, label));
}
