/* Frames that a task holds: taken from the allocator, counted by what they are
 * for, and limited by the task's quota. */
#pragma once

#include <handoff/mem.h>
#include <handoff/status.h>

enum ledger_kind {
    LEDGER_PAGES,
    LEDGER_TABLES,
    LEDGER_OBJECTS,
    LEDGER_KINDS,
};

struct ledger {
    uint64_t held[LEDGER_KINDS];
    uint64_t sum, peak;
    uint64_t quota; /* the most that `sum` may be */
    uint64_t faults_zero, faults_image, faults_refused;
};

/* One FREE frame for the task: HF_QUOTA or HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t ledger_take(struct ledger *ledger, enum ledger_kind kind, hf_frame_t *frame);

/* Gives a FREE frame back. */
void ledger_give(struct ledger *ledger, enum ledger_kind kind, hf_frame_t frame);

/* All frames that all tasks hold. */
uint64_t ledger_total(void);

/* The ledger as it is shown to others. */
struct hf_ledger ledger_show(const struct ledger *ledger, uint64_t ticks);
