/* How a state is written down: state_write.c, state_read.c. */
#pragma once

#include "state.h"

#define NOTHING 0xff
#define STALE 0x80 /* the name of an object that is gone */
#define SLOT 1u    /* of a handle table: the one that calls fill */

/* As TASK_CREATE makes one. */
extern struct task state_new_task;
