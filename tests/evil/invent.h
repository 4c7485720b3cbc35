/* What invent.c is made of. */
#pragma once

#include "random.h"

/* ---- pieces.c */

uint64_t place(void);       /* an address for a page ... */
uint64_t large_place(void); /* ... or for one of 2 MiB */
/* One where a page is, or where there is none and a PT waits for it; if one is found soon. */
uint64_t place_in(hf_frame_t aspace, bool mapped);
/* Likewise one where a page of 2 MiB is, in whatever aspace. */
uint64_t large_place_in(hf_frame_t *aspace);
uint16_t page_rights(void);
hf_frame_t toy_page(void); /* a STAGED or USER frame */

/* ---- invent_run.c */

struct hf_operation invent_run(void); /* about a run, or a page of 2 MiB */

/* ---- plan.c */

/* Gives up the plan that is followed, if there is one, for another. */
void plan_make(void);
/* The next operation of it; false at its end. */
bool plan_next(struct hf_operation *op);

/* ---- spoil.c */

/* One place of it becomes something else. */
void mutate(struct hf_operation *op);
/* Whether it would be the end of us if it was granted, and no fault of the core. */
bool is_suicide(const struct hf_operation *op);
