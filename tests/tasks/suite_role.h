/* What suite_main.h consists of: roles, seen from their test. */
#pragma once

#include "suite_judge.h"

#define AWAIT_NANOSECONDS 3000000000ul
#define PRIORITY_OF_SETTLER 1u

/* Ends the task, and its roles, when something is missing without which nothing can be tested. */
static hf_handle_t must_have(hf_status_t status, hf_handle_t handle, const char *what) {
    if (status == HF_OK) return handle;
    fail(__LINE__, what);
    for (unsigned i = 0; i < suite.role_count; i++) {
        (void)!mem_kill(suite.roles[i].task.handle);
    }
    exit(1);
}

hf_handle_t new_endpoint(void) {
    hf_handle_t endpoint = 0;
    hf_status_t status = mem_endpoint_create(&endpoint);
    return must_have(status, endpoint, "no endpoint");
}

hf_handle_t new_handle(hf_handle_t handle, unsigned rights, hf_badge_t badge) {
    hf_handle_t copy = HF_SLOT_ANY;
    hf_status_t status = hf_handle_copy(handle, rights, badge, &copy);
    return must_have(status, copy, "no handle");
}

unsigned role_start(role_function *role, uint64_t argument, unsigned priority, const hf_handle_t *handles) {
    char function[24], number[24];
    const char *const argv[] = {"role", suite.test, function, number, NULL};
    struct mem_spawn_options options = {.priority = priority, .console = HF_SLOT_CONSOLE, .handle_count = 1};
    unsigned index = suite.role_count;
    must_have(index < ROLES ? HF_OK : HF_NO_MEMORY, 0, "too many roles");
    options.handles[0] = new_handle(suite.reports, RIGHTS_CALL, index + 1);
    while (*handles != 0 && options.handle_count < HF_SPAWN_HANDLES) {
        options.handles[options.handle_count++] = *handles++;
    }
    snprintf(function, sizeof function, "%lu", (uint64_t)role);
    snprintf(number, sizeof number, "%lu", argument);
    suite.roles[index] = (struct role){0};
    must_have(mem_spawn(suite.program, argv, &options, &suite.roles[index].task), 0, "a role can't be started");
    must_have(hf_handle_close(options.handles[0]), 0, "a handle can't be closed");
    suite.role_count++;
    return index;
}

hf_status_t report_message(struct hf_message *message) { return hf_call(SLOT_REPORT, message); }

void report(uint64_t first, uint64_t second) {
    struct hf_message message = {.word = {first, second}};
    WANT_OK(report_message(&message));
}

unsigned take_report(struct hf_message *message) {
    struct hf_sender sender = {0};
    hf_status_t status = hf_receive(suite.reports, message, &sender);
    must_have(status == HF_OK ? hf_reply(&(struct hf_message){0}) : status, 0, "no report can be received");
    return (unsigned)sender.badge - 1;
}

bool suite_want_report(unsigned role, uint64_t first, uint64_t second, int line) {
    struct hf_message message = {0};
    unsigned from = take_report(&message);
    bool good = suite_want_number(from, role, "a report from role", line);
    good = suite_want_number(message.word[0], first, "its first word", line) && good;
    return suite_want_number(message.word[1], second, "its second word", line) && good;
}

/* Gets the processor when nobody else of the test wants it, and says so. */
static int settler(uint64_t argument) {
    (void)argument;
    for (;;) {
        struct hf_message message = {0};
        if (!WANT_OK(hf_call(SLOT_A, &message))) return 1;
    }
}

void settle(void) {
    struct hf_message message;
    if (suite.settled == 0) {
        suite.settled = new_endpoint();
        START_AT(PRIORITY_OF_SETTLER, settler, 0, suite.settled);
    }
    /* The first call may be from before: the second one is not. */
    for (unsigned i = 0; i < 2; i++) {
        hf_status_t status = hf_receive(suite.settled, &message, NULL);
        must_have(status == HF_OK ? hf_reply(&message) : status, 0, "settle: nobody says that all are quiet");
    }
}

/* Calls `visit` for the test itself and for each of its roles that memsrv knows. */
static void visit_tasks(void (*visit)(const struct hf_task_info *info, struct hf_task_info *found),
                        struct hf_task_info *found) {
    static struct hf_task_info infos[MEM_TASKS_AT_ONCE];
    uint64_t cursor = 0;
    size_t count = 0;
    do {
        must_have(mem_tasks(&cursor, infos, &count), 0, "memsrv doesn't tell what tasks there are");
        for (size_t i = 0; i < count; i++) {
            visit(&infos[i], found);
        }
    } while (cursor != 0);
}

static void take_if_it(const struct hf_task_info *info, struct hf_task_info *found) {
    if (info->number == found->number) {
        *found = *info;
    }
}

struct hf_task_info role_info(unsigned role) {
    struct hf_task_info info = {.number = role_number(role), .state = HF_INFO_ENDED};
    visit_tasks(take_if_it, &info);
    return info;
}

hf_handle_t role_handle(unsigned role) { return suite.roles[role].task.handle; }

uint64_t role_number(unsigned role) { return suite.roles[role].task.number; }

/* Numbers grow: all roles came after their test. */
static void take_if_first(const struct hf_task_info *info, struct hf_task_info *found) {
    if (info->number < found->number) {
        *found = *info;
    }
}

unsigned own_priority(void) {
    struct hf_task_info info = {.number = UINT64_MAX};
    visit_tasks(take_if_first, &info);
    return info.priority;
}

static const char *state_name(uint32_t state) {
    static const char *const names[] = {"runs", "sends", "receives", "waits", "stopped", "ended"};
    return state < sizeof names / sizeof *names ? names[state] : "?";
}

bool suite_want_state(unsigned role, enum hf_info_state state, int line) {
    char text[64];
    uint32_t found = role_info(role).state;
    note("role %u: %s", role, state_name(found));
    snprintf(text, sizeof text, "role %u %s, not %s", role, state_name(found), state_name(state));
    return suite_want(found == state, text, line);
}

bool suite_await_state(unsigned role, enum hf_info_state state, int line) {
    for (uint64_t start = hf_clock(); hf_clock() - start < AWAIT_NANOSECONDS; hf_yield()) {
        if (role_info(role).state == state) break;
    }
    return suite_want_state(role, state, line);
}

struct hf_exit role_end(unsigned index) {
    struct role *role = &suite.roles[index];
    if (!role->ended) {
        must_have(mem_wait(role->task.handle, &role->how), 0, "a role can't be waited for");
        must_have(hf_handle_close(role->task.handle), 0, "its handle can't be closed");
        role->ended = true;
        WANT(role->how.left.pages + role->how.left.tables + role->how.left.objects == 0);
    }
    return role->how;
}

static bool want_end(unsigned index, enum hf_exit_how how, int64_t code, int line) {
    char text[HF_EXIT_TEXT_BYTES + 32], end[HF_EXIT_TEXT_BYTES];
    struct hf_exit got = role_end(index);
    hf_exit_text(&got, end, sizeof end);
    snprintf(text, sizeof text, "role %u: %s", index, end);
    return suite_want(got.how == how && got.code == code, text, line);
}

static void note_end(unsigned index) {
    struct hf_exit how = role_end(index);
    note("role %u ended: %u, code %ld", index, how.how, how.code);
}

bool suite_want_code(unsigned role, int64_t code, int line) {
    note_end(role);
    return want_end(role, HF_EXIT_CODE, code, line);
}

bool suite_kill(unsigned role, int line) {
    bool good = suite_want_status(mem_kill(role_handle(role)), HF_OK, "kill a role", line);
    note_end(role);
    return want_end(role, HF_EXIT_KILLED, 0, line) && good;
}
