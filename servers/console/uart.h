/* COM1, a 16550: bytes in, bytes out, and which of both should interrupt. */
#pragma once

#include <handoff/types.h>
#include <stdbool.h>

#define UART_FIFO_BYTES 16u

/* 115200 baud, 8 data bits, no parity, FIFOs on and empty, no interrupts. */
void uart_start(hf_handle_t handle);

/* From now on: interrupt when a byte has come, or when uart_can_send. With
 * `receive` off the other side is asked to wait, too (RTS). */
void uart_interrupt_on(bool receive, bool send);

/* False when no byte has come. */
bool uart_receive(char *byte);
/* Bytes came faster than they were received, and some are gone: since the last
 * time that this was asked. */
bool uart_has_lost(void);

/* The send FIFO is empty: it takes UART_FIFO_BYTES. */
bool uart_can_send(void);
/* The last bit of the last byte is on the line. */
bool uart_all_sent(void);
void uart_send(char byte);

/* There still is a cause to interrupt; asking takes back the one for sending. */
bool uart_wants_attention(void);
