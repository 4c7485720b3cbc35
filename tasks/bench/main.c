/* bench [RUNS] [PREFIX]...: what the core's calls cost. All measurements, or those
 * whose names begin so; a line each for tools/bench. */
#include <ipc.h>
#include <mem.h>
#include <number.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "sample.h"

static const struct bench benches[] = {
    {"loop.fixed", measure_loop, .server = BENCH_SERVER_NONE},
    {"ipc.call_reply", measure_call, BENCH_SERVER_WORDS, BENCH_PRIORITY, 0},
    {"ipc.call_reply_higher", measure_call, BENCH_SERVER_WORDS, BENCH_PRIORITY + 1, 0},
    {"ipc.call_reply_lower", measure_call, BENCH_SERVER_WORDS, BENCH_PRIORITY - 1, 0},
    {"ipc.call_reply_sse", measure_call_sse, BENCH_SERVER_SSE, BENCH_PRIORITY, 0},
    {"ipc.call_null", measure_yield, .server = BENCH_SERVER_NONE},
    {"ipc.clock", measure_clock, .server = BENCH_SERVER_NONE},
    {"ipc.refused", measure_refused, .server = BENCH_SERVER_NONE},
    {"ipc.notify", measure_notify, .server = BENCH_SERVER_NONE},
    {"ipc.receive_nowait", measure_receive_nowait, .server = BENCH_SERVER_NONE},
    {"ipc.handle_copy_close", measure_handle_copy_close, .server = BENCH_SERVER_NONE},
    {"ipc.handle", measure_handle, BENCH_SERVER_HANDLE, BENCH_PRIORITY, 0},
#define BYTES(count) \
    { "ipc.bytes_" #count, measure_call, BENCH_SERVER_BYTES, BENCH_PRIORITY, count }
    BYTES(8),
    BYTES(64),
    BYTES(256),
    BYTES(800),
    BYTES(1536),
    BYTES(2304),
    BYTES(3072),
    {"timer.tick", measure_tick, .server = BENCH_SERVER_NONE},
};
#define BENCHES (sizeof benches / sizeof *benches)

static void (*const serve[])(void) = {
#define X(upper, function) function,
    BENCH_SERVER_LIST(X)
#undef X
};

void bench_must(hf_status_t status) {
    if (status != HF_OK) {
        printf("bench: %s\n", hf_status_text(status));
        exit(1);
    }
}

/* ---- The tasks that are started ---- */

static void be_caller(const struct bench *bench) {
    char line[SAMPLE_LINE_BYTES];
    sample_begin(bench->name);
    bench->measure(bench);
    sample_line(line);
    printf("%s", line);
}

/* Argument 1 says what to be, argument 2 for which measurement, argument 3 how often. */
static int be(const char *what, const char *which, const char *runs) {
    uint64_t index, count;
    if (!number_parse(which, BENCHES - 1, &index) || !number_parse(runs, SAMPLE_COUNT, &count)) {
        return 2;
    }
    sample_runs = (unsigned)count;
    const struct bench *bench = &benches[index];
    if (strcmp(what, "-caller") == 0) {
        be_caller(bench);
    } else if (serve[bench->server] != NULL) {
        serve[bench->server]();
    }
    return 0;
}

/* ---- The task that starts them ---- */

static struct mem_task start(const char *what, size_t index, unsigned priority, const hf_handle_t endpoints[2]) {
    struct mem_task task;
    char number[8], runs[8];
    snprintf(number, sizeof number, "%zu", index);
    snprintf(runs, sizeof runs, "%u", sample_runs);
    bench_must(mem_spawn("bench", (const char *const[]){what, number, runs, NULL},
                         &(struct mem_spawn_options){.priority = priority,
                                                     .console = HF_SLOT_CONSOLE,
                                                     .handle_count = 2,
                                                     .handles = {endpoints[0], endpoints[1]}},
                         &task));
    return task;
}

static void measure(size_t index, const hf_handle_t endpoints[2]) {
    const struct bench *bench = &benches[index];
    struct mem_task server = {0}, caller;
    struct hf_exit how;
    if (bench->server != BENCH_SERVER_NONE) {
        server = start("-server", index, bench->priority, endpoints);
    }
    caller = start("-caller", index, BENCH_PRIORITY, endpoints);
    bench_must(mem_wait(caller.handle, &how));
    bench_must(hf_handle_close(caller.handle));
    bench_must(how.how == HF_EXIT_CODE && how.code == 0 ? HF_OK : HF_CANCELLED);
    if (server.handle != 0) {
        bench_must(mem_kill(server.handle));
        bench_must(mem_wait(server.handle, &how));
        bench_must(hf_handle_close(server.handle));
    }
}

static bool wanted(const char *name, int count, char **prefixes) {
    for (int i = 0; i < count; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return count == 0;
}

/* A number of runs, if that is what stands there. */
static bool take_runs(const char *word) {
    uint64_t runs;
    if (!number_parse(word, SAMPLE_COUNT, &runs) || runs == 0) {
        return false;
    }
    sample_runs = (unsigned)runs;
    return true;
}

int main(int argc, char **argv) {
    hf_handle_t endpoints[2];
    if (argc == 4 && argv[1][0] == '-') {
        return be(argv[1], argv[2], argv[3]);
    }
    int first = argc > 1 && take_runs(argv[1]) ? 2 : 1;
    bench_must(mem_endpoint_create(&endpoints[0]));
    bench_must(mem_endpoint_create(&endpoints[1]));
    size_t measured = 0;
    for (size_t i = 0; i < BENCHES; i++) {
        if (wanted(benches[i].name, argc - first, argv + first)) {
            measure(i, endpoints);
            measured++;
        }
    }
    if (measured == 0) {
        puts("Usage: bench [RUNS] [PREFIX]..., and no measurement's name begins so.");
    }
    return measured == 0 ? 2 : 0;
}
