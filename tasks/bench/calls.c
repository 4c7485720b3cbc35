/* The callers. A message stands in memory before and after its call, as it does in
 * a program that does something with it. */
#include <ipc.h>

#include "bench.h"
#include "sample.h"

#define ANSWERED 1ul /* what a server adds to word 0 */
#define LAST_BYTE 0x5a

/* From here on the compiler must believe that anyone may read and write it. */
#define IN_MEMORY(object) __asm__ volatile("" : : "r"(object) : "memory")

void measure_loop(const struct bench *bench) {
    (void)bench;
    sample_fixed_loop();
}

static void compose(struct hf_message *message, unsigned bytes, hf_handle_t handle) {
    *message = (struct hf_message){
        .label = 1, .bytes = (uint16_t)bytes, .handle = (uint16_t)handle, .word = {10, 20, 30, 40, 50, 60}};
    if (bytes > 0) {
        hf_buffer()->bytes[0] = 1;
        hf_buffer()->bytes[bytes - 1] = LAST_BYTE;
    }
    IN_MEMORY(message);
}

static bool answered(const struct hf_message *message, unsigned bytes) {
    const uint8_t *content = hf_buffer()->bytes;
    IN_MEMORY(message);
    return message->label == 1 && message->bytes == bytes && message->handle == 0 &&
           message->word[0] == 10 + ANSWERED && message->word[5] == 60 &&
           (bytes < 2 || (content[0] == 1 + ANSWERED && content[bytes - 1] == LAST_BYTE));
}

static void check_answer(hf_status_t status, const struct hf_message *message, unsigned bytes) {
    bench_must(status);
    bench_must(answered(message, bytes) ? HF_OK : HF_BAD_ARGUMENT);
}

static void measure_message(unsigned bytes, hf_handle_t handle) {
    struct hf_message message;
    hf_status_t status;
    SAMPLES(compose(&message, bytes, handle), status = hf_call(BENCH_ENDPOINT, &message),
            check_answer(status, &message, bytes));
}

void measure_call(const struct bench *bench) { measure_message(bench->bytes, 0); }

/* Both sides use their vector registers between the calls. */
void measure_call_sse(const struct bench *bench) {
    struct hf_message message;
    hf_status_t status;
    SAMPLES(
        compose(&message, bench->bytes, 0),
        {
            BENCH_USE_SSE();
            status = hf_call(BENCH_ENDPOINT, &message);
        },
        check_answer(status, &message, bench->bytes));
}

void measure_handle(const struct bench *bench) { measure_message(bench->bytes, BENCH_NOBODY); }

void measure_yield(const struct bench *bench) {
    (void)bench;
    SAMPLES(, hf_yield(), );
}

void measure_clock(const struct bench *bench) {
    uint64_t last = 0, now;
    (void)bench;
    SAMPLES(, now = hf_clock(), {
        bench_must(now > last ? HF_OK : HF_BAD_ARGUMENT);
        last = now;
    });
}

void measure_refused(const struct bench *bench) {
    hf_status_t status;
    (void)bench;
    SAMPLES(, status = hf_stub_plain(HF_CALL_COUNT, 0, 0, 0, 0, NULL),
            bench_must(status == HF_BAD_CALL ? HF_OK : HF_BAD_ARGUMENT));
}

void measure_notify(const struct bench *bench) {
    hf_status_t status;
    (void)bench;
    SAMPLES(, status = hf_notify(BENCH_NOBODY), bench_must(status));
}

void measure_receive_nowait(const struct bench *bench) {
    struct hf_message message;
    hf_status_t status;
    (void)bench;
    SAMPLES(, status = hf_receive_nowait(BENCH_NOBODY, &message, NULL),
            bench_must(status == HF_WOULD_BLOCK ? HF_OK : HF_BAD_ARGUMENT));
}

void measure_handle_copy_close(const struct bench *bench) {
    hf_handle_t copy;
    hf_status_t made, closed;
    (void)bench;
    SAMPLES(
        copy = HF_SLOT_ANY,
        {
            made = hf_handle_copy(BENCH_NOBODY, HF_RIGHT_CALL, 0, &copy);
            closed = hf_handle_close(copy);
        },
        {
            bench_must(made);
            bench_must(closed);
        });
}
