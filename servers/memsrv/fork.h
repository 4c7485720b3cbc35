/* Forks: a copy of a process's address space, whose pages both share until one of them writes. */
#pragma once

#include "serve.h"

/* HF_MEM_FORK: begins it; the answer comes when the child runs. */
hf_status_t fork_serve(struct request *request);

/* A part of that work. */
void fork_part(struct task *process, struct work *work);

/* The parent is ended: no child comes of it. */
void fork_drop(struct fork *fork);
