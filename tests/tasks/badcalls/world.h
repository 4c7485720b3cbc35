/* What a task can have that a refused call might spoil, and the calls that must be refused.
 *
 * The world of a test: a call in hand, one set aside, one that waits in a queue, somebody who waits
 * for one, bits that wait, handles of all kinds that a task without rights can have. What a refused call
 * has spoiled is seen at once, by the state of all handles and of the IPC buffer, or at
 * the end, when all callers get their answers and bits and queue are looked at. */
#pragma once

#include <handoff/call.h>

#include "../suite.h"

enum {
    EMPTY_SLOT = 100, /* nothing is put there */
    DEAD_SLOT = 101,  /* a handle to an endpoint that has gone, with all rights */
};

struct world {
    hf_handle_t endpoint; /* all rights; in its queue one call waits */
    hf_handle_t held;     /* a call set aside */
    hf_handle_t pending;  /* an endpoint where bits wait */
    hf_handle_t quiet;    /* an endpoint where nothing is: a reply can go on waiting there at once */
    hf_handle_t served;   /* an endpoint where somebody waits for a call: it would be delivered at once */
};

extern struct world world;

void world_open(bool call_in_hand);
void world_close(void);

/* A call with these arguments is refused with this status and changes nothing: neither state, nor
 * RSP and RBP; and leaves nothing of the core's in any register. */
void bad_call(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t r10, hf_status_t wanted);

/* The same for the calls that take a number of operations. */
void bad_call_counted(uint64_t number, uint64_t rdi, uint64_t count, hf_status_t wanted);

/* Like bad_call, but the state isn't compared: for many in a row, before which look_at_state
 * was called, and after which want_same_state is. */
void bad_call_quick(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t r10, hf_status_t wanted);
void look_at_state(void);
void want_same_state(const char *what);

#define TAG(label, bytes, handle) ((uint64_t)(label) | (uint64_t)(bytes) << 32 | (uint64_t)(handle) << 48)
#define GOOD_TAG TAG(7, 0, 0)
