/* randomcalls SEED ROUNDS CALLS: in each round starts a few tasks that share an endpoint and make
 * so many of the core's calls each with registers drawn at random, and looks after them. */
#include <ipc.h>
#include <number.h>
#include <string.h>

#include "../check.h"
#include "rogue.h"

#define ROGUES 4u
#define ALL_DONE ((1ul << ROGUES) - 1)
#define QUOTA 1024           /* frames, for each of them */
#define NS_PER_CALL 500000ul /* a task that waits for what never comes is ended after so long */

static hf_handle_t shared, done;

static struct tally { uint64_t calls, granted, finished, killed, faulted; } tally;

static hf_status_t start(uint64_t seed, uint64_t role, uint64_t count, struct mem_task *task) {
    char seed_text[24], role_text[24], count_text[24];
    hf_handle_t bit = HF_SLOT_ANY;
    hf_status_t status = hf_handle_copy(done, HF_RIGHT_NOTIFY | HF_RIGHT_GRANT, 1ul << role, &bit);
    if (status != HF_OK) return status;
    struct mem_spawn_options options = {.quota = QUOTA, .handle_count = 2, .handles = {shared, bit}};
    snprintf(seed_text, sizeof seed_text, "%lu", seed);
    snprintf(role_text, sizeof role_text, "%lu", role);
    snprintf(count_text, sizeof count_text, "%lu", count);
    status =
        mem_spawn("randomcalls", (const char *[]){"rogue", seed_text, role_text, count_text, NULL}, &options, task);
    const hf_status_t closed = hf_handle_close(bit);
    return status == HF_OK ? closed : status;
}

/* Whom nobody serves any more is answered, and whoever waits for a message gets one. */
static bool serve_strays(void) {
    struct hf_message message = {0};
    struct hf_sender sender;
    bool good = true;
    if (hf_receive_nowait(shared, &message, &sender) == HF_OK && sender.serial) {
        message = (struct hf_message){0};
        good = hf_reply(&message) == HF_OK;
    }
    return hf_notify(shared) == HF_OK && good;
}

static bool wait_until_done(uint64_t limit) {
    uint64_t bits = 0;
    bool good = true;
    for (uint64_t begin = hf_clock(); bits != ALL_DONE && hf_clock() - begin < limit;) {
        struct hf_message message = {0};
        for (unsigned i = 0; i < 32; i++) {
            hf_yield();
        }
        good = serve_strays() && good;
        if (hf_receive_nowait(done, &message, NULL) == HF_OK) bits |= message.word[0];
    }
    return good;
}

/* Whether it ended, and gave everything back. */
static bool end(struct mem_task *task, uint64_t count) {
    struct hf_exit how;
    const hf_status_t killed = mem_kill(task->handle);
    if ((killed != HF_OK && killed != HF_DEAD) || mem_wait(task->handle, &how) != HF_OK ||
        hf_handle_close(task->handle) != HF_OK) {
        return false;
    }
    if (how.how == HF_EXIT_CODE && how.code >= 0) {
        tally.finished++;
        tally.calls += count;
        tally.granted += (uint64_t)how.code;
    }
    tally.killed += how.how == HF_EXIT_KILLED;
    tally.faulted += how.how == HF_EXIT_FAULT || how.how == HF_EXIT_EXCEPTION;
    return how.left.pages + how.left.tables + how.left.objects == 0;
}

static bool run_round(uint64_t seed, uint64_t count) {
    struct mem_task tasks[ROGUES];
    unsigned started = 0;
    while (started < ROGUES && start(seed, started, count, &tasks[started]) == HF_OK) {
        started++;
    }
    bool good = wait_until_done(count * NS_PER_CALL);
    for (unsigned i = 0; i < started; i++) {
        good = end(&tasks[i], count) && good;
    }
    return good && started == ROGUES;
}

static int run_rounds(uint64_t seed, uint64_t rounds, uint64_t count) {
    bool good = mem_endpoint_create(&shared) == HF_OK && mem_endpoint_create(&done) == HF_OK;
    for (uint64_t round = 0; round < rounds && good; round++) {
        good = run_round(seed + round, count);
        if (!good) printf("# the round with seed %lu\n", seed + round);
    }
    const uint64_t percent = tally.calls ? tally.granted * 100 / tally.calls : 0;
    printf("randomcalls: %lu rounds from seed %lu: %lu calls of %lu tasks, %lu %% granted; %lu tasks killed, %lu "
           "faulted\n",
           rounds, seed, tally.calls, tally.finished, percent, tally.killed, tally.faulted);
    check(good, "every round ended, and gave everything back");
    return check_result();
}

int main(int argc, char **argv) {
    const bool child = argc == 5 && strcmp(argv[1], "rogue") == 0;
    uint64_t numbers[3];
    for (int i = 0; i < 3; i++) {
        if (argc != (child ? 5 : 4) || !number_parse(argv[i + (child ? 2 : 1)], UINT64_MAX, &numbers[i])) {
            puts("Usage: randomcalls SEED ROUNDS CALLS");
            return 2;
        }
    }
    if (child) rogue(numbers[0], numbers[1], numbers[2]);
    return run_rounds(numbers[0], numbers[1], numbers[2]);
}
