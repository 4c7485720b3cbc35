/* What mem_fork costs: the fork itself, and the copies that are made later. */
#include <ipc.h>
#include <mem.h>
#include <stdlib.h>

#include "bench.h"
#include "sample.h"

#define TABLE_BYTES (512 * HF_PAGE_SIZE) /* what a page table maps */
#define RESIDENT 1000u

/* Memory in small pages, each of which is there. */
static volatile char *resident_memory(size_t bytes) {
    void *at;
    bench_must(mem_map(bytes, HF_READ | HF_WRITE, HF_MAP_SMALL, &at));
    for (size_t i = 0; i < bytes; i += HF_PAGE_SIZE) {
        ((volatile char *)at)[i] = 1;
    }
    return at;
}

static void wait_for(const struct mem_task *child) {
    struct hf_exit how;
    bench_must(mem_wait(child->handle, &how));
    bench_must(how.how == HF_EXIT_CODE && how.code == 0 ? HF_OK : HF_CANCELLED);
    bench_must(hf_handle_close(child->handle));
}

/* The page behind `at`. The first page of a page table is copied on the way, so that the
 * table is the task's own. */
static volatile char *next_page(volatile char *at) {
    at += HF_PAGE_SIZE;
    if ((uintptr_t)at % TABLE_BYTES == 0) {
        *at = 2;
        at += HF_PAGE_SIZE;
    }
    return at;
}

/* A child writes to pages that its parent has too, and reports. */
void measure_copy(const struct bench *bench) {
    volatile char *at = resident_memory(4 * TABLE_BYTES);
    struct mem_task child;
    (void)bench;
    bench_must(mem_fork(&child));
    if (child.handle != 0) {
        wait_for(&child);
        exit(0);
    }
    *at = 2;
    SAMPLES(at = next_page(at), *at = 2, bench_must(at[0] == 2 && at[1] == 0 ? HF_OK : HF_BAD_ARGUMENT));
}

static void measure_fork(void) {
    struct mem_task child;
    struct hf_exit how;
    hf_status_t forked, waited;
    SAMPLES(
        ,
        {
            forked = mem_fork(&child);
            if (forked == HF_OK && child.handle == 0) mem_exit(0);
            waited = mem_wait(child.handle, &how);
        },
        {
            bench_must(forked);
            bench_must(waited);
            bench_must(how.how == HF_EXIT_CODE && how.code == 0 ? HF_OK : HF_CANCELLED);
            bench_must(hf_handle_close(child.handle));
        });
}

void measure_fork_small(const struct bench *bench) {
    (void)bench;
    measure_fork();
}

void measure_fork_1000(const struct bench *bench) {
    (void)bench;
    (void)resident_memory(RESIDENT * HF_PAGE_SIZE);
    measure_fork();
}
