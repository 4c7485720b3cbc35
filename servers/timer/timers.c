#include "timers.h"

#include <handoff/handle.h>
#include <handoff/timer.h>
#include <ipc.h>

struct timer {
    struct timer *next;
    uint64_t deadline; /* hf_clock */
    uint64_t period;   /* 0: a sleeper */
    hf_serial_t owner; /* PERIODIC: who made it ... */
    uint64_t number;   /* ... and gets this to cancel it */
};

/* By the handle that each has: a sleeper its REPLY, a periodic one what to notify. */
static struct timer timers[HF_HANDLE_COUNT];

static struct timer *pending; /* by deadline; of those with the same, the oldest first */
static struct timers_stat stat;
static uint64_t last_number;

static uint64_t add_saturated(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

static hf_handle_t handle_of(const struct timer *timer) { return (hf_handle_t)(timer - timers); }

static void insert(struct timer *timer) {
    struct timer **link = &pending;
    while (*link != NULL && (*link)->deadline <= timer->deadline) {
        link = &(*link)->next;
    }
    timer->next = *link;
    *link = timer;
}

hf_status_t timers_sleep(uint64_t now, uint64_t nanoseconds) {
    hf_handle_t reply = HF_SLOT_ANY;
    hf_status_t status = hf_hold(&reply);
    if (status != HF_OK) return status;
    timers[reply] = (struct timer){.deadline = add_saturated(now, nanoseconds)};
    insert(&timers[reply]);
    stat.sleepers++;
    return HF_OK;
}

static unsigned count_of(hf_serial_t owner) {
    unsigned count = 0;
    for (const struct timer *timer = pending; timer != NULL; timer = timer->next) {
        count += timer->period != 0 && timer->owner == owner;
    }
    return count;
}

hf_status_t timers_repeat(uint64_t now, uint64_t period, hf_handle_t notify, hf_serial_t owner, uint64_t *number) {
    if (stat.periodics == HF_TIMER_PERIODICS || count_of(owner) == HF_TIMER_PERIODICS_EACH) return HF_NO_MEMORY;
    *number = ++last_number;
    timers[notify] =
        (struct timer){.deadline = add_saturated(now, period), .period = period, .owner = owner, .number = last_number};
    insert(&timers[notify]);
    stat.periodics++;
    return HF_OK;
}

static void end_periodic(const struct timer *timer) {
    hf_status_t status = hf_handle_close(handle_of(timer));
    (void)status; /* there is nothing to undo */
    stat.periodics--;
}

hf_status_t timers_cancel(uint64_t number, hf_serial_t owner) {
    struct timer **link = &pending;
    while (*link != NULL && ((*link)->period == 0 || (*link)->number != number)) {
        link = &(*link)->next;
    }
    struct timer *timer = *link;
    if (timer == NULL) return HF_NOT_FOUND;
    if (timer->owner != owner) return HF_DENIED;
    *link = timer->next;
    end_periodic(timer);
    return HF_OK;
}

/* Periods are counted from the first one on, so lateness doesn't add up; those that
 * have passed unnoticed are left out. */
static void tick(struct timer *timer, uint64_t now) {
    if (hf_notify(handle_of(timer)) != HF_OK) {
        end_periodic(timer);
        return;
    }
    uint64_t passed = (now - timer->deadline) / timer->period * timer->period;
    timer->deadline = add_saturated(timer->deadline + passed, timer->period);
    insert(timer);
}

static void wake(const struct timer *timer) {
    hf_status_t status = hf_reply_held(handle_of(timer), &(struct hf_message){.label = HF_OK});
    (void)status; /* whoever slept may have ended meanwhile; the slot is free all the same */
    stat.sleepers--;
}

/* Whose call is answered last runs first, so sleepers are answered in the reverse
 * of their order. */
void timers_expire(uint64_t now) {
    struct timer *sleepers = NULL;
    while (pending != NULL && pending->deadline <= now) {
        struct timer *timer = pending;
        pending = timer->next;
        if (timer->period != 0) {
            tick(timer, now);
        } else {
            timer->next = sleepers;
            sleepers = timer;
        }
    }
    while (sleepers != NULL) {
        struct timer *timer = sleepers;
        sleepers = timer->next;
        wake(timer);
    }
}

uint64_t timers_next(void) { return pending != NULL ? pending->deadline : UINT64_MAX; }

struct timers_stat timers_count(void) {
    return stat;
}
