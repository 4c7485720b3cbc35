/* Requests that change what an address space contains. */
#pragma once

#include "serve.h"

/* HF_MEM_MAP, UNMAP, PROTECT. */
HF_MUST_CHECK hf_status_t memory_map(struct request *request);
HF_MUST_CHECK hf_status_t memory_unmap(struct request *request);
HF_MUST_CHECK hf_status_t memory_protect(struct request *request);
