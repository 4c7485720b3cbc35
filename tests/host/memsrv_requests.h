/* Requests to memsrv, drawn at random, right and wrong: fill in what their label, which is in the task's
 * registers already, takes besides. */
#pragma once

#include "world.h"

/* Of a mapping: mostly good, and not too long. */
uint64_t draw_rights(void);
uint64_t draw_length(void);

/* A program with arguments, handles and a quota. */
void draw_spawn(struct task *task);

/* A name out of a few, and a handle or flags. */
void draw_name(struct task *task);

/* Where a thread starts. */
void draw_thread(struct task *task);
