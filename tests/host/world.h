/* A simulated machine with frames of every kind, and somebody with MEMORY who asks. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <handoff/call.h>

#include "machine/control.h"
#include "../../ukernel/mmu.h"
#include "schedule.h"

/* Runs: 0 is split, with RESERVED, CORE and MODULE frames first; 2 is CORE, 3 RESERVED, the others FREE. */
#define WORLD_RESERVED 0u
#define WORLD_CORE 2u
#define WORLD_MODULE 4u                     /* pinned USER */
#define WORLD_FREE 5u                       /* the first FREE frame of run 0 */
#define WORLD_WHOLE_FREE (1u * MACHINE_RUN) /* the first frame of a run that is FREE altogether */
#define WORLD_WHOLE_CORE (2u * MACHINE_RUN)
#define WORLD_WHOLE_RESERVED (3u * MACHINE_RUN)
#define WORLD_VGA 0xb8u /* a device's, and FREE RAM until world_leave_out_vga() */
#define WORLD_VGA_FRAMES 8u
#define WORLD_FRAMEBUFFER 0xfd000u /* far above all RAM */
#define WORLD_FRAMEBUFFER_FRAMES 3u
#define WORLD_USER_END ((1ull << (HF_PAGE_SHIFT + TABLE_BITS * TABLE_LEVELS - 1)) - HF_PAGE_SIZE)

/* Who asks: a task outside the simulated RAM, so that asking changes nothing there. */
extern struct task asker;
extern struct hf_operation_page asker_page;
extern struct hf_result result; /* of the last question */

/* The state after boot: only the frames above. A cmocka set-up function. */
int world_start(void **state);

/* As on a real machine: there is no RAM where VGA's is. */
void world_leave_out_vga(void);

hf_status_t ask(const struct hf_operation *operation);

/* Asks; fails the test unless the status is as wanted. After HF_OK every invariant must
 * hold; after a refusal, also, nothing at all may have changed. */
void world_expect(hf_status_t want, const struct hf_operation *operation, const char *file, int line);

#define GRANTED(...) world_expect(HF_OK, &(struct hf_operation){__VA_ARGS__}, __FILE__, __LINE__)
#define REFUSED(want, ...) world_expect(want, &(struct hf_operation){__VA_ARGS__}, __FILE__, __LINE__)

/* The task runs and makes this call (enum hf_call_number, HF_NOWAIT); its other registers are
 * set already. What it gets at once, or HF_STATUS_COUNT while it has to wait. */
hf_status_t world_call(struct task *task, uint64_t number);

/* The first invariant that is broken, as text, or NULL; and the same as a test that fails. */
const char *world_broken(void);
void world_check(const char *file, int line);

/* All that the core can change, kept and compared; but for the content of these frames. */
void world_keep(void);
bool world_changed(void);
extern bool world_unwatched[MACHINE_FRAMES];

unsigned world_refs(hf_frame_t frame);

/* Objects made the plain way, each from a FREE frame. */
void make_aspace(hf_frame_t frame);
void make_tables(hf_frame_t aspace, uint64_t address, hf_frame_t pdpt, hf_frame_t pd, hf_frame_t pt);
void make_page(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights);
void stage_run(hf_frame_t first); /* STAGED */
void make_large(hf_frame_t aspace, uint64_t address, hf_frame_t first, unsigned rights);
struct task *make_task(hf_frame_t frame, hf_frame_t aspace, hf_frame_t handles, unsigned priority);
