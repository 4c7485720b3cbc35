/* The timer chip, which interrupts us every millisecond. */
#include "evil.h"

/* 8254 data sheet: channel 0, low then high byte, mode 2. */
#define PIT_CONTROL 0x43
#define PIT_RATE_0 0x34
#define PIT_COUNT 1193u /* a millisecond */

void pit_start(hf_handle_t ports) {
    const struct {
        uint16_t port;
        uint8_t byte;
    } bytes[] = {{PIT_CONTROL, PIT_RATE_0}, {PIT_CHANNEL_0, PIT_COUNT & 0xff}, {PIT_CHANNEL_0, PIT_COUNT >> 8}};
    for (unsigned i = 0; i < 3; i++) {
        if (hf_port_out(ports, bytes[i].port, 1, bytes[i].byte) != HF_OK) give_up("the PIT can't be set");
    }
}
