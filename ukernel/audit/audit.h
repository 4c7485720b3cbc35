/* The core's check of itself, in the core that checks itself (CHECKED=1) only. One MMU operation
 * does a part: as much as visiting one table takes. What was found last goes into the result. */
#pragma once

#include "../mmu.h"

/* Where a check stands; it goes through the phases in order. */
struct audit {
    uint64_t calls;   /* made for this check so far: the cursor of the next one */
    unsigned phase;   /* an index into audit.c's list */
    uint64_t at;      /* what comes next in the phase: a frame, an address, a priority ... */
    unsigned slot;    /* ... and in that frame */
    unsigned busy;    /* audit_runs: frames of the run so far that aren't FREE */
    hf_frame_t first; /* the window of frames whose uses are counted */
    struct hf_result *result;
};

/* Notes what is broken, unless something was in this call; `frame` and `slot` are where, or HF_NO_FRAME.
 * The condition. */
bool audit_check(struct audit *audit, bool good, enum hf_invariant invariant, const char *what, uint64_t frame,
                 uint64_t slot);

/* One part of a phase; true when that was its last. */
typedef bool audit_part(struct audit *audit);

audit_part audit_processor; /* control registers, MSRs, GDT, IDT, TSS */
audit_part audit_kernel;    /* the kernel half */
audit_part audit_runs;      /* run headers, and whether RAM is in the PMO */
audit_part audit_tables;    /* each table's entries */
audit_part audit_objects;   /* tasks, endpoints, handle tables */
audit_part audit_ready;     /* the ready queues */
audit_part audit_count;     /* what refers to the frames of a window ... */
audit_part audit_compare;   /* ... beside what the frame table says */

/* How much one part visits: slots of a table or handle table, or frames. Interrupts are off meanwhile. */
#define AUDIT_SLOTS 64u

/* What is visited of a frame: its slots from `first` to before `end`. */
typedef void audit_visit(struct audit *audit, hf_frame_t frame, unsigned first, unsigned end);

/* Visits the frames with an entry of their own, in order, as much as one part is; `slots` says how many a frame of
 * this type has. True after the last. */
bool audit_each_frame(struct audit *audit, unsigned (*slots)(enum hf_frame_type type), audit_visit *visit);

static inline bool audit_is_table(enum hf_frame_type type) { return type >= HF_FRAME_PT && type <= HF_FRAME_PML4; }
