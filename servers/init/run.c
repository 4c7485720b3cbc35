/* Commands that let programs run, end them, and wait. */
#include <ipc.h>
#include <mem.h>
#include <number.h>
#include <stdio.h>
#include <string.h>
#include <timer.h>

#include "commands.h"
#include "jobs.h"
#include "parse.h"
#include "show.h"
#include "tasks.h"

/* How a program ended is said unless it ended well. */
static void print_bad_end(const struct hf_exit *how) {
    if (how->how != HF_EXIT_CODE || how->code != 0) {
        job_print_end(how);
    }
}

/* words[0] is the program. */
static bool run(int count, char **words, uint64_t quota) {
    struct hf_exit how;
    bool background = count > 0 && strcmp(words[count - 1], "&") == 0;
    if (background) {
        words[--count] = NULL;
    }
    if (count < 1) return false;
    if (background) {
        job_start_in_background(words, quota);
    } else if (job_run(words, quota, &how)) {
        print_bad_end(&how);
    }
    return true;
}

bool command_spawn(int count, char **words) { return run(count - 1, words + 1, 0); }

bool command_quota(int count, char **words) {
    uint64_t frames;
    if (count < 3 || !number_parse(words[1], UINT64_MAX, &frames) || frames == 0) return false;
    return run(count - 2, words + 2, frames);
}

static uint64_t milliseconds_of_ticks(uint64_t ticks) { return ticks * 1000 / HF_TICKS_PER_SECOND; }

static void print_cost(uint64_t milliseconds, const struct hf_ledger *ledger) {
    uint64_t processor = milliseconds_of_ticks(ledger->ticks);
    char faults[SHOW_FAULTS_BYTES];
    show_faults(ledger, faults);
    printf("time       %lu.%03lu s\n", milliseconds / 1000, milliseconds % 1000);
    printf("processor  %lu.%03lu s, %lu ticks\n", processor / 1000, processor % 1000, ledger->ticks);
    printf("memory     %lu KiB at most\n", ledger->peak * (HF_PAGE_SIZE / 1024));
    printf("faults     %s\n", faults);
}

bool command_time(int count, char **words) {
    struct hf_exit how;
    if (count < 2) return false;
    uint64_t start = hf_clock();
    if (job_run(words + 1, 0, &how)) {
        uint64_t milliseconds = (hf_clock() - start) / TIMER_MILLISECOND;
        print_bad_end(&how);
        print_cost(milliseconds, &how.left);
    }
    return true;
}

bool command_sleep(int count, char **words) {
    uint64_t nanoseconds;
    if (count != 2 || !parse_seconds(words[1], &nanoseconds)) {
        return false;
    }
    hf_status_t status = timer_sleep(nanoseconds);
    if (status != HF_OK) {
        command_complain("sleep", status);
    }
    return true;
}

/* init is the first that has no parent: those that outlived theirs have none either. */
static void find_init(const struct hf_task_info *info, void *number) {
    uint64_t *own = number;
    if (*own == 0 && info->parent == 0) {
        *own = info->number;
    }
}

bool command_kill(int count, char **words) {
    uint64_t number, own = 0;
    if (count != 2 || !number_parse(words[1], UINT64_MAX, &number)) {
        return false;
    }
    hf_status_t status = tasks_visit(find_init, &own);
    if (status == HF_OK && number == own) {
        puts("That is init, which you are talking to; `exit` ends the machine.");
        return true;
    }
    if (status == HF_OK) {
        status = mem_task_kill(number);
    }
    if (status == HF_NOT_FOUND) {
        printf("There is no task number %lu.\n", number);
    } else if (status != HF_OK) {
        command_complain("kill", status);
    }
    return true;
}
