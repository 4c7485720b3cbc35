/* A program in memsrv's place that knows all of the core's calls and is up to no good:
 * whatever it asks for, the core's invariants must hold. It attacks by name first, and
 * then at random: see docs/evil.md. */
#pragma once

#include <handoff/boot.h>
#include <handoff/handle.h>
#include <mmu.h>
#include <stdbool.h>

#include "operations.h"

/* ---- console.c: what people read */

void console_init(const struct hf_boot *information);
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* Says what went wrong with the program itself, and ends the machine with code 2. */
_Noreturn void give_up(const char *what);
_Noreturn void machine_end(unsigned code);

/* ---- memory.c: frames, and what they are by the core's own word */

extern const struct hf_boot *boot;
extern hf_frame_t ram_end; /* one past the highest frame of RAM */

#define FRAMES_MOST (1u << 18) /* 1 GiB of RAM is enough to be evil in */
#define POOL_RUNS 4u

void memory_init(const struct hf_boot *information);
void memory_keep(void);                       /* what is in use by now stays so */
hf_frame_t pool_frame(void);                  /* FREE, and taken by nobody since pool_reset */
hf_frame_t pool_run(unsigned which);          /* the first frame of a run of its own */
void pool_reset(void);                        /* all of them are FREE again */
hf_frame_t first_of(enum hf_frame_type type); /* the lowest frame of a type */

/* Whether this program, or the core, had it when memory_keep was called. */
bool is_ours(hf_frame_t frame);

/* ---- look.c: reading the core's state; each answer is good until the next one */

const struct hf_frame_entry *look_frames(hf_frame_t first, uint32_t count);
const struct hf_run_header *look_runs(hf_frame_t first_run, uint32_t count);
struct hf_frame_entry look_frame(hf_frame_t frame);
struct hf_run_header look_run(hf_frame_t frame);
const struct hf_task_block *look_task(hf_frame_t task);
uint64_t look_entry(hf_frame_t aspace, uint64_t address, unsigned level);

/* One number for everything that operations can read: the frame table, what tasks are,
 * and what stands in page tables at the world's addresses and at `address`. */
uint64_t look_all(uint64_t address);
/* The same, but what look_all found last is good enough for as long as nothing has changed, which
 * look_forget is told of. */
uint64_t look_before(uint64_t address);
void look_forget(void);

/* The first eight bytes from an offset of a frame that has a content. */
uint64_t look_content(hf_frame_t frame, unsigned offset);

/* Calls visit(frame, entry) for each frame of RAM whose run is split. */
void look_each(void (*visit)(hf_frame_t frame, struct hf_frame_entry entry));

/* Bits of a page-table entry: Intel SDM vol. 3A, table 4-20. */
#define ENTRY_PRESENT 1ul
#define ENTRY_WRITE 2ul
#define ENTRY_LARGE (1ul << 7)
#define ENTRY_FRAME 0x000ffffffffff000ul
#define ENTRY_NO_EXECUTE (1ul << 63)

/* ---- drain.c: back to the start */

/* To be called when all is as it shall be in the end. */
void drain_init(void);

/* Slots of our own handle table that drain leaves alone: the highest ones. */
enum kept_slots {
    LISTENING = HF_HANDLE_COUNT - 6, /* to the endpoint that clients call */
    PIT_PORTS,
    PIT_INTERRUPT,
    PIT_NOTIFY,
    /* The console's two follow. */
};

/* Ends and frees everything that was not there when memory_keep was called. */
void drain(void);

/* What the core says of itself, if it can: whether all invariants hold at this moment. */
bool audited(void);

/* Whether the frame table is what it was at drain_init, but for tags; says what differs. */
bool drained(void);

/* ---- pit.c */

#define PIT_CHANNEL_0 0x40
#define PIT_PORT_COUNT 4
#define PIT_LINE 0

/* The timer chip, by a handle to its ports, interrupts every millisecond from now on. */
void pit_start(hf_handle_t ports);
