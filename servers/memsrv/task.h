/* Tasks, as memsrv knows them: what each consists of, who may name it, and how it ends.
 *
 * The first task of an address space is called its process, and has what all of them
 * share; the others are its threads. */
#pragma once

#include <handoff/mmu.h>
#include <ipc.h>

#include "aspace.h"
#include "hold.h"
#include "pager.h"
#include "place.h"
#include "work.h"

enum task_state {
    TASK_BUILDING,
    TASK_RUNNING,
    TASK_DYING, /* being taken apart */
    TASK_ENDED, /* nothing is left but why it ended */
};

/* An endpoint that a task created. */
struct owned {
    struct owned *next;
    hf_frame_t frame;
};

struct task {
    enum task_state state;
    unsigned index;
    uint64_t number; /* never used twice */
    char name[HF_NAME_BYTES];
    struct task *parent, *children; /* children: those that have not been waited for ... */
    struct task *sibling, *elder;   /* ... with the one before and after */
    struct task *next;              /* in the queue of those being taken apart */
    struct task *same_number;       /* in the table of numbers */
    struct task *process;           /* itself, unless it is a thread */
    hf_frame_t task, buffer;        /* HF_NO_FRAME for none, here and below */
    uint64_t buffer_address;
    hf_serial_t serial;       /* by which the core names it in messages */
    struct task *same_serial; /* in the table of serials */
    unsigned priority;
    struct held held;           /* its call or fault, while memsrv keeps it */
    struct hf_message request;  /* what it asks for, while others of its process are served ... */
    hf_badge_t badge;           /* ... and by which handle */
    char wanted[HF_NAME_BYTES]; /* the name that it waits for */
    struct waiters waiters;     /* those that wait for its end */
    struct hf_exit exit;
    struct quota *payer; /* of this record, until the end is known: its maker's */

    hf_frame_t run; /* a page of 2 MiB on its way, for run_address (large.c); HF_NO_FRAME for none */
    uint64_t run_address;
    bool small_next;      /* there was none to be had: the next time 4 KiB do */
    uint64_t stack_down;  /* the lowest page of its stack that came by the last fault there ... */
    unsigned stack_pages; /* ... with so many others (around.c) */
    struct asked asked;   /* its fault, while an external pager is asked (pager.c) */

    /* Of a process only. */
    struct task *threads;
    struct task *next_thread, *previous_thread; /* of a thread */
    uint64_t thread_count;
    bool inspect; /* may look at and end others */
    hf_frame_t handles;
    struct quota *member_of; /* the quota on which it lives: the one that its own was put by from */
    struct task *next_member, *previous_member;
    struct place place;
    struct aspace aspace;
    struct ledger ledger;
    struct owned *endpoints;
    struct name *names;
    struct source *sources;   /* objects and pagers that it has made */
    struct pager *pager;      /* that serves all its faults, or NULL */
    struct work work;         /* on its address space */
    struct waiters parked;    /* those whose requests wait for that */
    struct task *next_worked; /* in the queue of those with either */
};

/* What a badge of memsrv's endpoint stands for. */
enum badge_kind {
    BADGE_SELF,   /* a process: its own handle */
    BADGE_TASK,   /* a handle to another task */
    BADGE_FAULT,  /* its exceptions */
    BADGE_WORKER, /* memsrv's worker */
    BADGE_OBJECT,
    BADGE_PAGER,
    BADGE_KINDS,
};

/* A badge: kind in bits 0-3, rights of an object in 4-7, index in 8-27, number above. */
#define BADGE_RIGHTS_SHIFT 4
#define BADGE_INDEX_SHIFT 8
#define BADGE_NUMBER_SHIFT 28

static inline enum badge_kind badge_kind(hf_badge_t badge) { return (enum badge_kind)(badge & 15); }
static inline unsigned badge_rights(hf_badge_t badge) { return (unsigned)(badge >> BADGE_RIGHTS_SHIFT) & 15; }
static inline unsigned badge_index(hf_badge_t badge) { return (unsigned)(badge >> BADGE_INDEX_SHIFT) & 0xfffff; }
static inline uint64_t badge_number(hf_badge_t badge) { return badge >> BADGE_NUMBER_SHIFT; }
static inline hf_badge_t badge_make(uint64_t number, unsigned index, unsigned rights, enum badge_kind kind) {
    return number << BADGE_NUMBER_SHIFT | (uint64_t)index << BADGE_INDEX_SHIFT | rights << BADGE_RIGHTS_SHIFT | kind;
}

void task_init(hf_frame_t endpoint);

/* A record with a number and nothing else, which its parent's quota pays for; NULL: HF_QUOTA or
 * HF_NO_MEMORY, see task_why_not. */
struct task *task_new(struct task *parent);
HF_MUST_CHECK hf_status_t task_why_not(const struct task *parent);

/* A number that nothing has had before. */
uint64_t task_next_number(void);

/* The record is nobody's from now on. */
void task_free(struct task *task);

/* The process lives on a quota, and no longer. */
void task_join(struct task *process, struct quota *quota);
void task_resign(struct task *process);

/* It belongs to no parent any more. */
void task_leave_parent(struct task *task);

hf_badge_t task_badge(const struct task *task, enum badge_kind kind);

/* The task of a badge, or NULL when there is none any more. */
struct task *task_of_badge(hf_badge_t badge);

/* From now on the core's serial leads to the task. */
void task_set_serial(struct task *task, hf_serial_t serial);

/* The task that the core calls so, or NULL. */
struct task *task_of_serial(hf_serial_t serial);

struct task *task_by_number(uint64_t number);

/* The first with an index of at least *index, which becomes its own. NULL: there is none among the next
 * TASK_SCAN indexes; *index is where to go on, or 0 after the last one of all. */
#define TASK_SCAN 512u
struct task *task_from_index(unsigned *index);

/* A handle to `made`, in the table of `process`. HF_NO_MEMORY: that is full. */
HF_MUST_CHECK hf_status_t task_put_handle(const struct task *process, const struct task *made, unsigned *slot);

/* A new endpoint, which lives as long as the process; and the last one back again. */
HF_MUST_CHECK hf_status_t task_own_endpoint(struct task *process, hf_frame_t *frame);
void task_disown_endpoint(struct task *process);

/* Gives the first of the endpoints back, or a part of it; false when there is none. */
bool task_reap_endpoint(struct task *process);

/* What the core knows about a task right now. */
void task_core_state(const struct task *task, struct hf_task_block *block);

extern hf_frame_t task_endpoint; /* memsrv's */
