/* How long messages wait while much memory comes back. */
#include <ipc.h>
#include <mem.h>

#include "bench.h"
#include "sample.h"

#define PIECE (16ul << 20) /* mapped at once */
#define ASKED 8u           /* at least so often while memory comes back: it does so in parts */

static void take_memory(size_t bytes, unsigned flags) {
    for (; bytes > 0; bytes -= PIECE) {
        void *at;
        bench_must(mem_map(PIECE, HF_READ | HF_WRITE, flags | HF_MAP_NOW, &at));
    }
}

/* Takes memory, says so, and ends when it is answered. */
static void hold_memory(const struct bench *bench, unsigned flags) {
    take_memory((size_t)bench->bytes << 20, flags);
    bench_must(hf_call(BENCH_ENDPOINT, &(struct hf_message){0}));
}

void serve_memory(const struct bench *bench) { hold_memory(bench, HF_MAP_SMALL); }

void serve_large_memory(const struct bench *bench) { hold_memory(bench, HF_MAP_LARGE); }

static uint64_t free_frames(void) {
    struct hf_mem_stat stat;
    bench_must(mem_stat(&stat));
    return stat.free;
}

/* The longest time from one answer to the next, asked again and again from the other task's end
 * until all its memory has come back. In between others of the same priority have their turn: a
 * part of the work is done. */
void measure_teardown(const struct bench *bench) {
    bench_must(hf_receive(BENCH_ENDPOINT, &(struct hf_message){0}, NULL));
    const uint64_t before = free_frames(), after = before + ((uint64_t)bench->bytes << 20) / HF_PAGE_SIZE;
    uint32_t longest = 0, last = sample_counter();
    unsigned asked = 0;
    bench_must(hf_reply(&(struct hf_message){0}));
    for (uint64_t now_free = before; now_free < after;) {
        now_free = free_frames();
        uint32_t now = sample_counter();
        longest = now - last > longest ? now - last : longest;
        last = now;
        hf_yield();
        asked += now_free > before && now_free < after;
    }
    bench_must(asked >= ASKED ? HF_OK : HF_CANCELLED);
    sample_note(longest);
}
