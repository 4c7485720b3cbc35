/* TLB and paging-structure caches, as eager as a processor may be (Intel SDM vol. 3A, 4.10):
 * all that is mapped at any moment is remembered at that moment, and stays until it is flushed.
 * Between calls nothing but what the tables say is remembered, so the caches are no part of
 * a state: they follow from it. */
#pragma once

#include <machine.h>
#include <stdbool.h>

/* The processor uses all that is mapped in the aspace that CR3 names, and nothing else is
 * remembered; keeps what each frame is. Before each call. */
void caches_fill(void);

/* Whether a flush or anything else happened since, so that caches_fill is due again. */
bool caches_used(void);

/* The first translation that is remembered and not justified by the tables, or that was ended too
 * late, as text; NULL: none. After each call. */
const char *caches_wrong(void);

/* What the machine tells. */
void caches_note_invalidated(uint64_t address);
void caches_note_load(void);
void caches_note_filled(hf_frame_t frame);

/* Sets the accessed bit of an entry, and the dirty bit of a leaf that can be written, as the
 * processor does by using it. */
uint64_t caches_used_entry(uint64_t entry, unsigned level);
