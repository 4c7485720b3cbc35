/* ipc: the groups of tests, a file each, and the roles and steps that many of them need. */
#pragma once

#include "../suite.h"

extern const struct suite_test message_tests[], nowait_tests[], hold_tests[], held_tests[], queue_tests[],
    bytes_tests[], pass_tests[], handle_tests[], stale_tests[], notify_tests[], death_tests[], circle_tests[],
    register_tests[], context_tests[], boundary_tests[], priority_tests[];

/* ---- roles; what they answer is their exit code: a status, 0 for HF_OK ---- */

/* Calls A with pattern `seed` and wants pattern `seed` + 1 back. */
int caller(uint64_t seed);
/* Serves so many calls at A, 0 for ever: pattern `seed` is answered by pattern `seed` + 1. */
int server(uint64_t count);
/* Receives one message at A, and reports label and first word; a call is left in hand, and the role waits for ever. */
int taker(uint64_t unused);
/* Makes an endpoint, gives it to the test (take_endpoint), and waits for ever. */
int owner(uint64_t unused);
_Noreturn void wait_for_ever(void);

/* ---- steps of a test ---- */

/* The endpoint that an owner has made, with all rights. */
hf_handle_t take_endpoint(unsigned role);
/* Receives a message that must be this pattern. */
void take(hf_handle_t endpoint, unsigned seed);
/* Replies what a caller with this seed wants. */
void answer(unsigned seed);
/* The same, but it is set aside in between: the slot. */
hf_handle_t take_and_hold(hf_handle_t endpoint, unsigned seed);
void answer_held(hf_handle_t slot, unsigned seed);
/* Calls like a caller. */
void call_server(hf_handle_t endpoint, unsigned seed);
/* Fills the handle table; how many handles that took. */
unsigned fill_handles(hf_handle_t handles[HF_HANDLE_COUNT]);
void close_handles(const hf_handle_t *handles, unsigned count);
