/* Commands that show what there is. */
#include <mem.h>
#include <stdio.h>

#include "commands.h"
#include "show.h"
#include "tasks.h"

#define KIB_PER_FRAME (HF_PAGE_SIZE / 1024)

void show_state(const struct hf_task_info *info, char text[SHOW_STATE_BYTES]) {
    static const char *const states[] = {
        [HF_INFO_RUNNING] = "runs",    [HF_INFO_SENDING] = "sends", [HF_INFO_RECEIVING] = "receives",
        [HF_INFO_STOPPED] = "stopped", [HF_INFO_ENDED] = "ended",   [HF_INFO_WAITING] = "waits for memsrv",
    };
    bool known = info->state < sizeof states / sizeof *states;
    if (info->state == HF_INFO_WAITING && info->waits_for != 0) {
        snprintf(text, SHOW_STATE_BYTES, "waits for %lu", info->waits_for);
    } else {
        snprintf(text, SHOW_STATE_BYTES, "%s", known ? states[info->state] : "?");
    }
}

void show_faults(const struct hf_ledger *ledger, char text[SHOW_FAULTS_BYTES]) {
    static const char *const names[] = {
#define X(name, text) #name,
        HF_FAULT_KIND_LIST(X)
#undef X
    };
    const uint64_t counts[] = {
#define X(name, text) ledger->faults_##name,
        HF_FAULT_KIND_LIST(X)
#undef X
    };
    int length = snprintf(text, SHOW_FAULTS_BYTES, "none");
    for (size_t i = 0, shown = 0; i < sizeof counts / sizeof *counts; i++) {
        if (counts[i] == 0) continue;
        length = shown == 0 ? 0 : length;
        length += snprintf(text + length, SHOW_FAULTS_BYTES - (size_t)length, "%s%lu %s", shown++ == 0 ? "" : ", ",
                           counts[i], names[i]);
    }
}

/* Those that were not refused. */
static uint64_t faults_served(const struct hf_ledger *ledger) {
    uint64_t sum = 0;
#define X(name, text) sum += ledger->faults_##name;
    HF_FAULT_KIND_LIST(X)
#undef X
    return sum - ledger->faults_refused;
}

uint64_t show_frames(const struct hf_ledger *ledger) {
    uint64_t sum = 0;
#define X(name, text) sum += ledger->name;
    HF_LEDGER_LIST(X)
#undef X
    return sum - ledger->shared;
}

static void print_task(const struct hf_task_info *info, void *context) {
    const struct hf_ledger *ledger = &info->ledger;
    char state[SHOW_STATE_BYTES];
    (void)context;
    show_state(info, state);
    printf("%6lu %6lu %8u  %-16s %8lu %8lu %8lu  %.*s\n", info->number, info->parent, info->priority, state,
           show_frames(ledger) * KIB_PER_FRAME, faults_served(ledger), ledger->ticks, (int)HF_NAME_BYTES, info->name);
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

static uint64_t percent(uint64_t part, uint64_t whole) { return whole == 0 ? 0 : part * 100 / whole; }

static void print_fragmentation(const struct hf_mem_stat *stat) {
    printf("the largest has %lu; %lu%% of what is free can become pages of 2 MiB\n", stat->largest_free,
           percent(stat->runs_free, stat->free));
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
    print_fragmentation(&stat);
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
