/* Servers that do nothing but answer. Each changes the first word, so that the
 * caller sees that the message came and that this is the answer. */
#include <ipc.h>

#include "bench.h"

void serve_words(const struct bench *bench) {
    struct hf_message message;
    struct hf_sender sender;
    (void)bench;
    hf_status_t status = hf_receive(BENCH_ENDPOINT, &message, &sender);
    while (status == HF_OK) {
        message.word[0]++;
        status = hf_reply_receive(BENCH_ENDPOINT, &message, &sender);
    }
    bench_must(status);
}

/* As many bytes go back as came, the first one changed. */
void serve_bytes(const struct bench *bench) {
    struct hf_message message;
    struct hf_sender sender;
    (void)bench;
    hf_status_t status = hf_receive(BENCH_ENDPOINT, &message, &sender);
    while (status == HF_OK) {
        message.word[0]++;
        hf_buffer()->bytes[0]++;
        status = hf_reply_receive(BENCH_ENDPOINT, &message, &sender);
    }
    bench_must(status);
}

#define ARRIVING (BENCH_NOBODY + 1) /* a slot that nothing was given to */

/* Drops the handle that came, so that its slot is free for the next one. */
void serve_handle(const struct bench *bench) {
    struct hf_message message;
    struct hf_sender sender;
    (void)bench;
    hf_buffer()->receive_slot = ARRIVING;
    hf_status_t status = hf_receive(BENCH_ENDPOINT, &message, &sender);
    while (status == HF_OK) {
        bench_must(hf_handle_close(ARRIVING));
        message.handle = 0;
        message.word[0]++;
        status = hf_reply_receive(BENCH_ENDPOINT, &message, &sender);
    }
    bench_must(status);
}

void serve_sse(const struct bench *bench) {
    struct hf_message message;
    struct hf_sender sender;
    (void)bench;
    hf_status_t status = hf_receive(BENCH_ENDPOINT, &message, &sender);
    while (status == HF_OK) {
        BENCH_USE_SSE();
        message.word[0]++;
        status = hf_reply_receive(BENCH_ENDPOINT, &message, &sender);
    }
    bench_must(status);
}
