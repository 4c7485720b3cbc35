/* The 16550's registers (National Semiconductor PC16550D data sheet, section 8). */
#include "uart.h"

#include <ipc.h>
#include <stdlib.h>

#define COM1 0x3f8

enum uart_register {
    UART_DATA = 0,
    UART_DIVISOR_LOW = 0, /* while LINE_DIVISOR is set */
    UART_DIVISOR_HIGH = 1,
    UART_INTERRUPTS = 1,
    UART_CAUSE = 2, /* when read */
    UART_FIFO = 2,  /* when written */
    UART_LINE = 3,
    UART_MODEM = 4,
    UART_STATUS = 5,
};

enum uart_bits {
    INTERRUPT_RECEIVED = 0x01,
    INTERRUPT_SENT = 0x02,
    CAUSE_NONE = 0x01,
    FIFO_ENABLE = 0x01,
    FIFO_CLEAR_BOTH = 0x06, /* and interrupt on the first byte, so that the other 15 are slack */
    LINE_8N1 = 0x03,
    LINE_DIVISOR = 0x80,
    MODEM_DTR = 0x01,
    MODEM_RTS = 0x02,
    MODEM_OUT2 = 0x08, /* lets the interrupt out of the chip */
    STATUS_RECEIVED = 0x01,
    STATUS_OVERRUN = 0x02,
    STATUS_CAN_SEND = 0x20,
    STATUS_ALL_SENT = 0x40,
};

static hf_handle_t ports;

/* A console that lost its ports has nothing left to do. */
static void insist(hf_status_t status) {
    if (status != HF_OK) {
        exit(EXIT_FAILURE);
    }
}

static void put(enum uart_register at, unsigned value) { insist(hf_port_out(ports, (uint16_t)(COM1 + at), 1, value)); }

static unsigned get(enum uart_register at) {
    uint32_t value = 0;
    insist(hf_port_in(ports, (uint16_t)(COM1 + at), 1, &value));
    return value;
}

void uart_start(hf_handle_t handle) {
    ports = handle;
    put(UART_INTERRUPTS, 0);
    put(UART_LINE, LINE_DIVISOR);
    put(UART_DIVISOR_LOW, 1);
    put(UART_DIVISOR_HIGH, 0);
    put(UART_LINE, LINE_8N1);
    put(UART_FIFO, FIFO_ENABLE | FIFO_CLEAR_BOTH);
    put(UART_MODEM, MODEM_DTR | MODEM_OUT2);
}

void uart_interrupt_on(bool receive, bool send) {
    static unsigned now;
    unsigned wanted = (receive ? INTERRUPT_RECEIVED : 0) | (send ? INTERRUPT_SENT : 0);
    if (wanted == now) {
        return;
    }
    now = wanted;
    put(UART_INTERRUPTS, wanted);
    put(UART_MODEM, MODEM_DTR | MODEM_OUT2 | (receive ? MODEM_RTS : 0));
}

/* Reading the line status forgets an overrun, so that is kept here. */
static bool overrun;

static unsigned get_status(void) {
    unsigned status = get(UART_STATUS);
    overrun |= (status & STATUS_OVERRUN) != 0;
    return status;
}

bool uart_receive(char *byte) {
    if (!(get_status() & STATUS_RECEIVED)) return false;
    *byte = (char)get(UART_DATA);
    return true;
}

bool uart_has_lost(void) {
    bool lost = overrun;
    overrun = false;
    return lost;
}

bool uart_can_send(void) { return get_status() & STATUS_CAN_SEND; }

bool uart_all_sent(void) { return get_status() & STATUS_ALL_SENT; }

void uart_send(char byte) { put(UART_DATA, (unsigned char)byte); }

bool uart_wants_attention(void) { return !(get(UART_CAUSE) & CAUSE_NONE); }
