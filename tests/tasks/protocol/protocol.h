/* protocol SEED ROUNDS: tasks that call, receive, hold, answer and notify as they are told, and one
 * that tells them, ends them, and logs what each was told and found. The model in tests/model/
 * decides whether the core may behave so; docs/protocol.md has the log's form and order. */
#pragma once

#include <handoff/handle.h>
#include <ipc.h>
#include <mem.h>
#include <stdbool.h>

#define ROLES 4u
#define ENDPOINTS 2u
#define HOLD_SLOTS 2u

/* Roles are 1 to ROLES. */
#define ROLE_BADGE(role) ((hf_badge_t)1 << (role))

/* Handles that each role is given, in this order. */
enum role_slots {
    SLOT_HOME = HF_SLOT_GIVEN,             /* to call the conductor: it answers with the next command */
    SLOT_ENDPOINT,                         /* the endpoints, with all rights */
    SLOT_WEAK = SLOT_ENDPOINT + ENDPOINTS, /* the first of them, without CALL and RECEIVE */
    SLOT_HELD = 20,                        /* HOLD_SLOTS for calls set aside */
    SLOT_EMPTY = 30,
};

/* What a role can be told; X(name, what its argument is). */
#define COMMAND_LIST(X) \
    X(CALL, ENDPOINT) \
    X(CALL_NOWAIT, ENDPOINT) \
    X(RECEIVE, ENDPOINT) \
    X(RECEIVE_NOWAIT, ENDPOINT) \
    X(REPLY, NONE) \
    X(REPLY_RECEIVE, ENDPOINT) \
    X(REPLY_RECEIVE_NOWAIT, ENDPOINT) \
    X(HOLD, SLOT) \
    X(REPLY_HELD, SLOT) \
    X(CLOSE, SLOT) \
    X(NOTIFY, ENDPOINT) \
    X(CALL_WEAK, NONE) \
    X(RECEIVE_WEAK, NONE) \
    X(CALL_EMPTY, NONE)

enum command {
#define X(name, argument) COMMAND_##name,
    COMMAND_LIST(X)
#undef X
        COMMANDS
};

/* What a role found in its registers besides the status. */
#define KIND_LIST(X) X(NOTHING) X(CALL) X(NOTIFICATION) X(ANSWER)

enum kind {
#define X(name) KIND_##name,
    KIND_LIST(X)
#undef X
        KINDS
};

/* A command from the conductor: the label is it. */
enum command_word { WORD_ARGUMENT, WORD_NUMBER };

/* What a role tells the conductor of a command; the label says whether it has done one. */
enum report_label { REPORT_NEW, REPORT_DONE };
enum report_word { WORD_STATUS, WORD_KIND, WORD_BADGE, WORD_VALUE };

/* A message between roles: which call it is of which role, and in an answer who gives it. */
enum call_word { WORD_CALL, WORD_SERVER };
#define CALL_WORD(role, number) ((uint64_t)(role)*256 + (number))

/* Each task's program. */
int conductor(uint64_t seed, unsigned rounds);
int role(unsigned number);
int owner(void);
