/* Plays: actors of given priorities follow scripts, and the order in which they say
 * their letters is the record that a test judges.
 *
 * A script is words separated by blanks. The endpoints are a, b, c and d; a word
 * whose answer isn't what it should be says '!'.
 *
 *     say:X        puts X into the record
 *     call:aX      calls a with the letter X (or without); dead:a  the same, and it must be HF_DEAD
 *     take:a       receives a call or bits there; hear:a  the same, and says the letter that came
 *     reply        answers it; next:a, nexthear:a  answer it and receive the next one
 *     hold         sets it aside; answer  answers the one that was set aside last
 *     notify:a     sets a bit there
 *     yield        gives the processor away
 *     start        agrees with all who say so on a time; spin  computes until then; pause  yields until then
 *     touch        takes a page fault that memsrv serves
 *     kill:N       ends the N-th actor of the play, counted from 0; die  ends by an exception
 *
 * The test is the recorder: its priority is above that of every actor, so that to
 * say something doesn't change whose turn it is. */
#pragma once

#include "../suite.h"

struct part {
    unsigned priority; /* 0: what was started so far goes on until all wait or have ended */
    const char *script;
};

#define SETTLE \
    { 0, "" }
#define PLAY_END \
    { 0, NULL }

/* What is wanted of the record. A timer tick at a bad moment changes the turns of equals: when
 * an actor had one, the play is given again. */
void play(const struct part *parts, const char *wanted, int line);
#define PLAY(wanted, ...) play((const struct part[]){__VA_ARGS__, PLAY_END}, wanted, __LINE__)

/* For plays in which actors compute: given once, whatever ticks there are. */
void play_once(const struct part *parts, const char *wanted, int line);
#define PLAY_ONCE(wanted, ...) play_once((const struct part[]){__VA_ARGS__, PLAY_END}, wanted, __LINE__)

/* Timer ticks of the N-th actor of the last play. */
uint64_t actor_ticks(unsigned actor);

/* For tests that make an actor of their own: the letters that are said until all
 * is quiet; and in a role that was given the stage's handles, to say one. */
const hf_handle_t *stage_handles(void);
const char *stage_record(void);
void stage_say(char letter);

/* How long actors compute. */
#define WINDOW_NANOSECONDS 120000000ul
