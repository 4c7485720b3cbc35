/* Longer work, a part at a time, beside the messages: taking apart what has ended, unmapping and
 * such, and zeroing. It is done for memsrv's worker: a task of memsrv's own that calls memsrv again and
 * again and is answered when a part is done. So the work has the priority of those that it is done for,
 * and others of the same have their turns in between. */
#pragma once

#include <stdbool.h>

struct request;

/* The worker. It needs a badge of its own at memsrv's endpoint. */
struct hf_boot;
void jobs_init(const struct hf_boot *boot);

/* There is work for somebody of that priority; 0: of whatever it has. */
void jobs_wake(unsigned priority);

bool jobs_pending(void);

/* Whether something is being taken apart, which may give enough back for who finds no memory; and a part of that. */
bool jobs_giving_back(void);
void jobs_give_back(void);

/* The worker has called: does a part, or keeps its call until there is something. */
void jobs_serve(struct request *request);
