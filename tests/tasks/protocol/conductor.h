/* The conductor's parts. */
#pragma once

#include <stdio.h>

#include "protocol.h"

/* ---- cast.c: the tasks ---- */

struct member {
    struct mem_task task;
    hf_handle_t waits; /* its call to the conductor, held */
    bool lives;
    bool ready;        /* can be told something, by way of that call */
    bool busy;         /* was told something that isn't done yet */
    enum command told; /* what that was */
    uint64_t told_argument;
    bool has_call; /* in hand; this and the next are guessed from what it told */
    bool holds[HOLD_SLOTS];
};

extern struct member roles[ROLES + 1];

bool cast_begin(void);
bool cast_role(unsigned role);
bool cast_owner(unsigned endpoint);
/* Ends a task, whatever it does; back when nothing of it is left. */
bool cast_end_role(unsigned role);
bool cast_end_owner(unsigned endpoint);

/* Tells a role that waits for it. */
bool cast_tell(unsigned role, enum command command, uint64_t argument, uint64_t number);

/* Takes in what roles tell until no more is queued. Logs it; *count: how much it was. */
bool cast_listen(unsigned *count);

/* Whether each busy role waits for another one, or for something at an endpoint: then
 * logs for what. Anything that roles told meanwhile is taken in first. */
bool cast_settled(bool *settled);

/* ---- log.c ---- */

/* A line of the log, printed at the end: printing would disturb. */
void log_event(const char *format, ...) HF_PRINTF_LIKE(1, 2);
void log_print(void);
