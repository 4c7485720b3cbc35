/* Results of a test program, a line each: "ok NAME" or "not ok NAME: why". */
#ifndef TASKS_CHECK_H
#define TASKS_CHECK_H

#include <mem.h>
#include <stdbool.h>
#include <stdio.h>

static unsigned check_failures;

static inline void check(bool good, const char *name) {
    printf("%s %s\n", good ? "ok" : "not ok", name);
    check_failures += !good;
}

static inline void check_status(hf_status_t got, hf_status_t wanted, const char *name) {
    if (got == wanted) {
        check(true, name);
        return;
    }
    printf("not ok %s: %s, not %s\n", name, hf_status_name(got), hf_status_name(wanted));
    check_failures++;
}

/* What main returns. */
static inline int check_result(void) { return check_failures != 0; }

#endif
