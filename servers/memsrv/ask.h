/* Asking a pager: a fault's way from the task that waits to the pager's answer. */
#pragma once

#include "fault.h"
#include "source.h"

struct pager {
    struct source source;
    struct ledger *payer;   /* its owner's, as long as it has one */
    uint64_t clients;       /* processes all of whose faults it serves */
    struct waiters waiting; /* tasks whose faults its owner has not seen yet ... */
    struct waiters taken;   /* ... and has */
    struct waiters idle;    /* tasks of its owner's that wait for a fault */
    struct pager *next;     /* among those whose clients are being ended, */
    bool reaping;           /* to which it belongs */
};
_Static_assert(offsetof(struct pager, source) == 0, "a source that is a pager's is the pager");

/* The fault of a pager's region. */
enum hf_reason ask_fault(struct request *request, const struct fault *fault, const struct region *region);

static inline uint64_t ask_page(uint64_t address) { return address & ~(HF_PAGE_SIZE - 1); }

/* Where the page stands in what the pager serves. */
uint64_t ask_offset(const struct region *region, uint64_t address);

/* The first fault that waits is the pager's to answer now, and is told in memsrv's IPC buffer. */
void ask_take(struct pager *pager);

/* The first task that waits for the pager's answer, or NULL; what it waits with; and ends it for that reason. */
struct task *ask_first(const struct pager *pager);
struct fault ask_of(const struct task *task);
void ask_end(struct task *task, enum hf_reason reason);
