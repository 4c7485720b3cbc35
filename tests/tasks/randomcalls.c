/* randomcalls SEED: makes the core's calls with registers drawn at random.
 * randomcalls SEED ROUNDS: runs so many of these, each with the next seed and for at
 * most a fifth of a second, and ends them. */
#include <handoff/call.h>
#include <ipc.h>
#include <number.h>
#include <string.h>

#include "check.h"
#include "draw.h"
#include "raw.h"

#define ROUND_NS 200000000ul
#define QUOTA 1024 /* frames, for each of them */

#define CALLS 2000u

static uint64_t draw_number(void) {
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     4,
                                     5,
                                     6,
                                     7,
                                     8,
                                     16,
                                     64,
                                     127,
                                     128,
                                     0x1000,
                                     0x10000,
                                     0x40000000,
                                     0x7fff0000,
                                     0x80000000,
                                     0x100000000,
                                     0x7fffffffe000,
                                     0x7ffffffff000,
                                     0x800000000000,
                                     0xffff800000000000,
                                     0xffffc00000000000,
                                     0xffffc04000000000,
                                     0xffffe0000000ff00,
                                     0xffffffff80200000,
                                     0xfffffffffffff000,
                                     ~0ul,
                                     HF_SLOT_ANY};
    switch (draw_below(4)) {
    case 0:
        return draw();
    case 1:
        return draw() >> draw_below(64);
    default:
        return DRAW_FROM(edges);
    }
}

static uint64_t draw_handle(void) {
    return draw_below(8) ? draw_below(2) ? HF_SLOT_MEMSRV + draw_below(4) : 120 + draw_below(8) : draw_number();
}

/* A tag that gets somewhere: one of memsrv's labels, seldom bytes, seldom a handle. */
static uint64_t draw_tag(void) {
    uint64_t bytes = draw_below(4) ? 0 : draw_below(HF_MESSAGE_BYTES + 2);
    uint64_t handle = draw_below(8) ? 0 : draw_handle();
    return draw_below(HF_MEM_COUNT + 1) | bytes << 32 | handle << 48;
}

/* Some calls can't succeed here, as those for MMU operations; others are made more often. */
static uint64_t draw_call_number(void) {
    static const uint8_t often[] = {HF_CALL_CALL,  HF_CALL_CALL,        HF_CALL_CALL,        HF_CALL_YIELD,
                                    HF_CALL_CLOCK, HF_CALL_HANDLE_COPY, HF_CALL_HANDLE_COPY, HF_CALL_HANDLE_CLOSE};
    return draw_below(3) ? DRAW_FROM(often) : draw_below(HF_CALL_COUNT);
}

/* Arguments of these are half of the time such as to succeed. */
static void draw_good_arguments(struct raw *raw) {
    if (raw->rax == HF_CALL_CALL) {
        raw->rdi = HF_SLOT_MEMSRV;
        raw->rsi = draw_tag();
    } else if (raw->rax == HF_CALL_HANDLE_COPY) {
        raw->rdi = HF_SLOT_MEMSRV;
        raw->rsi = draw_below(2) * HF_RIGHT_CALL;
        raw->rdx = 0;
        raw->r10 = HF_SLOT_ANY;
    } else if (raw->rax == HF_CALL_HANDLE_CLOSE) {
        raw->rdi = 96 + draw_below(32);
    }
}

/* Calls that could wait for ever are made with NOWAIT, but those to memsrv; and the
 * task does not ask for its end, nor closes its handle to memsrv. */
static void keep_going(struct raw *raw) {
    bool waits = raw->rax == HF_CALL_CALL || raw->rax == HF_CALL_RECEIVE || raw->rax == HF_CALL_REPLY_RECEIVE;
    if (waits && raw->rdi != HF_SLOT_MEMSRV) {
        raw->rax |= HF_NOWAIT;
    }
    if ((uint32_t)raw->rsi == HF_MEM_EXIT) {
        raw->rsi++;
    }
    if (raw->rax == HF_CALL_HANDLE_CLOSE && raw->rdi < 64) {
        raw->rdi += 64;
    }
}

static void draw_call(struct raw *raw) {
    static const uint64_t flags[] = {RAW_FLAGS,
                                     RAW_FLAGS | RAW_DIRECTION,
                                     RAW_FLAGS | RAW_NESTED,
                                     RAW_FLAGS | RAW_ALIGNMENT,
                                     RAW_FLAGS | RAW_TRAP,
                                     RAW_FLAGS | RAW_IDENTIFICATION | 0x8d5};
    uint64_t *words = &raw->rax;
    for (size_t i = 0; i < 14; i++) {
        words[i] = draw_number();
    }
    raw->flags = DRAW_FROM(flags);
    raw->rax = draw_call_number();
    raw->rdi = draw_handle();
    if (draw_below(2)) {
        draw_good_arguments(raw);
    }
    keep_going(raw);
    if (draw_below(64) == 0) {
        raw->rax |= 1ul << draw_below(64);
    }
}

static void draw_buffer(void) {
    uint64_t *words = (void *)hf_buffer();
    for (size_t i = 0; i < 8; i++) {
        words[draw_below(HF_PAGE_SIZE / 8)] = draw_number();
    }
    hf_buffer()->receive_slot = (hf_handle_t)draw_number();
}

/* Ends with a code that tells how many calls of a hundred were done: too few would
 * test only the front door. */
_Noreturn static void call_at_random(uint64_t count) {
    uint64_t done = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct raw raw;
        draw_call(&raw);
        if (i % 16 == 0) {
            draw_buffer();
        }
        raw_call(&raw);
        done += raw.rax == HF_OK;
    }
    mem_exit((int64_t)(done * 100 / count));
}

struct tally {
    uint64_t percent, finished, killed, faulted;
};

static bool run_round(uint64_t seed, struct tally *tally) {
    char text[24];
    struct mem_task task;
    struct hf_exit how;
    struct mem_spawn_options options = {.quota = QUOTA};
    snprintf(text, sizeof text, "%lu", seed);
    if (mem_spawn("randomcalls", (const char *[]){text, NULL}, &options, &task) != HF_OK) {
        return false;
    }
    for (uint64_t start = hf_clock(); hf_clock() - start < ROUND_NS;) {
        hf_yield();
    }
    hf_status_t killed = mem_kill(task.handle);
    if ((killed != HF_OK && killed != HF_DEAD) || mem_wait(task.handle, &how) != HF_OK ||
        hf_handle_close(task.handle) != HF_OK) {
        return false;
    }
    if (how.how == HF_EXIT_CODE && how.code >= 0 && how.code <= 100) {
        tally->finished++;
        tally->percent += (uint64_t)how.code;
    }
    tally->killed += how.how == HF_EXIT_KILLED;
    tally->faulted += how.how == HF_EXIT_FAULT || how.how == HF_EXIT_EXCEPTION;
    return how.left.pages + how.left.tables + how.left.objects == 0;
}

static int run_rounds(uint64_t seed, uint64_t rounds) {
    struct tally tally = {0};
    bool good = true;
    for (uint64_t round = 0; round < rounds && good; round++) {
        good = run_round(seed + round, &tally);
        if (!good) {
            printf("# the round with seed %lu\n", seed + round);
        }
    }
    printf("randomcalls: %lu rounds from seed %lu: %lu finished (%lu %% of calls were done), %lu killed, %lu "
           "faulted\n",
           rounds, seed, tally.finished, tally.finished ? tally.percent / tally.finished : 0, tally.killed,
           tally.faulted);
    check(good, "every round ended, and gave everything back");
    return check_result();
}

int main(int argc, char **argv) {
    uint64_t seed, rounds;
    if (argc < 2 || !number_parse(argv[1], UINT64_MAX, &seed) ||
        (argc == 3 && !number_parse(argv[2], UINT64_MAX, &rounds))) {
        puts("Usage: randomcalls SEED [ROUNDS]");
        return 2;
    }
    if (argc == 3) {
        return run_rounds(seed, rounds);
    }
    draw_seed(seed);
    call_at_random(CALLS);
}
