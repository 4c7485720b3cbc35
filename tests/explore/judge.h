/* What must hold in every state, and what was reached. */
#pragma once

#include <handoff/status.h>
#include <stdbool.h>
#include <stdint.h>

/* The first invariant that the machine's state breaks, as text; NULL: none. */
const char *judge_state(void);

/* The same for what pages hold, which is no part of a state: after each call. */
const char *judge_pages(void);

/* Brings everything back to FREE by MMU calls alone; what is left, as text, or NULL. The state is
 * spoilt by it. */
const char *judge_drain(void);

/* X(name, text) */
#define REACHED_LIST(X) \
    X(SHARED, "a frame that two aspaces map") \
    X(LARGE, "a 2 MiB leaf") \
    X(LARGE_BESIDE, "a 2 MiB leaf beside a PT") \
    X(SHARED_SPLIT, "a run that is named by a 2 MiB leaf, and by 4 KiB leaves after a split") \
    X(ZEROING, "a run being zeroed") \
    X(PINNED, "a pinned frame without a mapping") \
    X(PINNED_RUN, "a pinned run") \
    X(DEVICE, "a device's leaf") \
    X(TORN, "an aspace without a kernel half, or with a table and no leaf") \
    X(LOADED, "an aspace with a mapping in CR3") \
    X(TASK, "a task in an aspace") \
    X(RUNNING, "a running task") \
    X(BUFFER, "a buffer without a mapping") \
    X(WAITING, "a task that waits at an endpoint")

enum reached {
#define X(name, text) REACHED_##name,
    REACHED_LIST(X)
#undef X
        REACHED_COUNT
};

extern uint64_t judge_reached[REACHED_COUNT]; /* in how many states */
extern const char *const judge_reached_text[REACHED_COUNT];

/* Notes what the machine's state is an example of. */
void judge_note(void);
