/* Draws what is done, in rounds: some roles are told something, or a task ends or starts;
 * mostly it then waits until nothing moves any more. */
#include "conductor.h"

#include <stdio.h>

#include "../draw.h"

#define PATIENCE 20000u /* yields until nothing moves */

enum argument { ARGUMENT_NONE, ARGUMENT_ENDPOINT, ARGUMENT_SLOT };

static const struct {
    const char *name;
    enum argument argument;
} commands[] = {
#define X(name, argument) [COMMAND_##name] = {#name, ARGUMENT_##argument},
    COMMAND_LIST(X)
#undef X
};

/* What makes sense with a call in hand, and without. */
static const enum command with_call[] = {
    COMMAND_REPLY, COMMAND_REPLY, COMMAND_REPLY_RECEIVE, COMMAND_REPLY_RECEIVE, COMMAND_REPLY_RECEIVE_NOWAIT,
    COMMAND_HOLD,  COMMAND_HOLD,  COMMAND_HOLD,          COMMAND_CALL,          COMMAND_NOTIFY};
static const enum command without_call[] = {COMMAND_CALL,           COMMAND_CALL,    COMMAND_CALL,    COMMAND_CALL,
                                            COMMAND_CALL_NOWAIT,    COMMAND_RECEIVE, COMMAND_RECEIVE, COMMAND_RECEIVE,
                                            COMMAND_RECEIVE_NOWAIT, COMMAND_NOTIFY,  COMMAND_NOTIFY};

/* The last one that can be told something should let others go on. */
static const enum command last_ready[] = {COMMAND_RECEIVE, COMMAND_RECEIVE, COMMAND_RECEIVE_NOWAIT, COMMAND_NOTIFY};

static unsigned count_ready(void) {
    unsigned count = 0;
    for (unsigned role = 1; role <= ROLES; role++) {
        count += roles[role].ready;
    }
    return count;
}

/* Mostly that: also to answer what was held, and now and then anything at all. */
static enum command draw_command(const struct member *member, uint64_t *slot) {
    *slot = draw_below(HOLD_SLOTS);
    if (draw_below(10) == 0) return (enum command)draw_below(COMMANDS);
    if (member->holds[*slot] && draw_below(2) == 0) return draw_below(4) ? COMMAND_REPLY_HELD : COMMAND_CLOSE;
    if (member->has_call) return DRAW_FROM(with_call);
    return count_ready() == 1 ? DRAW_FROM(last_ready) : DRAW_FROM(without_call);
}

static bool tell(unsigned role) {
    static uint64_t numbers[ROLES + 1];
    uint64_t slot;
    enum command command = draw_command(&roles[role], &slot);
    uint64_t argument = commands[command].argument == ARGUMENT_ENDPOINT ? draw_below(ENDPOINTS) : 0;
    if (commands[command].argument == ARGUMENT_SLOT) argument = slot;
    numbers[role] = numbers[role] % 255 + 1;
    log_event("begin %u %s %lu %lu", role, commands[command].name, argument, numbers[role]);
    return cast_tell(role, command, argument, numbers[role]);
}

/* Each role that is there and can be told something is told, or not. */
static bool tell_some(void) {
    bool good = true;
    uint64_t likely = 1 + draw_below(4);
    unsigned first = (unsigned)draw_below(ROLES);
    for (unsigned i = 0; i < ROLES; i++) {
        unsigned role = 1 + (first + i) % ROLES;
        if (good && roles[role].ready && draw_below(4) < likely) good = tell(role);
        if (draw_below(8) == 0) hf_yield();
    }
    return good;
}

static bool replace_role(void) {
    unsigned role = 1 + (unsigned)draw_below(ROLES);
    return cast_end_role(role) && cast_role(role);
}

/* The roles that know it learn nothing of the new one. */
static bool replace_endpoint(void) {
    unsigned endpoint = (unsigned)draw_below(ENDPOINTS);
    return cast_end_owner(endpoint) && cast_owner(endpoint);
}

static bool settle(void) {
    bool settled = false;
    for (unsigned i = 0; i < PATIENCE && !settled; i++) {
        if (!cast_settled(&settled)) return false;
        if (!settled) hf_yield();
    }
    if (!settled) puts("not ok: roles go on for ever");
    return settled;
}

static bool play_round(void) {
    unsigned heard;
    bool good = cast_listen(&heard);
    if (good && count_ready() == 0) good = replace_role();
    good = good && tell_some();
    if (good && draw_below(16) == 0) good = replace_role();
    if (good && draw_below(80) == 0) good = replace_endpoint();
    return good && (draw_below(4) == 0 || settle());
}

static bool begin(void) {
    bool good = cast_begin();
    for (unsigned e = 0; e < ENDPOINTS; e++) {
        good = good && cast_owner(e);
    }
    for (unsigned role = 1; role <= ROLES; role++) {
        good = good && cast_role(role);
    }
    return good && settle();
}

static bool finish(void) {
    bool good = settle();
    for (unsigned role = 1; role <= ROLES; role++) {
        good = good && cast_end_role(role);
    }
    for (unsigned e = 0; e < ENDPOINTS; e++) {
        good = good && cast_end_owner(e);
    }
    return good;
}

int conductor(uint64_t seed, unsigned rounds) {
    draw_seed(seed);
    bool good = begin();
    for (unsigned i = 0; i < rounds && good; i++) {
        good = play_round();
    }
    good = good && finish();
    log_print();
    printf("protocol: %u rounds from seed %lu: %s\n", rounds, seed, good ? "played" : "failed");
    return !good;
}
