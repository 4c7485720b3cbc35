#include "state.h"

#include "caches.h"
#include "canon.h"
#include "handle.h"
#include "schedule.h"
#include "../host/machine/control.h"
#include <stdlib.h>
#include <string.h>

#define NOTHING 0xff
#define STALE 0x80 /* the name of an object that is gone */
#define SLOT 1u    /* of a handle table: the one that calls fill */

struct task asker;
struct hf_operation_page asker_page;

static struct task new_task; /* as TASK_CREATE makes one */

struct task *state_task(hf_frame_t frame) {
    return (void *)machine_ram[frame];
}
struct handle *state_handles(hf_frame_t frame) {
    return (void *)machine_ram[frame];
}
uint64_t *state_table(hf_frame_t frame) { return (void *)machine_ram[frame]; }

unsigned state_level(hf_frame_t frame) {
    enum hf_frame_type type = frame_type(frame);
    if (type == HF_FRAME_PML4) return TABLE_LEVELS;
    return type >= HF_FRAME_PT && type <= HF_FRAME_PDPT ? HF_LEVEL_PT + (type - HF_FRAME_PT) : 0;
}

void state_boot(void) {
    struct hf_result result;
    frame_limit = MACHINE_FRAMES;
    for (unsigned i = 0; i < MACHINE_RUN / 2; i++) machine_kernel_half[i] = i % 2 ? 0 : 0x1000ull * (i + 1) | 0x23;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        machine_entries[frame] = (struct hf_frame_entry){.type = HF_FRAME_FREE};
    }
    for (unsigned run = 0; run < MACHINE_RUNS; run++) frame_boot_run(run, run ? HF_RUN_FREE : HF_RUN_SPLIT);
    for (hf_frame_t frame = 0; frame < MACHINE_RUN; frame++) {
        frame_boot_set(frame, frame < MACHINE_CORE ? HF_FRAME_CORE : HF_FRAME_FREE, 0);
    }
    schedule_init(false);
    asker = (struct task){.memory = 1, .operations = &asker_page, .state = HF_TASK_READY};
    const struct hf_operation create = {.code = HF_OP_TASK_CREATE, .object = MACHINE_RUN};
    const struct hf_operation destroy = {.code = HF_OP_TASK_DESTROY, .object = MACHINE_RUN};
    if (mmu_one(&asker, &create, &result) != HF_OK) abort();
    memcpy(&new_task, machine_ram[MACHINE_RUN], sizeof new_task);
    if (mmu_one(&asker, &destroy, &result) != HF_OK) abort();
}

/* ---- Writing ---- */

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

static uint64_t unpack(uint32_t packed, unsigned level) {
    uint64_t entry =
        (packed & 0x3ff) | (uint64_t)(packed >> 10 & 1) << 63 | (uint64_t)(packed >> 11 & 0xfffff) << HF_PAGE_SHIFT;
    return caches_used_entry(entry, level);
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
    put16(out, entry->tag);
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

/* ---- Putting back ---- */

static uint8_t get8(const uint8_t **in) { return *(*in)++; }

static uint16_t get16(const uint8_t **in) {
    uint16_t low = get8(in);
    return (uint16_t)(low | get8(in) << 8);
}

static uint32_t get32(const uint8_t **in) {
    uint32_t word;
    memcpy(&word, *in, sizeof word);
    *in += sizeof word;
    return word;
}

static void *get_name(const uint8_t **in) {
    uint8_t name = get8(in);
    return name == NOTHING ? NULL : machine_ram[name];
}

static uint64_t get_root(const uint8_t **in) {
    uint8_t name = get8(in);
    return name == NOTHING ? 0 : (uint64_t)name << HF_PAGE_SHIFT;
}

static void get_table(const uint8_t **in, hf_frame_t frame, unsigned flags) {
    bool root = frame_is(frame, HF_FRAME_PML4);
    unsigned end = root ? MACHINE_RUN / 2 : MACHINE_RUN;
    if (root) (void)get8(in); /* its flags say the same */
    for (unsigned i = 0; i < end; i++) state_table(frame)[i] = unpack(get32(in), state_level(frame));
    if (!root) return;
    memset(state_table(frame) + end, 0, sizeof machine_kernel_half);
    if (flags & HF_FRAME_KERNEL_HALF) memcpy(state_table(frame) + end, machine_kernel_half, sizeof machine_kernel_half);
}

static hf_serial_t serial_of(hf_frame_t frame) { return 1000000 + frame; }

static void get_task(const uint8_t **in, hf_frame_t frame) {
    struct task *task = state_task(frame);
    memcpy(task, &new_task, sizeof new_task);
    uint8_t state = get8(in);
    task->state = state & 15;
    task->dying = state >> 4;
    task->serial = serial_of(frame);
    task->cr3 = get_root(in);
    struct handle *handles = get_name(in);
    if (handles) task->handles = handles;
    task->buffer = get_name(in);
    task->operations = get_name(in);
    task->registers.rdi = SLOT;
}

static void get_handle(const uint8_t **in, hf_frame_t frame) {
    struct handle *handle = &state_handles(frame)[SLOT];
    uint8_t kind = get8(in), rights = get8(in);
    const void *object = get_name(in);
    handle->kind = kind & ~STALE;
    handle->rights = rights;
    handle->object = (uint64_t)object;
    handle->serial = object && !(kind & STALE) ? serial_of(frame_of(object)) : 0;
}

static void get_queue(const uint8_t **in, struct task_queue *queue, void *at) {
    for (struct task *task = get_name(in); task; task = get_name(in)) {
        queue_append(queue, task);
        task->queued_at = at;
    }
}

static enum machine_page page_of(enum hf_frame_type type) {
    static const uint8_t pages[HF_FRAME_TYPE_COUNT] = {
        [HF_FRAME_RESERVED] = PAGE_SECRET, [HF_FRAME_CORE] = PAGE_SECRET, [HF_FRAME_FREE] = PAGE_SECRET};
    return pages[type] ? pages[type] : PAGE_ZERO;
}

/* A frame of its own. Tasks in queues are linked when all of them are there. */
static const uint8_t *get_frame(const uint8_t **in, hf_frame_t frame) {
    struct hf_frame_entry *entry = &machine_entries[frame];
    uint8_t first = get8(in);
    const uint8_t *queue = NULL;
    *entry = (struct hf_frame_entry){.type = first & 15, .flags = first >> 4};
    machine_paint(frame, page_of(entry->type));
    if (entry->type == HF_FRAME_FREE) return NULL;
    entry->tag = get16(in);
    entry->refs = get8(in);
    if (state_level(frame)) get_table(in, frame, entry->flags);
    if (entry->type == HF_FRAME_TASK) get_task(in, frame);
    if (entry->type == HF_FRAME_HANDLES) get_handle(in, frame);
    if (entry->type == HF_FRAME_ENDPOINT) {
        ((struct endpoint *)(void *)machine_ram[frame])->serial = serial_of(frame);
        queue = *in;
        while (get8(in) != NOTHING) continue;
    }
    if (entry->type >= HF_FRAME_PT) machine_page[frame] = PAGE_WRITTEN;
    return queue;
}

static void get_run(const uint8_t **in, unsigned number, const uint8_t *queues[MACHINE_FRAMES]) {
    struct hf_run_header *run = &machine_headers[number];
    uint8_t first = get8(in);
    *run = (struct hf_run_header){.state = first & 15, .flags = first >> 4};
    run->busy = get16(in);
    run->refs = get8(in);
    for (unsigned i = 0; i < MACHINE_RUN; i++) {
        hf_frame_t frame = number * MACHINE_RUN + i;
        bool filled =
            run->state == HF_RUN_STAGED || run->state == HF_RUN_USER || (run->state == HF_RUN_ZEROING && i < run->busy);
        if (run->state == HF_RUN_SPLIT) {
            queues[frame] = get_frame(in, frame);
        } else {
            machine_entries[frame] = (struct hf_frame_entry){.type = HF_FRAME_FREE};
            machine_paint(frame, filled ? PAGE_ZERO : PAGE_SECRET);
        }
    }
}

static void get_processor(const uint8_t **in) {
    uint64_t root = get_root(in);
    struct task *current = get_name(in);
    memset(&processor, 0, sizeof processor);
    schedule_init(false);
    for (struct task *task = get_name(in); task; task = get_name(in)) schedule_ready(task);
    processor.current = current;
    machine_cr3 = root;
}

void state_load(const uint8_t *bytes) {
    const uint8_t *queues[MACHINE_FRAMES] = {NULL};
    for (unsigned run = 0; run < MACHINE_RUNS; run++) get_run(&bytes, run, queues);
    get_processor(&bytes);
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        struct endpoint *endpoint = (void *)machine_ram[frame];
        if (queues[frame]) get_queue(&queues[frame], &endpoint->receivers, endpoint);
    }
    caches_fill();
}
