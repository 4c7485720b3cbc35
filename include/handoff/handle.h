/* Handles: what a slot of a handle table can name, and with which rights. */
#pragma once

#include <handoff/types.h>

/* Slots of one table; slot 0 is never used. */
#define HF_HANDLE_COUNT 128u

enum hf_handle_rights {
    HF_RIGHT_CALL = 1,    /* endpoint: send and wait for the reply */
    HF_RIGHT_RECEIVE = 2, /* endpoint: receive from it */
    HF_RIGHT_NOTIFY = 4,  /* endpoint: set the bits that the badge names */
    HF_RIGHT_GRANT = 8,   /* may be passed on, in a message or at spawn */
    HF_RIGHT_MINT = 16,   /* copies may have a new badge */
    HF_RIGHT_USE = 32,    /* port range, interrupt, power: use it */
    HF_RIGHTS_ALL = 63,
};

#define HF_HANDLE_KIND_LIST(X) \
    X(NONE) \
    X(ENDPOINT) \
    X(REPLY) /* a call set aside by hf_hold */ \
    X(PORTS) /* a range of I/O ports */ \
    X(IRQ) \
    X(POWER)

enum hf_handle_kind {
#define X(name) HF_HANDLE_##name,
    HF_HANDLE_KIND_LIST(X)
#undef X
        HF_HANDLE_KIND_COUNT
};
