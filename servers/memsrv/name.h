/* Names by which servers are found. */
#pragma once

#include "serve.h"

/* `handles`: memsrv's own handle table. */
void name_init(hf_frame_t handles);

/* HF_MEM_REGISTER and HF_MEM_LOOKUP; nothing is left after an error. */
HF_MUST_CHECK hf_status_t name_register(struct request *request);
HF_MUST_CHECK hf_status_t name_lookup(struct request *request);

/* All names that a process has registered are free again. */
void name_drop_all(struct task *process);
