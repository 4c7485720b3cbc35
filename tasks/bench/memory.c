/* What memsrv's service costs: memory and tasks, from the one who asks back to it. */
#include <ipc.h>
#include <mem.h>

#include "bench.h"
#include "sample.h"

#define TABLE_BYTES (512 * HF_PAGE_SIZE) /* what a page table maps */

static volatile char *new_memory(size_t bytes, unsigned flags) {
    void *at;
    bench_must(mem_map(bytes, HF_READ | HF_WRITE, flags, &at));
    return at;
}

/* The page behind `at`. The first page of a page table is touched on the way, so that
 * the table is there. */
static volatile char *next_page(volatile char *at) {
    at += HF_PAGE_SIZE;
    if ((uintptr_t)at % TABLE_BYTES == 0) {
        *at = 1;
        at += HF_PAGE_SIZE;
    }
    return at;
}

/* Enough memory for each sample to take a page of it. */
void measure_demand_zero(const struct bench *bench) {
    volatile char *at = new_memory(4 * TABLE_BYTES, 0);
    (void)bench;
    *at = 1;
    SAMPLES(at = next_page(at), *at = 1, bench_must(at[0] == 1 && at[1] == 0 ? HF_OK : HF_BAD_ARGUMENT));
}

/* Faults of this task so far, of all kinds. */
static uint64_t faults(void) {
    struct hf_task_stat stat;
    uint64_t sum = 0;
    bench_must(mem_task_stat(0, &stat));
#define X(name, text) sum += stat.info.ledger.faults_##name;
    HF_FAULT_KIND_LIST(X)
#undef X
    return sum;
}

/* ---- pages that come with others ---- */

/* Touches so many pages, downwards from the one at `at`. */
static void touch_down(volatile char *at, unsigned pages) {
    for (; pages > 0; pages--, at -= HF_PAGE_SIZE) {
        *at = 1;
    }
}

#define AROUND 16u      /* pages, when a stack has grown for a while */
#define GROWING 48u     /* pages until then */
#define STACK_PAGES 250 /* which are there to be touched */

/* Finds the page whose touch brings pages: the next one that does is AROUND pages below. */
static volatile char *next_fault(volatile char *at) {
    uint32_t counted = 0;
    for (; counted < AROUND; at -= HF_PAGE_SIZE) {
        SAMPLE(counted, *at = 1);
        counted -= sample_empty;
    }
    return at - (AROUND - 1) * HF_PAGE_SIZE;
}

/* A touch that brings sixteen pages of the stack: what it takes for each of them. Those are touched, too. */
void measure_around(const struct bench *bench) {
    volatile char local = 1, *top = (char *)((uintptr_t)&local / HF_PAGE_SIZE * HF_PAGE_SIZE);
    (void)bench;
    touch_down(top, GROWING);
    volatile char *at = next_fault(top - GROWING * HF_PAGE_SIZE);
    for (; at - AROUND * HF_PAGE_SIZE > top - STACK_PAGES * HF_PAGE_SIZE; at -= AROUND * HF_PAGE_SIZE) {
        uint32_t counted;
        uint64_t before = faults();
        SAMPLE(counted, *at = 1);
        touch_down(at, AROUND);
        bench_must(faults() == before + 1 ? HF_OK : HF_BAD_ARGUMENT);
        sample_note((counted - sample_empty) / AROUND);
    }
}

/* Constants of this program, among which there is a group of pages at a multiple of its size. */
#define GROUP_BYTES (AROUND * HF_PAGE_SIZE)
static const uint8_t constants[2 * GROUP_BYTES];

/* Pages of the image that are never written, so that all who run it share them. */
void measure_around_image(const struct bench *bench) {
    const uintptr_t aligned = ((uintptr_t)constants + GROUP_BYTES - 1) / GROUP_BYTES * GROUP_BYTES;
    const volatile uint8_t *at = (const uint8_t *)aligned;
    uint32_t counted, sum = 0;
    uint64_t before = faults();
    (void)bench;
    SAMPLE(counted, sum += *at);
    for (size_t page = 0; page < GROUP_BYTES; page += HF_PAGE_SIZE) {
        sum += at[page];
    }
    bench_must(sum == 0 && faults() == before + 1 ? HF_OK : HF_BAD_ARGUMENT);
    sample_note((counted - sample_empty) / AROUND);
}

/* ---- large pages ---- */

#define LARGE_BYTES (64ul << 20)
#define LARGE_ROUNDS 5

/* Not instructions: how many faults it takes to touch each page. */
void measure_large(const struct bench *bench) {
    (void)bench;
    for (unsigned round = 0; round < LARGE_ROUNDS; round++) {
        uint64_t before = faults();
        volatile char *at = new_memory(LARGE_BYTES, HF_MAP_LARGE);
        for (size_t i = 0; i < LARGE_BYTES; i += HF_PAGE_SIZE) {
            at[i] = 1;
        }
        bench_must(mem_unmap((void *)(uintptr_t)at, LARGE_BYTES));
        sample_note((uint32_t)(faults() - before));
    }
}

/* ---- tasks ---- */

void measure_spawn(const struct bench *bench) {
    struct mem_task task;
    struct hf_exit how;
    hf_status_t spawned, waited;
    (void)bench;
    SAMPLES(
        ,
        {
            spawned = mem_spawn("five", NULL, NULL, &task);
            waited = mem_wait(task.handle, &how);
        },
        {
            bench_must(spawned);
            bench_must(waited);
            bench_must(how.how == HF_EXIT_CODE && how.code == 0 ? HF_OK : HF_CANCELLED);
            bench_must(hf_handle_close(task.handle));
        });
}
