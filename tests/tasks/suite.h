/* Programs of named tests.
 *
 *     PROGRAM NAME   runs one test: "ok NAME", or why not; before that, what it observed
 *     PROGRAM list   names them
 *     PROGRAM all    runs each in a task of its own, and sums up
 *
 * A program is a folder. One of its files includes <../suite_main.h> and calls suite_main; all
 * include this. A test is a function that starts roles: tasks of the same image, which
 * stands at the same addresses in each, so that a role is a function too. Whatever
 * roles are left when a test returns are ended.
 *
 * What a test observes is noted, and printed at its end ("# ..."), so that runs can be
 * compared: statuses, labels, words, badges, bits; never addresses, serials or times. */
#pragma once

#include <ipc.h>
#include <mem.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct suite_test {
    const char *name;
    void (*run)(void);
};

#define TEST(function) \
    { #function, function }
#define TESTS_END \
    { NULL, NULL }

/* main of a program of tests. `groups`: tables that end with TESTS_END, the last of them NULL. */
int suite_main(const char *program, const struct suite_test *const groups[], int argc, char **argv);

/* ---- judging ---- */

/* A line "# ..." of the transcript, of which 16 KiB are kept. A role's notes are dropped:
 * it reports instead. */
void note(const char *format, ...) HF_PRINTF_LIKE(1, 2);

/* Statuses are noted, conditions are not. Each says in the transcript what was wanted,
 * and answers whether it came. */
bool suite_want(bool good, const char *what, int line);
bool suite_want_status(hf_status_t got, hf_status_t wanted, const char *what, int line);
bool suite_want_number(uint64_t got, uint64_t wanted, const char *what, int line);

#define WANT(condition) suite_want(condition, #condition, __LINE__)
#define WANT_STATUS(call, wanted) suite_want_status(call, wanted, #call, __LINE__)
#define WANT_OK(call) suite_want_status(call, HF_OK, #call, __LINE__)
/* Two numbers; the first is noted. */
#define WANT_NUMBER(got, wanted) suite_want_number(got, wanted, #got, __LINE__)

/* ---- messages ---- */

/* A label and six words that no other `seed` gives, none of them 0. */
struct hf_message pattern(unsigned seed);
bool is_pattern(const struct hf_message *message, unsigned seed);
#define WANT_PATTERN(message, seed) suite_want(is_pattern(message, seed), #message " is pattern " #seed, __LINE__)

/* Byte `i` of the pattern of bytes. */
static inline uint8_t pattern_byte(unsigned seed, size_t i) { return (uint8_t)(seed * 31 + i * 7 + i / 251); }

/* ---- roles ---- */

typedef int role_function(uint64_t argument);

#define ROLES 80u

/* The handles of a role: how to reach its test, then what it was given, in order. */
enum role_slots {
    SLOT_REPORT = HF_SLOT_GIVEN,
    SLOT_A,
    SLOT_B,
    SLOT_C,
    SLOT_D,
};

/* Starts a role of the test's own priority, or of another (0: one's own). Its handles are copies of `handles`,
 * which 0 ends. Roles are counted from 0 in the order in which they were started. */
unsigned role_start(role_function *role, uint64_t argument, unsigned priority, const hf_handle_t *handles);
#define START(role, argument, ...) role_start(role, argument, 0, (const hf_handle_t[]){__VA_ARGS__ __VA_OPT__(, ) 0})
#define START_AT(priority, role, argument, ...) \
    role_start(role, argument, priority, (const hf_handle_t[]){__VA_ARGS__ __VA_OPT__(, ) 0})

/* In a role: sends *message to its test and waits until it was taken. The reply replaces it. */
hf_status_t report_message(struct hf_message *message);
void report(uint64_t first, uint64_t second);
/* In the test, without a call in hand: waits for the next report of any role; whose it was. */
unsigned take_report(struct hf_message *message);
/* Of this role, and nothing else than these words. */
bool suite_want_report(unsigned role, uint64_t first, uint64_t second, int line);
#define WANT_REPORT(role, first, second) suite_want_report(role, first, second, __LINE__)

/* Waits until no role can go on by itself: all wait for something, or have ended. Not
 * while one of them computes for ever, not for roles of priority 1, and not with a call
 * in hand. It starts a role of its own the first time. */
void settle(void);

/* What memsrv knows about a role. */
struct hf_task_info role_info(unsigned role);
hf_handle_t role_handle(unsigned role);
uint64_t role_number(unsigned role);
bool suite_want_state(unsigned role, enum hf_info_state state, int line);
#define WANT_STATE(role, state) suite_want_state(role, state, __LINE__)
/* Yields until the role is in this state; gives up after some seconds. */
bool suite_await_state(unsigned role, enum hf_info_state state, int line);
#define AWAIT_STATE(role, state) suite_await_state(role, state, __LINE__)

/* Waits for a role's end. */
struct hf_exit role_end(unsigned role);
bool suite_want_code(unsigned role, int64_t code, int line);
#define WANT_CODE(role, code) suite_want_code(role, code, __LINE__)
/* Ends a role that has not ended yet, and waits until nothing is left of it. */
bool suite_kill(unsigned role, int line);
#define KILL(role) suite_kill(role, __LINE__)

/* The priority that the test runs with. */
unsigned own_priority(void);

/* ---- handles of the test's own ---- */

/* An endpoint with all rights. */
hf_handle_t new_endpoint(void);
/* A copy of a handle with these rights, and a badge unless that is 0. */
hf_handle_t new_handle(hf_handle_t handle, unsigned rights, hf_badge_t badge);

#define RIGHTS_CALL (HF_RIGHT_CALL | HF_RIGHT_GRANT)
#define RIGHTS_ENDPOINT (HF_RIGHT_CALL | HF_RIGHT_RECEIVE | HF_RIGHT_NOTIFY | HF_RIGHT_GRANT | HF_RIGHT_MINT)
