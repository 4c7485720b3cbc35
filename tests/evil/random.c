/* The loop, and its counts. */
#include "random.h"

#include <mem.h>

#define EPOCH 100000u /* calls between two times that all is drained */

static uint64_t state;

uint64_t draw(void) { /* xorshift64* */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dul;
}

uint64_t draw_below(uint64_t limit) { return (draw() >> 16) % limit; }

/* ---- what came of it ---- */

static struct {
    uint64_t calls, granted; /* without what the tasks do, and what they are answered by */
    uint64_t by_status[HF_STATUS_COUNT];
    uint64_t tried[HF_OP_COUNT], done[HF_OP_COUNT];
} total;

static void count(struct hf_operation op, const struct hf_result *result) {
    bool granted = result->status == HF_OK;
    total.calls++;
    total.granted += granted;
    total.by_status[result->status]++;
    if (op.code < HF_OP_COUNT) {
        total.tried[op.code]++;
        total.done[op.code] += granted;
    }
    invent_learn(op, result);
}

static void report(uint64_t nanoseconds) {
    say("# operations, and how many were granted:");
    for (unsigned code = HF_OP_NONE + 1; code < HF_OP_COUNT; code++) {
        say("%s %s %lu/%lu", code % 4 == 1 ? "\n#  " : ",", operation_kinds[code].name, total.done[code],
            total.tried[code]);
    }
    say("\n# statuses:");
    for (unsigned status = 0; status < HF_STATUS_COUNT; status++) {
        if (total.by_status[status]) say(" %s %lu", hf_status_name((hf_status_t)status), total.by_status[status]);
    }
    say("\n# from tasks: calls %lu faults %lu exceptions %lu; ticks %lu", mob_count.calls, mob_count.faults,
        mob_count.exceptions, mob_count.ticks);
    say("\nevil: %lu calls, %lu %% granted, %lu a second\n", total.calls, total.granted * 100 / total.calls,
        total.calls * 1000 / (nanoseconds / 1000000 + 1));
}

/* ---- operations, by themselves and in lists ---- */

static void try_one(void) {
    struct hf_result result;
    struct hf_operation op = invent();
    if (op.code == HF_OP_TASK_SET) invent_block(op.object);
    hf_status_t status = ONE_IN(2) ? hf_mmu_one(&op, &result) : do_listed(op, &result);
    if (status != (hf_status_t)result.status) give_up("a result says something else than the call");
    count(op, &result);
}

static void try_list(void) {
    static struct hf_operation list[HF_OPERATIONS];
    static struct hf_result results[HF_OPERATIONS];
    uint64_t length = ONE_IN(16) ? HF_OPERATIONS : 1 + draw_below(8), done;
    for (uint64_t i = 0; i < length; i++) list[i] = invent();
    invent_block(list[draw_below(length)].object);
    __builtin_memcpy(PAGE_OF_OPERATIONS->operation, list, sizeof list);
    hf_status_t status = hf_mmu(length, &done);
    __builtin_memcpy(results, PAGE_OF_OPERATIONS->result, sizeof results);
    for (uint64_t i = 0; i < done + (status != HF_OK); i++) count(list[i], &results[i]);
}

/* False: something is not as it was when all is drained. */
static bool run_epoch(uint64_t calls) {
    uint64_t end = total.calls + calls, middle = total.calls + calls / 2;
    bool good = true;
    toys_make();
    while (total.calls < end) {
        if (ONE_IN(8)) {
            try_list();
        } else {
            try_one();
        }
        if (ONE_IN(12)) mob_listen();
        if (middle && total.calls > middle) {
            say("random: in the middle of it, %lu calls\n", total.calls);
            good = audited();
            middle = 0;
        }
    }
    drain();
    good &= drained() && audited();
    say("random: drained after %lu calls: %s\n", total.calls, good ? "all is FREE" : "SOMETHING IS LEFT");
    return good;
}

bool random_run(uint64_t seed, uint64_t calls) {
    uint64_t started = hf_clock();
    bool good = true;
    state = seed * 0x9e3779b97f4a7c15ul + 1;
    say("random: %lu calls from seed %lu\n", calls, seed);
    mob_init();
    while (good && total.calls < calls) {
        good = run_epoch(calls - total.calls < EPOCH ? calls - total.calls : EPOCH);
    }
    report(hf_clock() - started);
    return good;
}
