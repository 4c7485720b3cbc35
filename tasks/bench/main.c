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

#define ALONE(name, function) \
    { name, function, .server = BENCH_SERVER_NONE }
#define SERVED(name, function, upper, above, count) \
    { name, function, .server = BENCH_SERVER_##upper, .priority = BENCH_PRIORITY + (above), .bytes = (count) }
#define BYTES(count) SERVED("ipc.bytes_" #count, measure_call, BYTES, 0, count)

/* Of 1 GiB, which not every machine has. */
#define TEARDOWN(name, upper) \
    { \
        name, measure_teardown, .server = BENCH_SERVER_##upper, .priority = BENCH_PRIORITY, .bytes = 1024, \
                                .only_by_name = true \
    }

static const struct bench benches[] = {
    ALONE("loop.fixed", measure_loop),
    SERVED("ipc.call_reply", measure_call, WORDS, 0, 0),
    SERVED("ipc.call_reply_higher", measure_call, WORDS, 1, 0),
    SERVED("ipc.call_reply_lower", measure_call, WORDS, -1, 0),
    SERVED("ipc.call_reply_sse", measure_call_sse, SSE, 0, 0),
    ALONE("ipc.call_null", measure_yield),
    ALONE("ipc.clock", measure_clock),
    ALONE("ipc.refused", measure_refused),
    ALONE("ipc.notify", measure_notify),
    ALONE("ipc.receive_nowait", measure_receive_nowait),
    ALONE("ipc.handle_copy_close", measure_handle_copy_close),
    SERVED("ipc.handle", measure_handle, HANDLE, 0, 0),
    BYTES(8),
    BYTES(64),
    BYTES(256),
    BYTES(800),
    BYTES(1536),
    BYTES(2304),
    BYTES(3072),
    ALONE("timer.tick", measure_tick),
    ALONE("fault.demand_zero", measure_demand_zero),
    ALONE("fault.around_page", measure_around),
    ALONE("fault.around_image", measure_around_image),
    ALONE("fault.cow", measure_copy),
    ALONE("map.64m", measure_large),
    ALONE("spawn.lifecycle", measure_spawn),
    ALONE("fork.small", measure_fork_small),
    ALONE("fork.1000", measure_fork_1000),
    TEARDOWN("wait.teardown", MEMORY),
    TEARDOWN("wait.teardown_2m", LARGE_MEMORY),
};
#define BENCHES (sizeof benches / sizeof *benches)

static void (*const serve[])(const struct bench *bench) = {
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
        serve[bench->server](bench);
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
        hf_status_t status = mem_kill(server.handle);
        bench_must(status == HF_DEAD ? HF_OK : status); /* it may have ended by itself */
        bench_must(mem_wait(server.handle, &how));
        bench_must(hf_handle_close(server.handle));
    }
}

static bool wanted(const struct bench *bench, int count, char **prefixes) {
    for (int i = 0; i < count; i++) {
        if (strncmp(bench->name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return count == 0 && !bench->only_by_name;
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
        if (wanted(&benches[i], argc - first, argv + first)) {
            measure(i, endpoints);
            measured++;
        }
    }
    if (measured == 0) {
        puts("Usage: bench [RUNS] [PREFIX]..., and no measurement's name begins so.");
    }
    return measured == 0 ? 2 : 0;
}
