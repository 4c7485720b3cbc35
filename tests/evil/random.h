/* Random operations by the million, with tasks that do random things meanwhile. */
#pragma once

#include "world.h"

/* So many calls, at least; whether nothing was found. */
bool random_run(uint64_t seed, uint64_t calls);

/* Numbers drawn at random: the same ones for the same seed. */
uint64_t draw(void);
uint64_t draw_below(uint64_t limit);
#define DRAW_FROM(array) (array)[draw_below(sizeof(array) / sizeof((array)[0]))]
#define ONE_IN(n) (draw_below(n) == 0)

/* ---- toys.c: the frames and runs that it plays with, and what they are at the moment */

#define TOYS 128u
#define HOMES 2u

void toys_make(void);    /* in a drained machine: aspaces with a client's code, and much that is FREE */
void toys_refresh(void); /* asks the core what they are */
hf_frame_t toy_any(void);
hf_frame_t toy_of(enum hf_frame_type type); /* any, when none has the type */
hf_frame_t toy_aspace(void);
hf_frame_t toy_home(void);                 /* one of the aspaces that toys_make made */
unsigned toy_type(hf_frame_t frame);       /* enum hf_frame_type; HF_FRAME_TYPE_COUNT when it is no toy */
unsigned toys_left(void);                  /* FREE ones */
hf_frame_t toy_run(unsigned state_wanted); /* enum hf_run_state; any, when none is in it */
bool toy_task_is_ready(void);
void toys_stop_ready_tasks(void);

/* ---- invent.c: operations that look as if they were meant */

/* An operation that can't be the end of us. */
struct hf_operation invent(void);
/* To be called just before TASK_SET is done: what it sets. The pager's badge is the task's frame. */
void invent_block(hf_frame_t task);

/* What the last one answered: the next may make up for what was missing. */
void invent_learn(struct hf_operation operation, const struct hf_result *result);

/* ---- mob.c: the tasks, and how their calls and faults are dealt with */

extern struct mob_count { uint64_t calls, faults, exceptions, ticks; } mob_count; /* what we have received */

void mob_init(void);
void mob_registers(struct hf_task_block *block, uint64_t seed);
void mob_listen(void); /* takes the calls that there are, up to a few */
