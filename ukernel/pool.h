/* The boot pool: the only allocator ring 0 ever has, cut from the boot map. It is
 * used until the handoff and never again. */
#pragma once

#include "bootmap.h"

/* From now on frames are cut from `map`; all of it below 4 GiB can be written to. */
void pool_open(struct bootmap *map);

/* `count` zeroed frames below 4 GiB. There is always an answer: too little RAM ends the boot. */
hf_frame_t pool_take(uint64_t count);

/* Frames anywhere, not zeroed: first = `offset` (mod `align`). */
hf_frame_t pool_take_far(uint64_t count, uint64_t align, uint64_t offset);

/* One frame below 1 MiB, which starting further processors will need; none is no error. */
void pool_keep_low(void);

/* Frames for memsrv, FREE in the frame table until an MMU operation takes them. */
hf_frame_t pool_take_for_memsrv(uint64_t count, enum hf_range_kind kind);

