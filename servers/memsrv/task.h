/* Tasks, as memsrv knows them: what each consists of, who may name it, and how it ends. */
#pragma once

#include <handoff/mmu.h>
#include <ipc.h>

#include "aspace.h"

enum task_state {
    TASK_FREE, /* the record is nobody's */
    TASK_BUILDING,
    TASK_RUNNING,
    TASK_DYING, /* being taken apart */
    TASK_ENDED, /* nothing is left but why it ended */
};

/* A call to mem_wait that was set aside. */
struct waiter {
    struct waiter *next;
    hf_handle_t reply;
};

/* An endpoint that the task created. */
struct owned {
    struct owned *next;
    hf_frame_t frame;
};

struct task {
    enum task_state state;
    unsigned index;
    uint64_t number; /* never used twice */
    char name[HF_NAME_BYTES];
    struct task *parent, *children, *sibling; /* children: those that have not been waited for */
    struct task *next;                        /* in the queue of those being taken apart */
    hf_frame_t task, handles, buffer;         /* core objects, HF_NO_FRAME for none */
    unsigned priority;
    bool inspect; /* may look at and end others */
    struct aspace aspace;
    struct ledger ledger;
    struct owned *endpoints;
    struct waiter *waiters;
    struct hf_exit exit;
};

/* What a badge of memsrv's endpoint stands for. */
enum badge_kind {
    BADGE_SELF,  /* the task's own handle */
    BADGE_TASK,  /* a handle to another task */
    BADGE_FAULT, /* its exceptions */
};

void task_init(hf_frame_t endpoint);

/* A record with a number and nothing else, or NULL: HF_NO_MEMORY. */
struct task *task_new(struct task *parent);

hf_badge_t task_badge(const struct task *task, enum badge_kind kind);

/* The task of a badge, or NULL when there is none any more. */
struct task *task_of_badge(hf_badge_t badge, enum badge_kind *kind);

struct task *task_by_number(uint64_t number);

/* The first with an index of at least `index` that is not a free record, or NULL. */
struct task *task_from_index(unsigned index);

/* Ends a task in any state, for the reason in its exit record. What it had is given
 * back bit by bit, by task_reap. */
void task_end(struct task *task, const struct hf_exit *why);

/* Takes back at once what a spawn that failed has built. */
void task_abandon(struct task *task);

/* Whether any task is being taken apart, and a bounded part of that work. */
bool task_reaping(void);
void task_reap(void);

/* Sets the call in hand aside until the task has ended, unless it has (`held` says
 * which). HF_NO_MEMORY: it can't be set aside. */
HF_MUST_CHECK hf_status_t task_wait(struct task *task, bool *held);

/* Its exit record has been read: nothing of an ended task is left. */
void task_waited(struct task *task);

/* A new endpoint, which lives as long as the task; and the last one back again. */
HF_MUST_CHECK hf_status_t task_own_endpoint(struct task *task, hf_frame_t *frame);
void task_disown_endpoint(struct task *task);

/* What the core knows about a task right now. */
void task_core_state(const struct task *task, struct hf_task_block *block);

extern hf_frame_t task_endpoint; /* memsrv's */
