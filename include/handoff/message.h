/* Messages: the registers' part, the IPC buffer's part, and the labels that
 * only the core can send. */
#pragma once

#include <handoff/types.h>

#define HF_MESSAGE_WORDS 6
#define HF_MESSAGE_BYTES 3072u

/* The first eight bytes are the tag, which travels as one register. */
struct hf_message {
    uint32_t label;  /* below HF_LABEL_CORE; a bigger one is HF_BAD_ARGUMENT */
    uint16_t bytes;  /* how many of the IPC buffer's bytes travel too */
    uint16_t handle; /* a handle to pass on, 0 for none; on arrival the slot it got */
    uint64_t word[HF_MESSAGE_WORDS];
};

/* On arrival, in `bytes`: the sender sent bytes but the receiver has no buffer.
 * In `handle`: a handle was sent but could not be delivered. */
#define HF_LOST 0x8000u

struct hf_sender {
    hf_badge_t badge;   /* of the handle that was used */
    hf_serial_t serial; /* of the task that sent; 0 for the core's notifications */
};

/* One frame for each task, shared with the core. */
struct hf_buffer {
    uint8_t bytes[HF_MESSAGE_BYTES];
    /* Where an arriving handle goes: a free slot, HF_SLOT_ANY, or 0 to take none. */
    hf_handle_t receive_slot;
    uint32_t reserved[255];
};

#define HF_SLOT_ANY 0xffffu

/* Labels with the top bit set are the core's. */
#define HF_LABEL_CORE 0x80000000u
#define HF_CORE_LABEL_LIST(X) \
    X(FAULT, 0x80000001u) \
    X(EXCEPTION, 0x80000002u) \
    X(NOTIFICATION, 0x80000003u)

enum hf_core_label {
#define X(name, value) HF_LABEL_##name = value,
    HF_CORE_LABEL_LIST(X)
#undef X
};

/* Words of HF_LABEL_FAULT, which the core sends for a task that took a page
 * fault. Any reply lets the task run the instruction again. */
enum hf_fault_word {
    HF_FAULT_ADDRESS, /* what CR2 held */
    HF_FAULT_ERROR,   /* the error code (Intel SDM vol. 3A, 4.7): HF_FAULT_* bits */
    HF_FAULT_RIP,
    HF_FAULT_RSP,
    HF_FAULT_ENTRY, /* the last page-table entry that the walk read */
    HF_FAULT_FRAME, /* level of that entry in bits 0-7 (1 PT ... 4 PML4), refs of the frame it maps in 32-63 */
};

enum hf_fault_error {
    HF_FAULT_PRESENT = 1, /* a right was missing, else an entry was */
    HF_FAULT_WRITE = 2,
    HF_FAULT_USER = 4,
    HF_FAULT_RESERVED = 8, /* a reserved bit was set in an entry */
    HF_FAULT_FETCH = 16,
};

/* Words of HF_LABEL_EXCEPTION: every other exception of a task. */
enum hf_exception_word {
    HF_EXCEPTION_VECTOR,
    HF_EXCEPTION_ERROR,
    HF_EXCEPTION_RIP,
    HF_EXCEPTION_RSP,
};

/* HF_LABEL_NOTIFICATION: word 0 has the bits, which are cleared by delivery. */
