/* External pagers: tasks that supply the pages of regions, or of all that a process has. A pager calls memsrv
 * and is answered when there is a fault for it; memsrv never calls a pager, and never waits for one: who has
 * touched the page is stopped meanwhile, and nobody else. */
#pragma once

#include <handoff/mem.h>
#include <handoff/status.h>
#include <stdbool.h>

#include "hold.h"

struct fault;
struct pager;
struct region;
struct request;
struct source;
struct task;

/* A task's last fault that a pager was asked about. In each task's record. */
struct asked {
    struct pager *pager; /* that is asked now; NULL: none is */
    uint64_t id;         /* what the pager calls it since it has taken it */
    uint64_t address, offset, rip;
    uint32_t error;
    uint8_t times; /* so often in a row has this fault been answered with a page */
    bool pass;     /* the pager leaves it to memsrv, when it comes again */
};

extern const struct backing backing_pager;

/* HF_MEM_PAGER_CREATE, NEXT, SUPPLY, PASS, REFUSE. */
HF_MUST_CHECK hf_status_t pager_create(struct request *request);
HF_MUST_CHECK hf_status_t pager_next(struct request *request);
HF_MUST_CHECK hf_status_t pager_supply(struct request *request);
HF_MUST_CHECK hf_status_t pager_pass(struct request *request);
HF_MUST_CHECK hf_status_t pager_refuse(struct request *request);

/* HF_MEM_OBJECT_MAP through a pager's handle. */
HF_MUST_CHECK hf_status_t pager_map(struct request *request);

/* The faults of a new process go to the pager `source`; NULL: to none. HF_DEAD: its process has ended. */
HF_MUST_CHECK hf_status_t pager_serve_task(struct task *process, struct source *source);
/* A forked child's go where its parent's do. */
void pager_inherit(struct task *child, const struct task *parent);

/* The pager that is asked when one of the process's tasks touches a page that isn't there, of a region where it
 * may; or NULL. */
struct pager *pager_of(const struct task *process, const struct region *region);

/* A fault where nothing is mapped yet, of a task whose process has a pager for everything: whether that
 * is asked, or the task has ended since it can't be. */
bool pager_asks(struct request *request, const struct fault *fault, const struct region *region);

/* Whether a pager would be asked about such a fault, and if so, why it would be refused at once or HF_REASON_NONE. */
bool pager_foresee(const struct task *task, const struct fault *fault, const struct region *region,
                   enum hf_reason *reason);

/* The number of the process whose answer the task's fault waits for; 0: none. */
uint64_t pager_waits_for(const struct task *task);

/* The task ends: nothing that its fault has asked for is wanted. (hold_cancel takes it from the pager's lists.) */
void pager_forget(struct task *task);

/* The process that made it has ended: its clients' faults end them, with that reason. */
void pager_disowned(struct source *source);

/* Whether there are tasks to be ended for that, and a part of it. */
bool pager_reaping(void);
void pager_reap(void);
