#include "bytes.h"
#include "caches.h"
#include "handle.h"
#include "schedule.h"
#include "../host/machine/control.h"
#include <string.h>

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

static uint64_t unpack(uint32_t packed, unsigned level) {
    uint64_t entry =
        (packed & 0x3ff) | (uint64_t)(packed >> 10 & 1) << 63 | (uint64_t)(packed >> 11 & 0xfffff) << HF_PAGE_SHIFT;
    return caches_used_entry(entry, level);
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
    memcpy(task, &state_new_task, sizeof state_new_task);
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

/* Neither 0 nor a count, and another one for each frame; the core's own have none. */
static uint16_t tag_of(hf_frame_t frame, enum hf_frame_type type) {
    return type == HF_FRAME_CORE || type == HF_FRAME_FREE ? 0 : (uint16_t)(0x8000 + frame);
}

/* A frame of its own. Tasks in queues are linked when all of them are there. */
static const uint8_t *get_frame(const uint8_t **in, hf_frame_t frame) {
    struct hf_frame_entry *entry = &machine_entries[frame];
    uint8_t first = get8(in);
    const uint8_t *queue = NULL;
    *entry = (struct hf_frame_entry){.type = first & 15, .flags = first >> 4};
    machine_paint(frame, page_of(entry->type));
    if (entry->type == HF_FRAME_FREE) return NULL;
    entry->tag = tag_of(frame, entry->type);
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
