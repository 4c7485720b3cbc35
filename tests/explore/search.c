#include "search.h"

#include "caches.h"
#include "calls.h"
#include "effect.h"
#include "judge.h"
#include "reach.h"
#include "state.h"
#include "visited.h"
#include "words.h"
#include <stdlib.h>
#include <string.h>

static const struct search *wanted;
static struct found found;
static struct call calls[CALLS_MOST];

/* ---- The way to a state ---- */

#define WAY_MOST 200u

static void tell_way(const struct call *last, hf_status_t status) {
    uint32_t way[WAY_MOST];
    unsigned steps = 0;
    struct hf_result result;
    for (uint32_t at = visited_current(); visited_parent(at) != at && steps < WAY_MOST; at = visited_parent(at)) {
        way[steps++] = at;
    }
    printf("\nVIOLATION: %s\n", found.wrong);
    state_load(visited_start());
    for (unsigned i = 1; steps > 0; i++) {
        unsigned number = visited_call(way[--steps]);
        calls_list(calls);
        struct call step = calls[number];
        printf("%4u  ", i);
        words_call(stdout, &step, calls_make(&step, &result));
        static uint8_t bytes[STATE_BYTES];
        state_save(bytes);
        state_load(bytes);
    }
    if (!last) return;
    printf("then  ");
    words_call(stdout, last, status);
}

static void fail(const char *wrong, const struct call *call, hf_status_t status) {
    if (found.wrong) return;
    struct call copy = call ? *call : (struct call){0};
    static char text[256];
    snprintf(text, sizeof text, "%s", wrong);
    found.wrong = text;
    tell_way(call ? &copy : NULL, status);
}

/* ---- One call ---- */

static void try_granted(const struct call *call, unsigned number, hf_status_t status, const struct hf_result *result) {
    static uint8_t bytes[STATE_BYTES];
    found.granted++;
    const char *wrong = caches_wrong();
    if (!wrong) wrong = effect_wrong(call, status, result);
    if (!wrong) wrong = judge_pages();
    if (!wrong && visited_add(state_hash())) {
        wrong = judge_state();
        if (!wrong) visited_put(number, bytes, state_save(bytes));
    }
    if (wrong) fail(wrong, call, status);
    state_return();
}

static void try_call(unsigned number) {
    struct hf_result result;
    const struct call *call = &calls[number];
    hf_status_t status = calls_make(call, &result);
    found.calls++;
    if (status == HF_OK || status == HF_AGAIN) {
        try_granted(call, number, status, &result);
    } else if (caches_used() || state_changed(wanted->all_bytes)) {
        fail("I12: a refused call has changed something", call, status);
    }
}

/* ---- All of them ---- */

static void try_state(void) {
    const uint8_t *bytes = visited_bytes();
    reach_note();
    state_keep(wanted->all_bytes);
    const char *wrong = judge_drain();
    if (wrong) fail(wrong, NULL, HF_OK);
    state_load(bytes);
    state_keep(wanted->all_bytes);
    unsigned count = calls_list(calls);
    if (count >= CALLS_MOST) abort();
    for (unsigned i = 0; i < count && !found.wrong; i++) try_call(i);
}

static bool is_enough(void) {
    bool deep = wanted->most_depth && visited_depth() >= wanted->most_depth;
    return deep || (wanted->most_states && found.states >= wanted->most_states);
}

static void tell_progress(void) {
    if (wanted->quiet || found.states % 100000 != 0) return;
    fprintf(stderr, "%llu states, %llu to do, depth %u\n", (unsigned long long)found.states,
            (unsigned long long)visited_waiting(), visited_depth());
}

struct found search_from_here(const struct search *search) {
    static uint8_t bytes[STATE_BYTES];
    wanted = search;
    found = (struct found){0};
    size_t length = state_save(bytes);
    state_load(bytes);
    const char *wrong = judge_state();
    visited_begin(bytes, length);
    (void)visited_add(state_hash());
    if (wrong) fail(wrong, NULL, HF_OK);
    while (!found.wrong && visited_next()) {
        if (is_enough()) {
            found.border = visited_waiting();
            break;
        }
        found.states++;
        found.depth = visited_depth();
        state_load(visited_bytes());
        try_state();
        tell_progress();
    }
    return found;
}
