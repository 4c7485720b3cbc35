/* What init is started with. */
#ifndef INIT_INIT_H
#define INIT_INIT_H

#include <handoff/mem.h>

/* The handles that memsrv gives to the first task, in order. */
enum init_slots {
    INIT_PORTS = HF_SLOT_GIVEN, /* COM1's */
    INIT_IRQ,
    INIT_POWER,
    INIT_SLOTS_END,
};

#endif
