/* explore [--states N] [--depth N] [--all-bytes] [--quiet] [--from NAME]
 *
 * Visits every state that can be reached, from boot or from a prepared state, and judges each. */
#include "judge.h"
#include "prepare.h"
#include "search.h"
#include "state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool report(const char *from, const struct found *found, double start) {
    printf("%-14s %9llu states %12llu calls, %2.0f %% granted, %2u calls deep, %6.1f s: %s\n", from,
           (unsigned long long)found->states, (unsigned long long)found->calls,
           found->calls ? 100.0 * (double)found->granted / (double)found->calls : 0, found->depth, seconds() - start,
           found->wrong       ? "VIOLATION"
           : found->exhausted ? "exhausted, 0 violations"
                              : "not exhausted, 0 violations");
    fflush(stdout);
    return !found->wrong;
}

static bool run(const struct prepared *from, const struct search *search, bool fresh) {
    double start = seconds();
    if (!from->make()) {
        printf("%s: can't be prepared\n", from->name);
        return false;
    }
    struct found found = search_from_here(search, fresh);
    return report(from->name, &found, start);
}

static bool report_reached(const uint8_t *wanted) {
    bool all = true;
    for (unsigned i = 0; i < REACHED_COUNT; i++) {
        bool missing = wanted[i] && judge_reached[i] == 0;
        printf("  %9llu  %s%s\n", (unsigned long long)judge_reached[i], judge_reached_text[i],
               missing ? ": NOT REACHED" : "");
        all = all && !missing;
    }
    return all;
}

static struct search options(int count, char **arguments, const char **from) {
    struct search search = {0};
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--all-bytes") == 0) {
            search.all_bytes = true;
        } else if (strcmp(arguments[i], "--quiet") == 0) {
            search.quiet = true;
        } else if (i + 1 < count && strcmp(arguments[i], "--states") == 0) {
            search.most_states = strtoull(arguments[++i], NULL, 0);
        } else if (i + 1 < count && strcmp(arguments[i], "--depth") == 0) {
            search.most_depth = (unsigned)strtoul(arguments[++i], NULL, 0);
        } else if (i + 1 < count && strcmp(arguments[i], "--from") == 0) {
            *from = arguments[++i];
        } else {
            fputs("usage: explore [--states N] [--depth N] [--all-bytes] [--quiet] [--from NAME]\n", stderr);
            exit(2);
        }
    }
    return search;
}

int main(int count, char **arguments) {
    const char *from = NULL;
    bool good = true;
    unsigned runs = 0;
    struct search search = options(count, arguments, &from);
    state_boot();
    printf("%u levels of %u entries, %u frames, %u of them the core's\n", TABLE_LEVELS, MACHINE_RUN, MACHINE_FRAMES,
           MACHINE_CORE);
    for (const struct prepared *one = prepared; one->name && good; one++) {
        if (from ? strcmp(from, one->name) != 0 : !one->usual) continue;
        good = run(one, &search, true);
        runs++;
    }
    if (good && runs && !from) good = report_reached(prepared_reaches);
    return good && runs ? 0 : 1;
}
