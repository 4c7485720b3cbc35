#include "jobs.h"

#include <handoff/names.h>
#include <ipc.h>
#include <mem.h>
#include <stdio.h>

#include "show.h"
#include "tasks.h"

#define BACKGROUND_MAX 32u

/* Below the servers' and the shell's: these work little at a time, and others wait for
 * them while a program may compute for ever. */
#define PROGRAM_PRIORITY 100u

/* The ones in the background that have not been reported yet. */
static struct mem_task background[BACKGROUND_MAX];
static size_t background_count;

/* False, and says why, when it can't be started. */
static bool start(char **words, uint64_t quota, struct mem_task *task) {
    const struct mem_spawn_options options = {.quota = quota, .priority = PROGRAM_PRIORITY, .console = HF_SLOT_CONSOLE};
    hf_status_t status = mem_spawn(words[0], (const char *const *)words + 1, &options, task);
    if (status == HF_NOT_FOUND) {
        printf("There is no program called \"%s\".\n", words[0]);
    } else if (status != HF_OK) {
        printf("%s can't be started: %s (%s).\n", words[0], hf_status_text(status), hf_status_name(status));
    }
    return status == HF_OK;
}

/* It was waited for, with this answer. False, and says why, when it isn't known how it ended. */
static bool forget(const struct mem_task *task, hf_status_t status) {
    if (status != HF_OK) {
        printf("Task %lu can't be waited for: %s.\n", task->number, hf_status_text(status));
    }
    hf_status_t closed = hf_handle_close(task->handle);
    return status == HF_OK && closed == HF_OK;
}

bool job_run(char **words, uint64_t quota, struct hf_exit *how) {
    struct mem_task task;
    return start(words, quota, &task) && forget(&task, mem_wait(task.handle, how));
}

static void print_place(uint64_t address) {
    char name[HF_NAME_TEXT_BYTES];
    bool known = mem_name_of(address, name, sizeof name) == HF_OK;
    printf("  0x%lx%s%s\n", address, known ? "  " : "", known ? name : "");
}

/* Of a caller, the last byte of the CALL is shown: what is behind it may belong to another function. */
static void print_trace(const struct hf_exit *how) {
    if (how->how == HF_EXIT_FAULT) show_walk(how->address, how->entry, 0);
    print_place(how->rip);
    for (unsigned i = 0; i < HF_EXIT_CALLERS && how->callers[i] != 0; i++) {
        print_place(how->callers[i] - 1);
    }
}

void job_print_end(const struct hf_exit *how) {
    char text[HF_EXIT_TEXT_BYTES];
    hf_exit_text(how, text, sizeof text);
    puts(text);
    if (how->how == HF_EXIT_FAULT || how->how == HF_EXIT_EXCEPTION) print_trace(how);
}

void job_start_in_background(char **words, uint64_t quota) {
    if (background_count == BACKGROUND_MAX) {
        printf("%u programs run in the background already.\n", BACKGROUND_MAX);
        return;
    }
    struct mem_task *task = &background[background_count];
    if (start(words, quota, task)) {
        background_count++;
        printf("[%lu] %s\n", task->number, words[0]);
    }
}

/* Marks a task of the background that still runs. */
static void mark_running(const struct hf_task_info *info, void *context) {
    bool *running = context;
    for (size_t job = 0; job < background_count; job++) {
        if (info->number == background[job].number && info->state != HF_INFO_ENDED) {
            running[job] = true;
        }
    }
}

/* False: that can't be known yet; memsrv keeps it until there is room to wait. */
static bool report(const struct mem_task *task) {
    struct hf_exit how;
    hf_status_t status = mem_wait(task->handle, &how);
    if (status == HF_NO_MEMORY) return false;
    if (forget(task, status)) {
        printf("[%lu] ", task->number);
        job_print_end(&how);
    }
    return true;
}

/* A wait would block, so memsrv's list of tasks tells who has ended. */
void jobs_report(void) {
    bool running[BACKGROUND_MAX] = {false};
    if (background_count == 0 || tasks_visit(mark_running, running) != HF_OK) {
        return;
    }
    size_t left = 0;
    for (size_t job = 0; job < background_count; job++) {
        if (running[job] || !report(&background[job])) {
            background[left++] = background[job];
        }
    }
    background_count = left;
}
