/* What the measuring program is made of. Its first task only starts others: for
 * each measurement one that calls, and for some one that serves it. */
#pragma once

#include <handoff/mem.h>
#include <handoff/status.h>
#include <stdbool.h>

/* What the tasks are given. */
#define BENCH_ENDPOINT HF_SLOT_GIVEN     /* the caller calls, the server receives */
#define BENCH_NOBODY (HF_SLOT_GIVEN + 1) /* an endpoint that nobody serves */

/* The servers, one for each way of answering. */
#define BENCH_SERVER_LIST(X) \
    X(NONE, NULL) \
    X(WORDS, serve_words) \
    X(BYTES, serve_bytes) \
    X(HANDLE, serve_handle) \
    X(SSE, serve_sse) \
    X(MEMORY, serve_memory) \
    X(LARGE_MEMORY, serve_large_memory)

enum bench_server {
#define X(upper, function) BENCH_SERVER_##upper,
    BENCH_SERVER_LIST(X)
#undef X
};

struct bench {
    const char *name;
    void (*measure)(const struct bench *bench);
    enum bench_server server;
    unsigned priority; /* the server's; the caller's is BENCH_PRIORITY */
    unsigned bytes;    /* how many travel, or MiB of memory */
    bool only_by_name; /* not among all */
};

#define BENCH_PRIORITY 50u /* below those of all servers of the system */

/* Ends the task when a status isn't HF_OK: what was measured would be something else. */
void bench_must(hf_status_t status);

/* Uses a vector register, which makes the task one that has such state. */
#define BENCH_USE_SSE() __asm__ volatile("xorps %xmm0, %xmm0")

/* The callers' parts. */
void measure_loop(const struct bench *bench);
void measure_call(const struct bench *bench);
void measure_call_sse(const struct bench *bench);
void measure_handle(const struct bench *bench);
void measure_yield(const struct bench *bench);
void measure_clock(const struct bench *bench);
void measure_refused(const struct bench *bench);
void measure_notify(const struct bench *bench);
void measure_receive_nowait(const struct bench *bench);
void measure_handle_copy_close(const struct bench *bench);
void measure_tick(const struct bench *bench);
void measure_demand_zero(const struct bench *bench);
void measure_around(const struct bench *bench);
void measure_around_image(const struct bench *bench);
void measure_large(const struct bench *bench);
void measure_spawn(const struct bench *bench);
void measure_copy(const struct bench *bench);
void measure_fork_small(const struct bench *bench);
void measure_fork_1000(const struct bench *bench);
void measure_teardown(const struct bench *bench);

/* The servers' parts: for ever. */
void serve_memory(const struct bench *bench);
void serve_large_memory(const struct bench *bench);
void serve_words(const struct bench *bench);
void serve_bytes(const struct bench *bench);
void serve_handle(const struct bench *bench);
void serve_sse(const struct bench *bench);
