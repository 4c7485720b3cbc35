/* Shared objects: memory with a length, named by handles, that any number of tasks map. */
#pragma once

#include "serve.h"

struct source;

extern const struct backing backing_object;

/* HF_MEM_OBJECT_CREATE, HANDLE, MAP (of an object or a pager), STAT. */
HF_MUST_CHECK hf_status_t object_create(struct request *request);
HF_MUST_CHECK hf_status_t object_handle(struct request *request);
HF_MUST_CHECK hf_status_t object_map(struct request *request);
HF_MUST_CHECK hf_status_t object_stat(struct request *request);

/* The process that made it ends, and has nothing mapped any more. Whether that is done: the object is somebody
 * else's, or nothing is left of it. */
bool object_leave(struct source *source, int *cost);

/* Whether objects are being taken apart that lived longer, and a part of that. */
bool object_reaping(void);
void object_reap(void);
