/* Words that cross the boundary between the core and ring 3. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Frame number: physical address >> 12. */
typedef uint64_t hf_frame_t;
/* Names an object in the caller's handle table; 0 is no handle. */
typedef uint32_t hf_handle_t;
/* Fixed into a handle when it is made, delivered with each message sent through it. */
typedef uint64_t hf_badge_t;
/* Never used twice: each task and each endpoint has one. */
typedef uint64_t hf_serial_t;

#define HF_PAGE_SHIFT 12
#define HF_PAGE_SIZE 4096ul
#define HF_RUN_FRAMES 512ul
#define HF_RUN_SIZE (HF_RUN_FRAMES * HF_PAGE_SIZE)

/* The part of an address space that ring 3 may map: the lowest 64 KiB and the
 * highest page of the lower half are never mapped. */
#define HF_USER_FIRST 0x10000ul
#define HF_USER_END 0x00007ffffffff000ul

/* How often the core looks at who runs, and counts one tick for it. */
#define HF_TICKS_PER_SECOND 250u

/* What a mapping allows. Readable always; writable and executable never together. */
enum hf_rights {
    HF_READ = 1,
    HF_WRITE = 2,
    HF_EXECUTE = 4,
};

#define HF_MUST_CHECK __attribute__((warn_unused_result))
