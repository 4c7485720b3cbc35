/* Commands that look into one task. */
#include <handoff/mmu.h>
#include <mem.h>
#include <number.h>
#include <stdio.h>

#include "commands.h"
#include "entry.h"
#include "parse.h"
#include "show.h"

static void complain(const char *command, uint64_t number, hf_status_t status) {
    if (status == HF_NOT_FOUND) {
        printf("There is no task number %lu.\n", number);
    } else {
        command_complain(command, status);
    }
}

/* ---- stat ---- */

static void print_line(const char *name, uint64_t count, const char *text) {
    printf("  %-8s %8lu  %s\n", name, count, text);
}

static void print_frames(const struct hf_ledger *ledger) {
    puts("frames");
#define X(name, text) print_line(#name, ledger->name, text);
    HF_LEDGER_LIST(X)
#undef X
    print_line("sum", show_frames(ledger), "what counts against its quota: all but the shared ones");
    print_line("peak", ledger->peak, "the most that this was, without the records");
}

static void print_faults(const struct hf_ledger *ledger) {
    puts("faults");
#define X(name, text) \
    if (ledger->faults_##name != 0) print_line(#name, ledger->faults_##name, text);
    HF_FAULT_KIND_LIST(X)
#undef X
}

static void print_stat(const struct hf_task_stat *stat) {
    char state[SHOW_STATE_BYTES];
    const struct hf_task_info *info = &stat->info;
    show_state(info, state);
    printf("%lu %.*s: %s, parent %lu, priority %u, %lu threads more, %lu regions\n", info->number, (int)HF_NAME_BYTES,
           info->name, state, info->parent, info->priority, stat->threads, stat->regions);
    print_frames(&info->ledger);
    print_faults(&info->ledger);
    puts("quota");
    print_line("frames", stat->quota, stat->quota_owner ? "its own" : "that it shares");
    print_line("used", stat->quota_used, "by all who share it, with what is put by for others");
}

bool command_stat(int count, char **words) {
    struct hf_task_stat stat;
    uint64_t number;
    if (count != 2 || !number_parse(words[1], UINT64_MAX, &number)) return false;
    hf_status_t status = mem_task_stat(number, &stat);
    if (status == HF_OK) {
        print_stat(&stat);
    } else {
        complain("stat", number, status);
    }
    return true;
}

/* ---- map ---- */

static void rights_text(unsigned rights, char text[4]) {
    snprintf(text, 4, "%c%c%c", rights & HF_READ ? 'r' : '-', rights & HF_WRITE ? 'w' : '-',
             rights & HF_EXECUTE ? 'x' : '-');
}

static void print_region(const struct hf_region *region) {
    char rights[4];
    rights_text(region->rights, rights);
    printf("0x%012lx  0x%012lx  %s  %12lu  %.*s", region->start, region->end, rights,
           (region->end - region->start) / 1024, (int)HF_NAME_BYTES, region->name);
    if (region->offset != 0) printf(" from 0x%lx on", region->offset);
    puts(region->large ? ", in pages of 2 MiB where they fit" : "");
}

bool command_map(int count, char **words) {
    struct hf_region regions[MEM_REGIONS_AT_ONCE];
    uint64_t number, cursor = 0;
    size_t found;
    if (count != 2 || !number_parse(words[1], UINT64_MAX, &number)) return false;
    hf_status_t status = mem_regions(number, &cursor, regions, &found);
    if (status == HF_OK) puts("from            to                            KiB  what");
    while (status == HF_OK) {
        for (size_t i = 0; i < found; i++) {
            print_region(&regions[i]);
        }
        if (cursor == 0) return true;
        status = mem_regions(number, &cursor, regions, &found);
    }
    complain("map", number, status);
    return true;
}

/* ---- why ---- */

static void print_place(const struct hf_explain *explain) {
    const struct hf_region *region = &explain->region;
    char rights[4];
    if (region->end == 0) {
        printf("0x%lx of task %lu: in no region\n", explain->address, explain->number);
        return;
    }
    rights_text(region->rights, rights);
    printf("0x%lx of task %lu: in %.*s, 0x%lx to 0x%lx, %s\n", explain->address, explain->number, (int)HF_NAME_BYTES,
           region->name, region->start, region->end, rights);
}

void show_walk(uint64_t address, const uint64_t entry[4], uint32_t refs) {
    char text[ENTRY_TEXT_BYTES];
    bool table = address < HF_USER_END;
    for (unsigned level = HF_LEVEL_PML4; level >= HF_LEVEL_PT && table; level--) {
        entry_text(entry[level - 1], level, text);
        printf("  %-4s entry %3u  0x%016lx  %s", entry_table_name(level), entry_index(address, level), entry[level - 1],
               text);
        table = entry_is_table(entry[level - 1], level);
        if (!table && refs != 0) printf(", mapped %lu times", (uint64_t)refs);
        puts("");
    }
}

static void print_access(const char *access, const struct hf_explain *explain, enum hf_access index) {
    static const char *const outcomes[HF_OUTCOME_COUNT] = {
#define X(name, text) [HF_OUTCOME_##name] = text,
        HF_OUTCOME_LIST(X)
#undef X
    };
    uint32_t outcome = explain->access[index].outcome;
    char reason[HF_REASON_TEXT_BYTES];
    printf("  %-5s  %s", access, outcome < HF_OUTCOME_COUNT ? outcomes[outcome] : "?");
    if (outcome == HF_OUTCOME_REFUSED) {
        hf_reason_text((enum hf_reason)explain->access[index].reason, explain->region.name, reason, sizeof reason);
        printf(": %s", reason);
    }
    puts("");
}

bool command_why(int count, char **words) {
    struct hf_explain explain;
    uint64_t number, address;
    if (count != 3 || !number_parse(words[1], UINT64_MAX, &number) || !parse_address(words[2], &address)) return false;
    hf_status_t status = mem_explain(number, address, &explain);
    if (status != HF_OK) {
        complain("why", number, status);
        return true;
    }
    print_place(&explain);
    show_walk(explain.address, explain.entry, explain.refs);
    print_access("read", &explain, HF_ACCESS_READ);
    print_access("write", &explain, HF_ACCESS_WRITE);
    print_access("fetch", &explain, HF_ACCESS_FETCH);
    return true;
}
