#include "input.h"

#include <handoff/console.h>
#include <ipc.h>
#include <string.h>

#include "uart.h"

#define RING_BYTES 1024u
#define READERS 64u

static char ring[RING_BYTES];
static unsigned ring_first, ring_count;

static hf_handle_t readers[READERS];
static unsigned reader_first, reader_count;

bool input_has_room(void) { return ring_count < RING_BYTES; }

static void add(char byte) {
    ring[(ring_first + ring_count) % RING_BYTES] = byte;
    ring_count++;
}

/* Enter is '\r' on a line, and "\r\n" from some programs: both become '\n'. */
void input_collect(void) {
    static char last;
    char byte;
    while (input_has_room() && uart_receive(&byte)) {
        if (byte == '\r') {
            add('\n');
        } else if (byte != '\n' || last != '\r') {
            add(byte);
        }
        last = byte;
    }
}

/* Fills the reply to a read, up to the end of a line or of a reader's input. */
static unsigned next_part(struct hf_message *message) {
    char bytes[HF_CONSOLE_WORD_BYTES] = {0};
    unsigned length = 0;
    while (length < ring_count && length < sizeof bytes) {
        bytes[length] = ring[(ring_first + length) % RING_BYTES];
        char last = bytes[length++];
        if (last == '\n' || last == HF_CONSOLE_END) {
            break;
        }
    }
    *message = (struct hf_message){.label = HF_OK, .word = {length}};
    memcpy(&message->word[1], bytes, sizeof bytes);
    return length;
}

/* Input leaves the ring only when it has arrived: a reader that has ended since it
 * asked takes none with it. */
void input_deliver(void) {
    while (reader_count > 0 && ring_count > 0) {
        struct hf_message message;
        unsigned length = next_part(&message);
        hf_status_t status = hf_reply_held(readers[reader_first], &message);
        reader_first = (reader_first + 1) % READERS;
        reader_count--;
        if (status == HF_OK) {
            ring_first = (ring_first + length) % RING_BYTES;
            ring_count -= length;
        }
    }
}

hf_status_t input_take_reader(void) {
    if (reader_count == READERS) return HF_NO_MEMORY;
    hf_handle_t reply = HF_SLOT_ANY;
    hf_status_t status = hf_hold(&reply);
    if (status == HF_OK) {
        readers[(reader_first + reader_count) % READERS] = reply;
        reader_count++;
    }
    return status;
}
