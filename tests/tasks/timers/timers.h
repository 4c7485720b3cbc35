/* The timer server's tests: timers WHAT; each prints results, and figures as "# ...". */
#ifndef TASKS_TIMERS_H
#define TASKS_TIMERS_H

#include <handoff/timer.h>
#include <ipc.h>
#include <mem.h>
#include <timer.h>

#include "../check.h"

#define SECOND TIMER_SECOND
#define MILLISECOND TIMER_MILLISECOND

/* The server, for messages that the library wouldn't send. */
extern hf_handle_t server;

/* One message with one word: the status in the reply. */
hf_status_t ask(uint32_t label, uint64_t word);

struct server_stat {
    uint64_t sleepers, periodics, interrupts;
};
struct server_stat server_stat(void);

/* A handle to notify `endpoint` with these bits. */
hf_handle_t notify_handle(hf_handle_t endpoint, hf_badge_t bits);

/* Ends the program: nothing can be tested. */
_Noreturn void give_up(const char *what, hf_status_t status);
void must(hf_status_t status, const char *what);

/* Starts this program once more, in another role, with an argument and, unless it is 0,
 * a handle. */
struct mem_task start_role(const char *role, uint64_t argument, hf_handle_t handle);

/* Waits for its end; the code that it ended with. */
int64_t finish_role(const struct mem_task *task);

/* ---- what is tested: "timers NAME" ---- */

void test_bad(void);
void test_sleep(void);
void test_long(void);
void test_order(void);
void test_slots(void);
void test_killed(void);
void test_periodic(void);
void test_missed(void);
void test_owner(void);
void test_stat(void);

/* ---- roles: "timers NAME ARGUMENT" ---- */

int role_sleeper(uint64_t until); /* sleeps, then says so through its handle */
int role_forever(uint64_t unused);
int role_cancel(uint64_t others);
int role_leave(uint64_t period); /* ends and leaves a periodic timer of its own endpoint behind */

#endif
