#include "output.h"

#include <handoff/console.h>
#include <ipc.h>
#include <string.h>

#include "uart.h"

/* A write is kept with its bytes until the line has taken them: its task waits,
 * all others go on. */
struct write {
    hf_handle_t reply; /* 0: nobody waits */
    size_t length, sent;
    char bytes[HF_MESSAGE_BYTES];
};

#define WRITES 8u

static struct write writes[WRITES];
static unsigned first, count;
static bool return_sent; /* the '\r' for the '\n' that comes next */

void output_start(void) { memset(writes, 0, sizeof writes); }

bool output_is_waiting(void) { return count > 0; }

static void finish(struct write *write) {
    struct hf_message reply = {.label = HF_OK};
    if (write->reply != 0) {
        hf_status_t status = hf_reply_held(write->reply, &reply);
        (void)status; /* whoever wrote may have ended meanwhile */
    }
    first = (first + 1) % WRITES;
    count--;
}

/* Fills the empty send FIFO; a '\n' takes two of its bytes. */
static void fill_fifo(struct write *write) {
    for (unsigned room = UART_FIFO_BYTES; room > 0 && write->sent < write->length; room--) {
        char byte = write->bytes[write->sent];
        if (byte == '\n' && !return_sent) {
            uart_send('\r');
            return_sent = true;
            continue;
        }
        uart_send(byte);
        return_sent = false;
        write->sent++;
    }
}

/* The UART doesn't interrupt for its very last bit; that is at most one byte's
 * time, a tenth of a millisecond, away. */
static void wait_for_last_bit(void) {
    while (!uart_all_sent()) {
        hf_yield();
    }
}

void output_advance(void) {
    while (count > 0 && uart_can_send()) {
        struct write *write = &writes[first];
        if (write->length == 0) {
            wait_for_last_bit();
        }
        fill_fifo(write);
        if (write->sent == write->length) {
            finish(write);
        }
    }
}

/* A place at the end of the queue, not yet counted. */
static struct write *place(void) { return &writes[(first + count) % WRITES]; }

/* The line is slower than all who write: until a place is free, nothing else is
 * served. */
static void wait_for_place(void) {
    while (count == WRITES) {
        output_advance();
        hf_yield();
    }
}

static const void *bytes_of(const struct hf_message *message) {
    size_t length = message->word[0];
    if (length <= HF_CONSOLE_WORD_BYTES) {
        return &message->word[1];
    }
    bool complete = !(message->bytes & HF_LOST) && length <= message->bytes;
    return complete ? hf_buffer()->bytes : NULL;
}

hf_status_t output_take(const struct hf_message *message) {
    const void *bytes = bytes_of(message);
    if (bytes == NULL) return HF_BAD_ARGUMENT;
    wait_for_place();
    struct write *write = place();
    write->reply = HF_SLOT_ANY;
    write->length = message->word[0];
    write->sent = 0;
    memcpy(write->bytes, bytes, write->length);
    hf_status_t status = hf_hold(&write->reply);
    if (status == HF_OK) {
        count++;
    }
    return status;
}

void output_note(const char *text) {
    if (count < WRITES) {
        struct write *write = place();
        write->reply = 0;
        write->length = strlen(text);
        write->sent = 0;
        memcpy(write->bytes, text, write->length);
        count++;
    }
}
