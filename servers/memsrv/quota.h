/* Who may use how much. A quota is frames that were put by, out of its parent's, for a task
 * and for all of its descendants that have none of their own. The root is the whole machine's.
 * When the task for which a quota was made ends, so do all that live on it. */
#pragma once

#include <handoff/status.h>
#include <handoff/types.h>
#include <stdbool.h>
#include <stdint.h>

struct task;

struct quota {
    struct quota *parent; /* NULL: the root */
    uint64_t limit;       /* frames */
    uint64_t used;        /* of these, with what is put by for children */
    uint64_t record_bytes;
    uint64_t users;       /* tasks and objects that use it, and children */
    unsigned held;        /* calls that memsrv has set aside for them */
    struct task *members; /* who share it, and for whom a part of it was put by */
};

/* The machine's, of so many frames; whoever gets it is a user of it. NULL: HF_NO_MEMORY. */
struct quota *quota_root(uint64_t frames);

/* Puts `limit` frames by. HF_QUOTA: the parent hasn't so many left; HF_NO_MEMORY also when
 * that is the machine. `leave`: see quota_take. */
HF_MUST_CHECK hf_status_t quota_make(struct quota *parent, uint64_t limit, uint64_t leave, struct quota **made);

/* One user more, and one less; with the last one it goes back to its parent. */
struct quota *quota_share(struct quota *quota);
void quota_leave(struct quota *quota);

/* Tasks that share a quota with the one that it was made for leave it so many frames. */
uint64_t quota_kept(const struct quota *quota);

/* Uses so many frames, and leaves at least `leave`. HF_QUOTA, or HF_NO_MEMORY of the root. */
HF_MUST_CHECK hf_status_t quota_short(const struct quota *quota);
static inline hf_status_t quota_take(struct quota *quota, uint64_t frames, uint64_t leave) {
    if (frames > quota->limit || quota->used + leave > quota->limit - frames) return quota_short(quota);
    quota->used += frames;
    return HF_OK;
}
static inline void quota_give(struct quota *quota, uint64_t frames) { quota->used -= frames; }

/* Whether there is room for records of so many bytes; or for those by which something will be freed, which
 * may go a frame beyond the limit. And that many more, or less, whether there is room or not. */
HF_MUST_CHECK hf_status_t quota_room(const struct quota *quota, uint64_t bytes, uint64_t leave);
HF_MUST_CHECK hf_status_t quota_room_to_free(const struct quota *quota, uint64_t bytes);
void quota_records(struct quota *quota, int64_t bytes);
