/* Why an address does or doesn't work. */
#pragma once

#include "serve.h"

/* HF_MEM_EXPLAIN. */
HF_MUST_CHECK hf_status_t explain_serve(struct request *request);

/* What a region is called: "stack", ".rodata of hello". */
void explain_name(const struct region *region, char name[HF_NAME_BYTES]);

/* The same, with all else that is told about it. */
struct hf_region explain_region(const struct region *region);
