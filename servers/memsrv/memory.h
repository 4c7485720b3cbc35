/* Requests that change what an address space contains. */
#pragma once

#include "serve.h"

/* HF_MEM_MAP, UNMAP, PROTECT. */
HF_MUST_CHECK hf_status_t memory_map(struct request *request);
HF_MUST_CHECK hf_status_t memory_unmap(struct request *request);
HF_MUST_CHECK hf_status_t memory_protect(struct request *request);

/* Readable, and not writable and executable at once. */
bool memory_rights_valid(uint64_t rights);

/* A mapping's place: of `length` bytes, at `start` with HF_MAP_FIXED, or somewhere (for pages of 2 MiB
 * at the start of one). Sets start and end: HF_BAD_ARGUMENT, HF_BAD_ADDRESS, HF_EXISTS, HF_NO_MEMORY. */
struct place_wanted {
    uint64_t start, length, end;
};
HF_MUST_CHECK hf_status_t memory_place(const struct task *process, uint64_t flags, bool large,
                                       struct place_wanted *place);

/* Adds the region where none is and answers with its address; with `now`, when all of its pages are there. */
HF_MUST_CHECK hf_status_t memory_add(struct request *request, const struct region *region, bool now);
