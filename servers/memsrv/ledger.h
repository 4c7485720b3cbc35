/* Frames that a task holds, counted by what they are for, and paid for by its quota. */
#pragma once

#include <handoff/mem.h>
#include <handoff/status.h>

#include "quota.h"

enum ledger_kind {
#define X(name, text) LEDGER_##name,
    HF_LEDGER_LIST(X)
#undef X
        LEDGER_KINDS,
    LEDGER_PAID = LEDGER_records, /* those before it hold frames that the quota pays for */
};

enum ledger_fault {
#define X(name, text) FAULT_##name,
    HF_FAULT_KIND_LIST(X)
#undef X
        FAULT_KINDS
};

struct ledger {
    uint64_t held[LEDGER_KINDS]; /* frames; of records bytes */
    uint64_t sum, peak;          /* frames that the quota pays for; without records */
    uint64_t faults[FAULT_KINDS];
    struct quota *quota;
    bool owner;     /* it was made for this task */
    uint64_t leave; /* frames of the quota that are not for it */
};

/* From now on `quota`, of which it becomes a user, pays: as the one for which it was made, or as one that shares it. */
void ledger_open(struct ledger *ledger, struct quota *quota, bool owner);
/* Everything must have been given back. */
void ledger_close(struct ledger *ledger);

/* One FREE frame for the task: HF_QUOTA or HF_NO_MEMORY. And back again, FREE. */
HF_MUST_CHECK hf_status_t ledger_take(struct ledger *ledger, enum ledger_kind kind, hf_frame_t *frame);
void ledger_give(struct ledger *ledger, enum ledger_kind kind, hf_frame_t frame);

/* The same for what lets others go: beyond the quota, and from what memsrv has put by. HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t ledger_take_urgent(struct ledger *ledger, enum ledger_kind kind, hf_frame_t *frame);

/* Pays for so many frames, without taking any, and no longer. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t ledger_pay(struct ledger *ledger, enum ledger_kind kind, uint64_t count);
void ledger_unpay(struct ledger *ledger, enum ledger_kind kind, uint64_t count);

/* Whether it could take so many single frames, and with these have records of so many bytes. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t ledger_has_room(const struct ledger *ledger, uint64_t frames_wanted, uint64_t record_bytes);

/* Mappings that the task doesn't pay for. */
static inline void ledger_share(struct ledger *ledger, uint64_t count) { ledger->held[LEDGER_shared] += count; }
static inline void ledger_unshare(struct ledger *ledger, uint64_t count) { ledger->held[LEDGER_shared] -= count; }

/* A frame that was of one kind is of another. */
static inline void ledger_move(struct ledger *ledger, enum ledger_kind from, enum ledger_kind to) {
    ledger->held[from]--;
    ledger->held[to]++;
}

/* A record of memsrv's about the task; or NULL, and then why: HF_QUOTA, HF_NO_MEMORY. */
struct record_pool;
void *ledger_record(struct ledger *ledger, struct record_pool *pool);
HF_MUST_CHECK hf_status_t ledger_why_no_record(const struct ledger *ledger, const struct record_pool *pool);
void ledger_record_give(struct ledger *ledger, struct record_pool *pool, void *record);
/* So many bytes of records more or less, beyond the quota if need be. */
void ledger_records(struct ledger *ledger, int64_t bytes);

/* Blocks of 2^order frames for tasks, FREE, that somebody pays for. HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t ledger_frames(unsigned order, hf_frame_t *first);
void ledger_frames_give(hf_frame_t first, unsigned order);
/* So many single ones. */
void ledger_frames_give_all(const hf_frame_t frame[], unsigned count);

/* Up to `count` single frames (at most 1 << LEDGER_GROUP), side by side if possible: how many. */
#define LEDGER_GROUP 4u
unsigned ledger_frames_many(hf_frame_t *list, unsigned count);

/* A run in use is 512 frames from now on, each to be given back by itself. HF_OK also when it was so
 * already; HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t ledger_run_split(hf_frame_t run);
/* Whether a run in use was split. */
bool ledger_run_is_split(hf_frame_t run);
/* Gives a whole run back; false when it was split. */
bool ledger_run_give(hf_frame_t run);

/* All frames that all tasks hold. */
uint64_t ledger_total(void);

/* The ledger as it is shown to others. */
struct hf_ledger ledger_show(const struct ledger *ledger, uint64_t ticks);
