/* memsrv's own memory. It is mapped before it is touched, since nobody could serve
 * memsrv's faults, and taken ahead of need, so that no request ends half-done. */
#pragma once

#include <handoff/boot.h>

#include "buddy.h"

/* All free frames of the machine. */
extern struct buddy frames;

/* Takes over the boot information's free ranges. */
void own_init(const struct hf_boot *boot);

/* A frame for memsrv itself, FREE still. HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t own_take(hf_frame_t *frame);

/* A frame without which memsrv can't begin: when there is none, it says so and ends the machine. */
hf_frame_t own_need(void);

/* A zeroed page, mapped until it is given back, or NULL when the machine is out of memory. */
void *own_page(void);

/* Gives back what own_page gave: its frame may be anyone's then. */
void own_page_give(void *page);

/* One of the frames that are put by for tasks' needs that can't wait, FREE. False: they are used up. */
bool own_spare(hf_frame_t *frame);
/* How many there are; they are memsrv's. */
uint64_t own_spares(void);

/* Refills what allocations have used up of the allocator's pages, and the reserves of
 * records. Called between messages. */
void own_refill(void);

/* The frame behind an address of memsrv's. */
hf_frame_t own_frame(const void *address);

/* Copies `bytes` bytes from `offset` on out of somebody's frame. False: it can't be mapped, being no USER frame by
 * itself. */
bool own_read(hf_frame_t frame, size_t offset, void *to, size_t bytes);

/* Frames that memsrv has, from boot and since. */
uint64_t own_count(void);
