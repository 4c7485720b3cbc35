/* The declared set of calls: all that can be asked in a state, with every argument of sets that
 * hold every boundary. Only names that mean the same are left out: of the FREE frames of a run one
 * is as good as another, and of the runs that are FREE altogether too. */
#pragma once

#include <handoff/mmu.h>
#include <stdbool.h>

/* Which part of the declared set is explored, since not all of it fits into every machine. */
#define CALLS_ALL 1    /* everything */
#define CALLS_MEMORY 2 /* nothing about tasks, handle tables and endpoints */
#define CALLS_USERS \
    3 /* at most one task and one handle table, which is empty; pages at one address of each size,
                          as writable ones, but for what CLONE makes of them; no devices */
#ifndef EXPLORE_CALLS
#define EXPLORE_CALLS CALLS_ALL
#endif

/* X(name, text) */
#define CALL_HOW_LIST(X) \
    X(ASKED, "") \
    X(TIRED, " after 16 operations that took a page each") \
    X(SHORT, " after 15 operations that took a page each") \
    X(BY_ITSELF, " by the task itself") \
    X(LOAD, "the processor loads the aspace") \
    X(SCHEDULE, "the processor chooses a task, and loads its aspace") \
    X(YIELD, "the running task gives the processor away") \
    X(RECEIVE, "the running task receives at its endpoint")

enum call_how {
#define X(name, text) CALL_##name,
    CALL_HOW_LIST(X)
#undef X
};

struct call {
    struct hf_operation op; /* LOAD: `object` is the aspace, or HF_NO_FRAME for that of the caller */
    uint8_t how;            /* enum call_how */
    uint16_t fields;        /* TASK_SET: which fields ... */
    hf_frame_t value;       /* ... get this value, ... */
    hf_frame_t operations;  /* ... but for the operation page; priority and MEMORY are too high */
};

#define CALLS_MOST 16384u

/* All calls of the machine's state. The same state gives the same calls in the same order. */
unsigned calls_list(struct call calls[CALLS_MOST]);

/* Makes a call; `result` is what it answers besides. */
hf_status_t calls_make(const struct call *call, struct hf_result *result);

/* Which frames a call says became FREE, as bits; it is wrong when others did, or these didn't. */
uint64_t calls_freed(const struct call *call, hf_status_t status, const struct hf_result *result);
