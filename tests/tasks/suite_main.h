/* What suite.h declares; included by one file of each program of tests. */
#pragma once

#include <number.h>

#include "suite_role.h"

/* Whoever has ended by itself, and not been asked why, must have meant to. Some may not
 * have got there yet, so nothing is noted. */
static void judge_ended_roles(void) {
    for (unsigned i = 0; i < suite.role_count; i++) {
        if (!suite.roles[i].ended && role_info(i).state == HF_INFO_ENDED) {
            want_end(i, HF_EXIT_CODE, 0, __LINE__);
        }
    }
}

static void end_roles(void) {
    for (unsigned i = 0; i < suite.role_count; i++) {
        if (suite.roles[i].ended) continue;
        hf_status_t status = mem_kill(role_handle(i));
        WANT(status == HF_OK || status == HF_DEAD); /* dead: because another one was ended */
        role_end(i);
    }
}

static int run_test(const struct suite_test *test) {
    suite.test = test->name;
    suite.reports = new_endpoint();
    test->run();
    judge_ended_roles();
    end_roles();
    if (suite.failures == 0) {
        print_notes();
        printf("ok %s\n", suite.test);
    }
    return suite.failures != 0;
}

static int run_role(int argc, char **argv) {
    uint64_t function = 0, argument = 0;
    suite.is_role = true;
    if (argc != 5 || !number_parse(argv[3], UINT64_MAX, &function) || !number_parse(argv[4], UINT64_MAX, &argument)) {
        puts("not ok: only a test can start a role");
        return 2;
    }
    suite.test = argv[2];
    int code = ((role_function *)function)(argument);
    return suite.failures != 0 ? 1 : code;
}

static int run_all(const struct suite_test *const groups[]) {
    unsigned count = 0, failed = 0;
    for (; *groups; groups++) {
        for (const struct suite_test *test = *groups; test->name; test++) {
            struct hf_exit how = {0};
            hf_status_t status = mem_run(suite.program, (const char *[]){test->name, NULL}, &how);
            bool good = status == HF_OK && how.how == HF_EXIT_CODE && how.code == 0;
            if (!good) {
                char text[HF_EXIT_TEXT_BYTES] = "";
                hf_exit_text(&how, text, sizeof text);
                printf("not ok %s: %s, %s\n", test->name, hf_status_name(status), text);
            }
            count++;
            failed += !good;
        }
    }
    printf("%s: %u tests, %u failed\n", suite.program, count, failed);
    return failed != 0;
}

static int list(const struct suite_test *const groups[]) {
    for (; *groups; groups++) {
        for (const struct suite_test *test = *groups; test->name; test++) {
            puts(test->name);
        }
    }
    return 0;
}

int suite_main(const char *program, const struct suite_test *const groups[], int argc, char **argv) {
    const char *wanted = argc > 1 ? argv[1] : "";
    suite.program = program;
    if (strcmp(wanted, "role") == 0) return run_role(argc, argv);
    if (strcmp(wanted, "list") == 0) return list(groups);
    if (strcmp(wanted, "all") == 0) return run_all(groups);
    for (; *groups; groups++) {
        for (const struct suite_test *test = *groups; test->name; test++) {
            if (strcmp(wanted, test->name) == 0) return run_test(test);
        }
    }
    printf("Usage: %s NAME|list|all\n", program);
    return 2;
}
