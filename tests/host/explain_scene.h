/* A process with a bit of everything in its address space, in several states, and what memsrv says of it. */
#pragma once

#include "memsrv_script.h"

/* Where things are mapped. */
#define PLAIN 0x100000000000ull
#define CONSTANT 0x100000010000ull
#define CODE 0x100000020000ull
#define GUARD 0x100000030000ull
#define HALF 0x100000040000ull /* two pages, the second read-only since */
#define SHARED 0x100000050000ull
#define SEEN 0x100000060000ull
#define PAGED 0x100000070000ull
#define LARGE 0x100040000000ull /* two pages of 2 MiB, and half of a third */

enum stage {
    FRESH,
    READ,      /* each page has been read if it can be */
    WRITTEN,   /* or written */
    FORKED,    /* written, and then forked: seen from the parent */
    CHILD,     /* ... and from the child */
    ALONE,     /* ... from the parent again, when the child has ended */
    PAGERLESS, /* fresh, but the pager has ended */
};

extern struct task *process, *child, *subject; /* subject: whose accesses are looked at; child: NULL for none */
extern hf_handle_t process_handle, child_handle;

/* Makes it, with a quota of its own or 0, and ends what is left of it. */
void scene_start(enum stage stage, uint64_t quota);
void scene_end(void);
/* Without the process, which has ended. */
void scene_end_rest(void);

extern struct hf_region regions[HF_MESSAGE_BYTES / sizeof(struct hf_region)];
unsigned scene_regions(void);
struct hf_explain scene_why(uint64_t number, uint64_t address);
struct hf_task_stat scene_stat(uint64_t number);
