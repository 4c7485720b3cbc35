#include "report.h"

#include "reach.h"
#include "state.h"
#include <stdio.h>
#include <time.h>

void report_start(void) {
    state_boot();
    printf("%u levels of %u entries, %u frames, %u of them the core's\n", TABLE_LEVELS, MACHINE_RUN, MACHINE_FRAMES,
           MACHINE_CORE);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell(enum prepared_name name, const struct found *found, double start) {
    printf("%-8s %9llu states %12llu transitions, %12llu calls refused, %2u calls deep, %6.1f s: ",
           prepared_names[name], (unsigned long long)found->states, (unsigned long long)found->granted,
           (unsigned long long)(found->calls - found->granted), found->depth, seconds() - start);
    if (found->wrong) {
        printf("VIOLATION\n");
    } else if (found->border) {
        printf("0 violations, nor in %llu states behind\n", (unsigned long long)found->border);
    } else {
        printf("0 violations, exhausted\n");
    }
    fflush(stdout);
}

bool report_search(enum prepared_name name, const struct search *search) {
    double start = seconds();
    if (!prepared_fits(name) || !prepared_make(name)) {
        printf("%s: can't be prepared\n", prepared_names[name]);
        return false;
    }
    struct found found = search_from_here(search);
    tell(name, &found, start);
    return !found.wrong;
}

bool report_reached(void) {
    bool all = true;
    for (enum reached what = 0; what < REACHED_COUNT; what++) {
        bool missing = reach_wanted(what) && reached_states[what] == 0;
        printf("  %9llu  %s%s\n", (unsigned long long)reached_states[what], reached_texts[what],
               missing ? ": NOT REACHED" : "");
        all = all && !missing;
    }
    return all;
}
