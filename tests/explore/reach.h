/* What a search has come upon: a search that never shared a frame says nothing about sharing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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

extern uint64_t reached_states[REACHED_COUNT]; /* in how many states */
extern const char *const reached_texts[REACHED_COUNT];

/* Notes what the machine's state is an example of. */
void reach_note(void);

/* Whether it must be reached in this machine, where it needs no more frames than there are. */
bool reach_wanted(enum reached what);
