/* The console server's protocol. Each reply's label is an hf_status_t. */
#pragma once

enum hf_console_label {
    HF_CONSOLE_NONE,
    /* word 0: how many bytes; up to 40 in words 1 to 5, more in the buffer -> when
     * they are on their way; for no bytes: when all earlier ones have left. "\n"
     * becomes "\r\n" on the line. */
    HF_CONSOLE_WRITE,
    /* Waits for input -> word 0: how many bytes (1 to 40), in words 1 to 5. Enter is
     * "\n"; nothing behind that, or behind HF_CONSOLE_END, comes in the same reply,
     * since it may be meant for another task. */
    HF_CONSOLE_READ,
    /* From the server to who started it -> handle: its endpoint, to call it and to
     * hand that on. The endpoint is the server's own, so that all who call it are
     * told (HF_DEAD) when the server has ended. */
    HF_CONSOLE_STARTED,
};

/* The handles that the console server is given, in order from HF_SLOT_GIVEN on. */
enum hf_console_given {
    HF_CONSOLE_GIVEN_STARTER, /* CALL: whom to send HF_CONSOLE_STARTED */
    HF_CONSOLE_GIVEN_PORTS,   /* COM1's */
    HF_CONSOLE_GIVEN_IRQ,
    HF_CONSOLE_GIVEN_COUNT,
};

#define HF_CONSOLE_WORD_BYTES 40u

#define HF_CONSOLE_END 4 /* Ctrl-D: the reader's input ends */
