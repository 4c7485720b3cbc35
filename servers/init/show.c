/* Commands that show what there is. */
#include <mem.h>
#include <stdio.h>

#include "commands.h"
#include "tasks.h"

#define KIB_PER_FRAME (HF_PAGE_SIZE / 1024)

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

bool command_ps(int count, char **words) {
    (void)words;
    if (count != 1) {
        return false;
    }
    puts("number parent priority  state                 KiB   faults    ticks  name");
    hf_status_t status = tasks_visit(print_task, NULL);
    if (status != HF_OK) {
        command_complain("ps", status);
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

bool command_mem(int count, char **words) {
    struct hf_mem_stat stat;
    (void)words;
    if (count != 1) {
        return false;
    }
    hf_status_t status = mem_stat(&stat);
    if (status != HF_OK) {
        command_complain("mem", status);
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

bool command_images(int count, char **words) {
    char name[HF_NAME_BYTES];
    uint64_t total = 1;
    (void)words;
    if (count != 1) {
        return false;
    }
    for (uint64_t index = 0; index < total; index++) {
        hf_status_t status = mem_images(index, name, &total);
        if (status != HF_OK) {
            command_complain("images", status);
            break;
        }
        puts(name);
    }
    return true;
}
