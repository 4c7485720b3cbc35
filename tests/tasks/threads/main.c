/* threads [WHAT ...]: names and threads, as programs see them. Without WHAT, all tests; with it, what
 * the tests start other tasks for, and what is tried often (many, killer COUNT SEED). */
#include <number.h>
#include <string.h>

#include "threads.h"

static char stacks[THREADS][STACK_BYTES] __attribute__((aligned(4096)));

hf_status_t start_thread(unsigned index, void (*entry)(void *), void *argument, struct mem_task *task) {
    return mem_thread(entry, argument, stacks[index] + STACK_BYTES, task);
}

void touch_stacks(void) {
    for (unsigned i = 0; i < THREADS; i++) {
        for (unsigned at = 0; at < STACK_BYTES; at += HF_PAGE_SIZE) {
            *(volatile char *)&stacks[i][at] = 0;
        }
    }
}

struct hf_exit finish_thread(const struct mem_task *task) {
    struct hf_exit how;
    if (mem_wait(task->handle, &how) != HF_OK || hf_handle_close(task->handle) != HF_OK) {
        how = (struct hf_exit){.code = NO_CODE};
    }
    return how;
}

hf_status_t start_self(const char *what, const char *detail, uint64_t quota, struct mem_task *task) {
    struct mem_spawn_options options = {.console = HF_SLOT_CONSOLE, .quota = quota};
    return mem_spawn("threads", (const char *[]){what, detail, NULL}, &options, task);
}

void let_run(void) {
    for (unsigned i = 0; i < 10; i++) {
        hf_yield();
    }
}

uint64_t frames_free(void) {
    struct hf_mem_stat stat;
    return mem_stat(&stat) == HF_OK ? stat.free : 0;
}

static bool find_task(uint64_t number, struct hf_task_info *found) {
    struct hf_task_info infos[MEM_TASKS_AT_ONCE];
    uint64_t cursor = 0;
    size_t count;
    do {
        if (mem_tasks(&cursor, infos, &count) != HF_OK) return false;
        for (size_t i = 0; i < count; i++) {
            if (infos[i].number == number) {
                *found = infos[i];
                return true;
            }
        }
    } while (cursor != 0);
    return false;
}

bool becomes(uint64_t number, enum hf_info_state state) {
    struct hf_task_info info;
    for (unsigned tries = 0; tries < 2000; tries++) {
        if (!find_task(number, &info)) return false;
        if (info.state == state) return true;
        hf_yield();
    }
    return false;
}

hf_status_t ask_memsrv(const struct hf_message *request) {
    struct hf_message message = *request;
    hf_status_t status = hf_call(HF_SLOT_MEMSRV, &message);
    return status == HF_OK ? (hf_status_t)message.label : status;
}

static int test_all(void) {
    test_names();
    test_lives();
    test_sharing();
    test_memory();
    test_ends();
    puts("threads: done");
    return check_result();
}

static const struct {
    const char *what;
    int (*deed)(const char *detail);
} deeds[] = {
    {"serve", serve_name},   {"call", call_name}, {"names", fill_names}, {"own", own_threads},
    {"quota", make_threads}, {"busy", keep_busy}, {"many", make_many},
};

int main(int argc, char **argv) {
    uint64_t count, seed;
    if (argc < 2) {
        return test_all();
    }
    if (argc == 4 && strcmp(argv[1], "killer") == 0 && number_parse(argv[2], UINT64_MAX, &count) &&
        number_parse(argv[3], UINT64_MAX, &seed)) {
        return kill_busy(count, seed);
    }
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (strcmp(argv[1], deeds[i].what) == 0) {
            return deeds[i].deed(argc > 2 ? argv[2] : "");
        }
    }
    puts("Usage: threads [many|killer COUNT SEED]");
    return 2;
}
