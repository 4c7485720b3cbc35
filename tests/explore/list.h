/* The list of calls while it is made: calls.c, about_aspace.c, about_objects.c. */
#pragma once

#include "calls.h"
#include "state.h"

struct calls_list {
    struct call *calls;
    unsigned count;
    hf_frame_t names[MACHINE_FRAMES + 3]; /* one frame for each part that a frame can play */
    unsigned name_count;
};
extern struct calls_list list;

#define ADD(...) (list.calls[list.count++] = (struct call){.op = {__VA_ARGS__}})
#define EACH(name, array) for (unsigned name = 0; name < sizeof(array) / sizeof((array)[0]); name++)
#define EACH_NAME(name) for (unsigned name = 0; name < list.name_count; name++)

static inline bool is(hf_frame_t frame, enum hf_frame_type type) { return frame_type(frame) == type; }

/* The call that was added last is made in another way. */
static inline void set_how(enum call_how how) { list.calls[list.count - 1].how = (uint8_t)how; }

/* Tables, leaves and what else is in an aspace. */
void about_aspace(hf_frame_t aspace);

/* What is no aspace is named in one call of each kind that would be granted for one. */
void about_no_aspace(hf_frame_t frame);

/* Tasks, handle tables and endpoints. */
void about_objects(hf_frame_t frame);
