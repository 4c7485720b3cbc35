/* memsrv, whole and as it is, as a task of the simulated machine: its calls go to the real core, and
 * what it maps for itself is really there, at the same address. */
#pragma once

#include <handoff/boot.h>
#include <stdbool.h>

#include "world.h"

struct memsrv_module {
    const char *name;
    const void *bytes;
    size_t length;
};

extern struct task *memsrv; /* the task that it runs as */

extern bool memsrv_ended; /* it has turned the machine off */

/* Starts memsrv on a fresh machine with these boot modules. Whenever it waits for a message, `step` is
 * called until there is one. Returns when `step` says so, by false, or when memsrv has turned the machine
 * off: the machine is then as it stands. */
void memsrv_run(const struct memsrv_module *modules, unsigned count, bool (*step)(void));

/* It deals with a message, or has work to do for its worker. */
bool memsrv_at_work(void);

/* FREE frames that memsrv does not know: those that its image would be in. */
uint64_t memsrv_first_frames(void);

/* The task, which is ready, reads (way 0), writes (1) or executes (2) there: unless the page tables let
 * it, it gets this exception. Whether it did. */
bool memsrv_touch(struct task *task, uint64_t address, unsigned way, unsigned vector);
