/* Objects and pagers: what a task has made that pages of others come from. They are named by badges,
 * as tasks are. */
#pragma once

#include "task.h"

struct source {
    enum badge_kind kind; /* BADGE_OBJECT, BADGE_PAGER */
    unsigned index;
    uint64_t number;                /* never used twice, by a task neither */
    struct task *owner;             /* the process that made it; NULL: it has ended */
    struct source *next, *previous; /* of the same owner */
    uint64_t mapped;                /* pages of it in regions, of all processes: bytes could overflow */
};

/* Makes it known, as the process's. False: HF_NO_MEMORY. */
bool source_add(struct source *source, enum badge_kind kind, struct task *owner);
/* Its owner has ended. And: it is gone, and its badges name nothing. */
void source_disown(struct source *source);
void source_remove(struct source *source);

/* What a badge names, or NULL when there is none any more. */
struct source *source_of_badge(hf_badge_t badge);

/* A handle to it in the table of `process`, with rights for an object's pages (enum hf_rights).
 * HF_NO_MEMORY: that is full. */
HF_MUST_CHECK hf_status_t source_put_handle(const struct task *process, const struct source *source, unsigned rights,
                                            unsigned *slot);

/* The process ends: so does the ownership of what it has made. True when nothing is left. */
bool source_leave_all(struct task *process, int *cost);
