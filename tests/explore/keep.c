/* Keeping the machine while calls are tried on it. */
#include "canon.h"
#include "caches.h"
#include "schedule.h"
#include <string.h>

#define PREFIX 64u /* bytes of a frame that is no task in which something is kept */

static struct {
    uint8_t ram[MACHINE_FRAMES][HF_PAGE_SIZE];
    uint8_t page[MACHINE_FRAMES];
    struct hf_run_header headers[MACHINE_RUNS];
    struct hf_frame_entry entries[MACHINE_FRAMES];
    struct processor processor;
    uint64_t cr3;
} kept;
static enum hf_frame_type kept_types[MACHINE_FRAMES];

enum hf_frame_type state_kept_type(hf_frame_t frame) { return kept_types[frame]; }

uint16_t state_kept_tag(hf_frame_t frame) {
    const struct hf_run_header *run = &kept.headers[frame / MACHINE_RUN];
    if (run->state == HF_RUN_SPLIT) return kept.entries[frame].tag;
    return run->state == HF_RUN_STAGED || run->state == HF_RUN_USER ? run->busy : 0;
}

bool state_kept_pin(hf_frame_t frame, unsigned extent) {
    const struct hf_run_header *run = &kept.headers[frame / MACHINE_RUN];
    if (extent == HF_WHOLE_RUN) return run->flags & HF_FRAME_PINNED;
    return run->state == HF_RUN_SPLIT && kept_types[frame] == HF_FRAME_USER &&
           (kept.entries[frame].flags & HF_FRAME_PINNED);
}

static size_t bytes_of(hf_frame_t frame, bool all) {
    if (all) return HF_PAGE_SIZE;
    return kept_types[frame] == HF_FRAME_TASK ? offsetof(struct task, fpu) : PREFIX;
}

/* Only the queue of the lowest priority is ever used. */
#define PROCESSOR_BYTES offsetof(struct processor, ready[1])

/* Frames in which something can be written without machine_page telling. */
static uint8_t watched[MACHINE_FRAMES];
static unsigned watched_count;

void state_keep(bool all) {
    watched_count = 0;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        kept_types[frame] = frame_type(frame);
        memcpy(kept.ram[frame], machine_ram[frame], bytes_of(frame, all));
        if (kept_types[frame] >= HF_FRAME_PT) watched[watched_count++] = (uint8_t)frame;
    }
    memcpy(kept.page, machine_page, sizeof kept.page);
    memcpy(kept.headers, machine_headers, sizeof kept.headers);
    memcpy(kept.entries, machine_entries, sizeof kept.entries);
    kept.processor = processor;
    kept.cr3 = machine_cr3;
}

static uint64_t word_at(const void *bytes, size_t at) {
    uint64_t word;
    __builtin_memcpy(&word, (const uint8_t *)bytes + at, sizeof word);
    return word;
}

static inline bool differ(const void *a, const void *b, size_t count) {
    uint64_t difference = 0;
    for (size_t at = 0; at < count; at += sizeof difference) difference |= word_at(a, at) ^ word_at(b, at);
    return difference != 0;
}

static bool all_changed(void) {
    return memcmp(kept.ram, machine_ram, sizeof kept.ram) != 0 ||
           memcmp(&kept.processor, &processor, sizeof processor) != 0;
}

bool state_changed(bool all) {
    bool changed = differ(kept.headers, machine_headers, sizeof kept.headers) ||
                   differ(kept.entries, machine_entries, sizeof kept.entries) ||
                   memcmp(kept.page, machine_page, sizeof kept.page) != 0 || kept.cr3 != machine_cr3 ||
                   kept.processor.current != processor.current || kept.processor.top != processor.top ||
                   kept.processor.ready[0].first != processor.ready[0].first;
    for (unsigned i = 0; i < watched_count && !changed; i++) {
        hf_frame_t frame = watched[i];
        changed = kept_types[frame] == HF_FRAME_TASK
                      ? memcmp(kept.ram[frame], machine_ram[frame], offsetof(struct task, fpu)) != 0
                      : differ(kept.ram[frame], machine_ram[frame], PREFIX);
    }
    return changed || (all && all_changed());
}

void state_return(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (machine_page[frame] != kept.page[frame] && kept.page[frame] != PAGE_WRITTEN) {
            machine_paint(frame, kept.page[frame]);
        }
        machine_page[frame] = kept.page[frame];
        memcpy(machine_ram[frame], kept.ram[frame], bytes_of(frame, false));
    }
    memcpy(machine_headers, kept.headers, sizeof kept.headers);
    memcpy(machine_entries, kept.entries, sizeof kept.entries);
    memcpy(&processor, &kept.processor, PROCESSOR_BYTES);
    machine_cr3 = kept.cr3;
    if (caches_used()) caches_fill();
}
