/* Frames that play the same part are the same: a state's hash is that of what it looks like
 * with the frames in an order that follows from the parts they play. Two orders for one state
 * cost time, and hide nothing: what is hashed is always a whole state. */
#include "canon.h"

#include "handle.h"
#include "schedule.h"
#include <machine.h>

static uint64_t part[MACHINE_FRAMES], next[MACHINE_FRAMES], part_of_run[MACHINE_RUNS];

static uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t product = (__uint128_t)(a ^ 0x9e3779b97f4a7c15ull) * (b ^ 0xd6e8feb86659fd93ull);
    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ b << 1;
}

/* Whether a frame's place in its run matters: as part of a page of 2 MiB it does. */
static bool is_rigid(unsigned run) {
    return machine_headers[run].state != HF_RUN_SPLIT || machine_headers[run].refs != 0;
}

static void start(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        unsigned number = (unsigned)(frame / MACHINE_RUN);
        const struct hf_run_header *run = &machine_headers[number];
        uint64_t head = mix(run->state | run->flags << 8 | (uint64_t)run->busy << 16, run->refs);
        const struct hf_frame_entry *entry = &machine_entries[frame];
        part[frame] = mix(head, is_rigid(number) ? frame % MACHINE_RUN + 1 : 0);
        if (run->state != HF_RUN_SPLIT) continue;
        part[frame] = mix(part[frame], entry->type | entry->flags << 8);
        part[frame] = mix(part[frame], entry->refs);
        if (machine_cr3 >> HF_PAGE_SHIFT == frame && frame) part[frame] += 77;
    }
}

static void relate(hf_frame_t from, hf_frame_t to, uint64_t how) {
    if (to >= MACHINE_FRAMES) return;
    next[from] += mix(part[to], how);
    next[to] += mix(part[from], how + 0x100000000ull);
}

static void relate_object(hf_frame_t from, const void *object, uint64_t how) {
    if (object && object != handle_none) relate(from, frame_of(object), how);
}

static void relate_table(hf_frame_t table) {
    unsigned end = frame_is(table, HF_FRAME_PML4) ? MACHINE_RUN / 2 : MACHINE_RUN;
    for (unsigned slot = 0; slot < end; slot++) {
        uint64_t entry = state_table(table)[slot];
        uint64_t how = mix(slot, (entry & 0x39f) | entry >> 63 << 10);
        if (!(entry & ENTRY_PRESENT)) continue;
        relate(table, (entry & ENTRY_ADDRESS) >> HF_PAGE_SHIFT, how);
        next[table] += how;
    }
}

static void relate_task(hf_frame_t frame) {
    const struct task *task = state_task(frame);
    if (task->cr3) relate(frame, task->cr3 >> HF_PAGE_SHIFT, 1);
    relate_object(frame, task->handles, 2);
    relate_object(frame, task->buffer, 3);
    relate_object(frame, task->operations, 4);
    next[frame] += mix(task->state, task == processor.current);
}

static void relate_queue(const struct task_queue *queue, uint64_t base) {
    for (const struct task *task = queue->first; task; task = task->next) next[frame_of(task)] += mix(++base, 5);
}

static void relate_frame(hf_frame_t frame) {
    enum hf_frame_type type = frame_type(frame);
    const struct handle *handle = &state_handles(frame)[1];
    if (state_level(frame)) relate_table(frame);
    if (type == HF_FRAME_TASK) relate_task(frame);
    if (type == HF_FRAME_HANDLES && handle->kind) relate_object(frame, (void *)handle->object, 6u + handle->rights);
    if (type == HF_FRAME_ENDPOINT)
        relate_queue(&((struct endpoint *)(void *)machine_ram[frame])->receivers, part[frame]);
}

static void relate_all(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) next[frame] = mix(part[frame], 8);
    for (unsigned run = 0; run < MACHINE_RUNS; run++) {
        uint64_t sum = run == 0;
        for (unsigned i = 0; i < MACHINE_RUN; i++) sum += mix(part[run * MACHINE_RUN + i], 9);
        part_of_run[run] = sum;
        for (unsigned i = 0; i < MACHINE_RUN; i++) next[run * MACHINE_RUN + i] += sum;
        if (machine_headers[run].state != HF_RUN_SPLIT) continue;
        for (unsigned i = 0; i < MACHINE_RUN; i++) relate_frame(run * MACHINE_RUN + i);
    }
    relate_queue(&processor.ready[0], 100);
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) part[frame] = next[frame];
}

static void sort(uint8_t *items, unsigned count, const uint64_t *keys) {
    for (unsigned i = 1; i < count; i++) {
        uint8_t item = items[i];
        unsigned at = i;
        for (; at > 0 && keys[items[at - 1]] > keys[item]; at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

#define ROUNDS 3

static void settle(void) {
    for (unsigned round = 0; round < ROUNDS; round++) relate_all();
}

/* A frame in use that plays the same part as another one of its run, or MACHINE_FRAMES. */
static hf_frame_t find_twin(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (frame_is(frame, HF_FRAME_FREE) || frame_is(frame, HF_FRAME_CORE) ||
            is_rigid((unsigned)(frame / MACHINE_RUN)))
            continue;
        for (hf_frame_t other = frame + 1; other % MACHINE_RUN != 0; other++) {
            if (part[other] == part[frame]) return frame;
        }
    }
    return MACHINE_FRAMES;
}

/* Of twins one is made the first, whichever, so that what they relate to has an order too. */
static void tell_twins_apart(void) {
    for (hf_frame_t twin = find_twin(); twin < MACHINE_FRAMES; twin = find_twin()) {
        part[twin] = mix(part[twin], 10);
        settle();
    }
}

void canon_order(uint8_t order[MACHINE_FRAMES], uint8_t label[MACHINE_FRAMES]) {
    uint8_t runs[MACHINE_RUNS];
    start();
    settle();
    tell_twins_apart();
    for (unsigned run = 0; run < MACHINE_RUNS; run++) runs[run] = (uint8_t)run;
    sort(runs + 1, MACHINE_RUNS - 1, part_of_run); /* the first has the core's frames */
    for (unsigned i = 0; i < MACHINE_FRAMES; i++)
        order[i] = (uint8_t)(runs[i / MACHINE_RUN] * MACHINE_RUN + i % MACHINE_RUN);
    for (unsigned place = 0; place < MACHINE_RUNS; place++) {
        if (!is_rigid(runs[place])) sort(&order[place * MACHINE_RUN], MACHINE_RUN, part);
    }
    for (unsigned i = 0; i < MACHINE_FRAMES; i++) label[order[i]] = (uint8_t)i;
}

uint64_t canon_hash(const uint8_t *bytes, size_t count) {
    uint64_t hash = count;
    for (; count >= 8; count -= 8, bytes += 8) {
        uint64_t word;
        __builtin_memcpy(&word, bytes, 8);
        hash = mix(hash + 0x2545f4914f6cdd1dull, word);
    }
    for (; count > 0; count--) hash = mix(hash, *bytes++);
    return hash ? hash : 1;
}
