/* Tasks, as memsrv knows them: what each consists of, who may name it, and how it ends.
 *
 * The first task of an address space is called its process, and has what all of them
 * share; the others are its threads. */
#pragma once

#include <handoff/mmu.h>
#include <ipc.h>

#include "aspace.h"
#include "hold.h"
#include "work.h"

enum task_state {
    TASK_FREE, /* the record is nobody's */
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
    struct task *parent, *children, *sibling; /* children: those that have not been waited for */
    struct task *next;                        /* in the queue of those being taken apart */
    struct task *process;                     /* itself, unless it is a thread */
    hf_frame_t task, buffer;                  /* HF_NO_FRAME for none, here and below */
    uint64_t buffer_address;
    hf_serial_t serial;       /* by which the core names it in messages */
    struct task *same_serial; /* in the table of serials */
    unsigned priority;
    struct held held;           /* its call, while memsrv keeps it */
    struct hf_message request;  /* what it asks for, while others of its process are served */
    char wanted[HF_NAME_BYTES]; /* the name that it waits for */
    struct task *waiters;       /* those that wait for its end */
    struct hf_exit exit;

    /* Of a process only. */
    struct task *threads, *next_thread; /* next_thread: of a thread */
    bool inspect;                       /* may look at and end others */
    hf_frame_t handles;
    struct aspace aspace;
    struct ledger ledger;
    struct owned *endpoints;
    struct name *names;
    struct work work;         /* on its address space */
    struct task *parked;      /* those whose requests wait for that */
    struct task *next_worked; /* in the queue of those with either */
};

/* What a badge of memsrv's endpoint stands for. */
enum badge_kind {
    BADGE_SELF,  /* a process: its own handle */
    BADGE_TASK,  /* a handle to another task */
    BADGE_FAULT, /* its exceptions */
};

void task_init(hf_frame_t endpoint);

/* A record with a number and nothing else, or NULL: HF_NO_MEMORY. */
struct task *task_new(struct task *parent);

/* The record is nobody's from now on. */
void task_free(struct task *task);

/* It belongs to no parent any more. */
void task_leave_parent(struct task *task);

hf_badge_t task_badge(const struct task *task, enum badge_kind kind);

/* The task of a badge, or NULL when there is none any more. */
struct task *task_of_badge(hf_badge_t badge, enum badge_kind *kind);

/* From now on the core's serial leads to the task. */
void task_set_serial(struct task *task, hf_serial_t serial);

/* The task that the core calls so, or NULL. */
struct task *task_of_serial(hf_serial_t serial);

struct task *task_by_number(uint64_t number);

/* The first with an index of at least `index` that is not a free record, or NULL. */
struct task *task_from_index(unsigned index);

/* A new endpoint, which lives as long as the process; and the last one back again. */
HF_MUST_CHECK hf_status_t task_own_endpoint(struct task *process, hf_frame_t *frame);
void task_disown_endpoint(struct task *process);

/* Gives the first of the endpoints back, or a part of it; false when there is none. */
bool task_reap_endpoint(struct task *process);

/* What the core knows about a task right now. */
void task_core_state(const struct task *task, struct hf_task_block *block);

extern hf_frame_t task_endpoint; /* memsrv's */
