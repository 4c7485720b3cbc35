/* The timer server's protocol. libipc's <timer.h> has a function for each label.
 *
 * Each reply's label is an hf_status_t. Times are nanoseconds. Words that a label
 * doesn't use must be zero, and nothing may come along that it doesn't take: no
 * bytes, and no handle but PERIODIC's; else the answer is HF_BAD_ARGUMENT. */
#pragma once

/* X(label, function, words that it uses, handles that it takes, request -> reply) */
#define HF_TIMER_LABEL_LIST(X) \
    X(SLEEP, sleep, 1, 0, "word 0: how long, at most HF_TIMER_SLEEP_MAX -> when so much time has passed") \
    X(PERIODIC, periodic, 1, 1, \
      "word 0: period, at least HF_TIMER_PERIOD_MIN, handle: with NOTIFY, its bits are set at the end of each period " \
      "-> word 0: the timer's number") \
    X(CANCEL, cancel, 1, 0, "word 0: number of a periodic timer that the sender made ->") \
    X(STAT, stat, 0, 0, "-> word 0: who sleeps, 1: periodic timers, 2: interrupts since the server's start")

enum hf_timer_label {
    HF_TIMER_NONE,
#define X(upper, lower, words, handles, text) HF_TIMER_##upper,
    HF_TIMER_LABEL_LIST(X)
#undef X
        HF_TIMER_COUNT,
    /* From the server to who started it -> word 0: HF_OK when it has registered its
     * name, else why it ends now. */
    HF_TIMER_STARTED,
};

/* The name that it registers. */
#define HF_TIMER_NAME "timer"

/* The handles that it is given, in order from HF_SLOT_GIVEN on. */
enum hf_timer_given {
    HF_TIMER_GIVEN_STARTER, /* CALL: whom to send HF_TIMER_STARTED */
    HF_TIMER_GIVEN_PORTS,   /* the PIT's */
    HF_TIMER_GIVEN_IRQ,
    HF_TIMER_GIVEN_COUNT,
};

/* Each sleep takes one of the server's handle slots, and one whose task was killed
 * keeps it until its time has come. So single ones are short, and timer_sleep asks
 * for as many as it needs. */
#define HF_TIMER_SLEEP_MAX 2000000000ul
#define HF_TIMER_PERIOD_MIN 1000000ul

/* Periodic timers that there can be, of all tasks and of one. */
#define HF_TIMER_PERIODICS 32u
#define HF_TIMER_PERIODICS_EACH 8u
