/* What suite_main.h consists of: the state of a program of tests, notes and judgements. */
#pragma once

#include <stdlib.h>

#include "suite.h"

#define LOG_BYTES 16384u

struct role {
    struct mem_task task;
    bool ended;
    struct hf_exit how;
};

static struct {
    const char *program, *test;
    bool is_role;
    unsigned failures;
    hf_handle_t reports;
    hf_handle_t settled; /* 0 until it is needed first */
    unsigned role_count;
    struct role roles[ROLES];
    size_t log_used;
    char log[LOG_BYTES];
} suite;

/* ---- judging ---- */

void note(const char *format, ...) {
    va_list arguments;
    size_t room = LOG_BYTES - suite.log_used;
    if (suite.is_role) return;
    va_start(arguments, format);
    int length = vsnprintf(suite.log + suite.log_used, room, format, arguments);
    va_end(arguments);
    if ((size_t)length + 1 < room) {
        suite.log_used += (size_t)length;
        suite.log[suite.log_used++] = '\n';
    }
}

/* Only now: printing uses the IPC buffer, and calls another task. */
static void print_notes(void) {
    suite.log[suite.log_used] = '\0';
    for (char *line = suite.log; *line;) {
        char *end = strchr(line, '\n');
        *end = '\0';
        printf("# %s\n", line);
        line = end + 1;
    }
    suite.log_used = 0;
}

static void fail(int line, const char *why) {
    if (suite.failures++ == 0) {
        print_notes();
    }
    printf("not ok %s: %s%s (line %d)\n", suite.test, suite.is_role ? "a role: " : "", why, line);
}

bool suite_want(bool good, const char *what, int line) {
    if (!good) {
        fail(line, what);
    }
    return good;
}

bool suite_want_status(hf_status_t got, hf_status_t wanted, const char *what, int line) {
    char text[256];
    note("%s: %s", what, hf_status_name(got));
    snprintf(text, sizeof text, "%s: %s, not %s", what, hf_status_name(got), hf_status_name(wanted));
    return suite_want(got == wanted, text, line);
}

bool suite_want_number(uint64_t got, uint64_t wanted, const char *what, int line) {
    char text[256];
    note("%s: 0x%lx", what, got);
    snprintf(text, sizeof text, "%s: 0x%lx, not 0x%lx", what, got, wanted);
    return suite_want(got == wanted, text, line);
}

/* ---- messages ---- */

struct hf_message pattern(unsigned seed) {
    struct hf_message message = {.label = 0x1000 + seed};
    for (unsigned i = 0; i < HF_MESSAGE_WORDS; i++) {
        message.word[i] = 0x9e3779b97f4a7c15ul * (seed * HF_MESSAGE_WORDS + i + 1);
    }
    return message;
}

bool is_pattern(const struct hf_message *message, unsigned seed) {
    struct hf_message wanted = pattern(seed);
    return memcmp(message, &wanted, sizeof wanted) == 0;
}
