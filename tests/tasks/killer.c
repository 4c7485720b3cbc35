/* killer COUNT SEED: starts so many victims, one after another, and ends each after a
 * time drawn at random. Whatever they were doing, nothing of them must be left, and nothing of the
 * children that live on their quota. */
#include <ipc.h>
#include <number.h>

#include "check.h"
#include "draw.h"

#define QUOTA 4096 /* frames */

static const char *const deeds[] = {"compute", "yield", "touch", "populate", "spawn", "wait",
                                    "receive", "call",  "print", "fork",     "large", "object"};

/* Mostly short: starting takes about as long as the first few calls. */
static void wait_a_little(void) {
    uint64_t nanoseconds = draw_below(1ul << (10 + draw_below(15)));
    for (uint64_t start = hf_clock(); hf_clock() - start < nanoseconds;) {
        hf_yield();
    }
}

static bool kill_one(const char *deed) {
    struct mem_task task;
    struct hf_exit how;
    struct mem_spawn_options options = {.quota = QUOTA, .console = HF_SLOT_CONSOLE};
    hf_status_t status = mem_spawn("victim", (const char *[]){deed, NULL}, &options, &task);
    if (status != HF_OK) {
        printf("# victim %s can't be started: %s\n", deed, hf_status_name(status));
        return false;
    }
    wait_a_little();
    status = mem_kill(task.handle);
    if (status == HF_OK) {
        status = mem_wait(task.handle, &how);
    }
    if (status != HF_OK || hf_handle_close(task.handle) != HF_OK) {
        printf("# victim %s can't be ended: %s\n", deed, hf_status_name(status));
        return false;
    }
    bool good = how.how == HF_EXIT_KILLED && how.left.pages + how.left.tables + how.left.objects == 0;
    if (!good) {
        char text[HF_EXIT_TEXT_BYTES];
        hf_exit_text(&how, text, sizeof text);
        printf("# victim %s: %s; %lu pages, %lu tables, %lu objects are left\n", deed, text, how.left.pages,
               how.left.tables, how.left.objects);
    }
    return good;
}

int main(int argc, char **argv) {
    uint64_t count, seed;
    if (argc != 3 || !number_parse(argv[1], UINT64_MAX, &count) || !number_parse(argv[2], UINT64_MAX, &seed)) {
        puts("Usage: killer COUNT SEED");
        return 2;
    }
    draw_seed(seed);
    bool good = true;
    for (uint64_t i = 0; i < count; i++) {
        good = kill_one(DRAW_FROM(deeds)) && good;
    }
    check(good, "all victims were ended, and gave everything back");
    printf("killer: %lu victims from seed %lu\n", count, seed);
    return check_result();
}
