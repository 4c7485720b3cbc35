/* The shell's commands: one table, and a function each. */
#include <ipc.h>
#include <mem.h>
#include <number.h>
#include <stdio.h>
#include <string.h>

#include "jobs.h"
#include "machine.h"
#include "shell.h"
#include "tasks.h"

#define KIB_PER_FRAME (HF_PAGE_SIZE / 1024)

static void complain(const char *what, hf_status_t status) {
    printf("%s: %s (%s).\n", what, hf_status_text(status), hf_status_name(status));
}

static bool spawn(int count, char **words) {
    bool background = strcmp(words[count - 1], "&") == 0;
    if (background) {
        words[--count] = NULL;
    }
    if (count < 2) {
        return false;
    }
    if (background) {
        job_start_in_background(words + 1);
        return true;
    }
    struct mem_task task;
    struct hf_exit how;
    if (job_start(words + 1, &task) && job_finish(&task, &how) && (how.how != HF_EXIT_CODE || how.code != 0)) {
        job_print_end(&how);
    }
    return true;
}

#define STATE_BYTES 32

static void state_text(const struct hf_task_info *info, char text[STATE_BYTES]) {
    static const char *const states[] = {
        [HF_INFO_RUNNING] = "runs",    [HF_INFO_SENDING] = "sends", [HF_INFO_RECEIVING] = "receives",
        [HF_INFO_STOPPED] = "stopped", [HF_INFO_ENDED] = "ended",   [HF_INFO_WAITING] = "waits for memsrv",
    };
    bool known = info->state < sizeof states / sizeof *states;
    if (info->state == HF_INFO_WAITING && info->waits_for != 0) {
        snprintf(text, STATE_BYTES, "waits for %lu", info->waits_for);
    } else {
        snprintf(text, STATE_BYTES, "%s", known ? states[info->state] : "?");
    }
}

static void print_task(const struct hf_task_info *info, void *context) {
    const struct hf_ledger *ledger = &info->ledger;
    uint64_t frames = ledger->pages + ledger->tables + ledger->objects;
    char state[STATE_BYTES];
    (void)context;
    state_text(info, state);
    printf("%6lu %6lu %8u  %-16s %8lu %8lu %8lu  %.*s\n", info->number, info->parent, info->priority, state,
           frames * KIB_PER_FRAME, ledger->faults_zero + ledger->faults_image, ledger->ticks, (int)HF_NAME_BYTES,
           info->name);
}

static bool ps(int count, char **words) {
    (void)words;
    if (count != 1) {
        return false;
    }
    puts("number parent priority  state                 KiB   faults    ticks  name");
    hf_status_t status = tasks_visit(print_task, NULL);
    if (status != HF_OK) {
        complain("ps", status);
    }
    return true;
}

static void print_frames(const char *what, uint64_t frames) {
    printf("%-9s %10lu frames %10lu KiB\n", what, frames, frames * KIB_PER_FRAME);
}

static void print_free_blocks(const struct hf_mem_stat *stat) {
    puts("free blocks, by how many frames each has:");
    for (unsigned order = 0; order < HF_ORDERS; order++) {
        if (stat->free_blocks[order] != 0) {
            printf("%10lu x %lu\n", 1ul << order, stat->free_blocks[order]);
        }
    }
}

static bool mem(int count, char **words) {
    struct hf_mem_stat stat;
    (void)words;
    if (count != 1) {
        return false;
    }
    hf_status_t status = mem_stat(&stat);
    if (status != HF_OK) {
        complain("mem", status);
        return true;
    }
    print_frames("total", stat.total);
    print_frames("core", stat.core);
    print_frames("modules", stat.modules);
    print_frames("memsrv", stat.memsrv);
    print_frames("tasks", stat.tasks);
    print_frames("free", stat.free);
    print_free_blocks(&stat);
    return true;
}

/* init is the first that has no parent: those that outlived theirs have none either. */
static void find_init(const struct hf_task_info *info, void *number) {
    uint64_t *own = number;
    if (*own == 0 && info->parent == 0) {
        *own = info->number;
    }
}

static bool kill(int count, char **words) {
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
        complain("kill", status);
    }
    return true;
}

static bool images(int count, char **words) {
    char name[HF_NAME_BYTES];
    uint64_t total = 1;
    (void)words;
    if (count != 1) {
        return false;
    }
    for (uint64_t index = 0; index < total; index++) {
        hf_status_t status = mem_images(index, name, &total);
        if (status != HF_OK) {
            complain("images", status);
            break;
        }
        puts(name);
    }
    return true;
}

static bool end(int count, char **words) {
    uint64_t code = 0;
    if (count > 2 || (count == 2 && !number_parse(words[1], MACHINE_CODE_MAX, &code))) {
        return false;
    }
    machine_end((unsigned)code);
}

static bool help(int count, char **words);

static const struct command commands[] = {
    {"help", "", "this list", help},
    {"spawn", "NAME [ARGUMENTS] [&]", "run a program; with & in the background", spawn},
    {"ps", "", "the tasks there are", ps},
    {"mem", "", "what the memory is used for", mem},
    {"kill", "NUMBER", "end a task", kill},
    {"images", "", "the programs there are", images},
    {"exit", "[CODE]", "end the machine, with a code from 0 to 63", end},
};

static bool help(int count, char **words) {
    (void)count;
    (void)words;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        printf("%-6s %-21s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    }
    return true;
}

const struct command *command_find(const char *name) {
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}
