#include "jobs.h"

#include <ipc.h>
#include <stdio.h>

#include "tasks.h"

#define BACKGROUND_MAX 32u

/* The ones in the background that have not been reported yet. */
static struct mem_task background[BACKGROUND_MAX];
static size_t background_count;

bool job_start(char **words, struct mem_task *task) {
    hf_status_t status = mem_spawn(words[0], (const char *const *)words + 1, NULL, task);
    if (status == HF_NOT_FOUND) {
        printf("There is no program called \"%s\".\n", words[0]);
    } else if (status != HF_OK) {
        printf("%s can't be started: %s (%s).\n", words[0], hf_status_text(status), hf_status_name(status));
    }
    return status == HF_OK;
}

bool job_finish(const struct mem_task *task, struct hf_exit *how) {
    hf_status_t status = mem_wait(task->handle, how);
    if (status != HF_OK) {
        printf("Task %lu can't be waited for: %s.\n", task->number, hf_status_text(status));
    }
    hf_status_t closed = hf_handle_close(task->handle);
    return status == HF_OK && closed == HF_OK;
}

void job_print_end(const struct hf_exit *how) {
    char text[HF_EXIT_TEXT_BYTES];
    hf_exit_text(how, text, sizeof text);
    puts(text);
}

void job_start_in_background(char **words) {
    if (background_count == BACKGROUND_MAX) {
        printf("%u programs run in the background already.\n", BACKGROUND_MAX);
        return;
    }
    struct mem_task *task = &background[background_count];
    if (job_start(words, task)) {
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

static void report(const struct mem_task *task) {
    struct hf_exit how;
    if (job_finish(task, &how)) {
        printf("[%lu] ", task->number);
        job_print_end(&how);
    }
}

/* A wait would block, so memsrv's list of tasks tells who has ended. */
void jobs_report(void) {
    bool running[BACKGROUND_MAX] = {false};
    if (background_count == 0 || tasks_visit(mark_running, running) != HF_OK) {
        return;
    }
    size_t left = 0;
    for (size_t job = 0; job < background_count; job++) {
        if (running[job]) {
            background[left++] = background[job];
        } else {
            report(&background[job]);
        }
    }
    background_count = left;
}
