#include <number.h>
#include <stdlib.h>
#include <string.h>

#include "timers.h"

hf_handle_t server;

hf_status_t ask(uint32_t label, uint64_t word) {
    struct hf_message message = {.label = label, .word = {word}};
    hf_status_t status = hf_call(server, &message);
    return status == HF_OK ? (hf_status_t)message.label : status;
}

struct server_stat server_stat(void) {
    struct hf_message message = {.label = HF_TIMER_STAT};
    must(hf_call(server, &message), "asking the server");
    return (struct server_stat){message.word[0], message.word[1], message.word[2]};
}

hf_handle_t notify_handle(hf_handle_t endpoint, hf_badge_t bits) {
    hf_handle_t notify = HF_SLOT_ANY;
    must(hf_handle_copy(endpoint, HF_RIGHT_NOTIFY | HF_RIGHT_GRANT, bits, &notify), "copying a handle");
    return notify;
}

_Noreturn void give_up(const char *what, hf_status_t status) {
    printf("not ok %s: %s\n", what, hf_status_name(status));
    exit(EXIT_FAILURE);
}

void must(hf_status_t status, const char *what) {
    if (status != HF_OK) {
        give_up(what, status);
    }
}

struct mem_task start_role(const char *role, uint64_t argument, hf_handle_t handle) {
    char text[24];
    struct mem_task task;
    struct mem_spawn_options options = {.console = HF_SLOT_CONSOLE, .handle_count = handle != 0, .handles = {handle}};
    snprintf(text, sizeof text, "%lu", argument);
    must(mem_spawn("timers", (const char *[]){role, text, NULL}, &options, &task), role);
    return task;
}

int64_t finish_role(const struct mem_task *task) {
    struct hf_exit how;
    must(mem_wait(task->handle, &how), "waiting for a task");
    must(hf_handle_close(task->handle), "closing a task's handle");
    return how.how == HF_EXIT_CODE ? how.code : -1;
}

void test_stat(void) {
    struct server_stat stat = server_stat();
    printf("# %lu sleepers, %lu periodic timers, %lu interrupts\n", stat.sleepers, stat.periodics, stat.interrupts);
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    {"bad", test_bad},     {"sleep", test_sleep},   {"long", test_long},         {"order", test_order},
    {"slots", test_slots}, {"killed", test_killed}, {"periodic", test_periodic}, {"missed", test_missed},
    {"owner", test_owner}, {"stat", test_stat},
};

static const struct {
    const char *name;
    int (*run)(uint64_t argument);
} roles[] = {
    {"sleeper", role_sleeper},
    {"forever", role_forever},
    {"cancel", role_cancel},
    {"leave", role_leave},
};

/* Without a name: all of them. */
static int run_tests(const char *name) {
    bool any = false;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (name == NULL || strcmp(name, tests[i].name) == 0) {
            tests[i].run();
            any = true;
        }
    }
    return any ? check_result() : 2;
}

static int run_role(const char *name, const char *argument) {
    uint64_t number;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(name, roles[i].name) == 0 && number_parse(argument, UINT64_MAX, &number)) {
            return roles[i].run(number);
        }
    }
    return 2;
}

int main(int argc, char **argv) {
    must(mem_lookup(HF_TIMER_NAME, &server), "finding the timer server");
    return argc > 2 ? run_role(argv[1], argv[2]) : run_tests(argv[1]);
}
