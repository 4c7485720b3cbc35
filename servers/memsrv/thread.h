/* Threads: further tasks in an address space. */
#pragma once

#include "serve.h"

/* HF_MEM_THREAD. HF_BAD_ADDRESS, HF_NO_MEMORY, HF_QUOTA; nothing is left after an error. */
HF_MUST_CHECK hf_status_t thread_serve(struct request *request);

/* Gives back what a thread had besides the core's task, which is gone. */
void thread_reap(struct task *thread);
