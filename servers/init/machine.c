#include "machine.h"

#include <handoff/console.h>
#include <ipc.h>
#include <mem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

unsigned machine_code_of(const struct hf_exit *how) {
    if (how->how != HF_EXIT_CODE) return MACHINE_CODE_ENDED_BADLY;
    return how->code >= 0 && how->code < MACHINE_CODE_MAX ? (unsigned)how->code : MACHINE_CODE_MAX;
}

_Noreturn void machine_end(unsigned code) {
    struct hf_message nothing = {.label = HF_CONSOLE_WRITE};
    bool heard = hf_call(HF_SLOT_CONSOLE, &nothing) == HF_OK;
    hf_status_t status = hf_power(HF_INIT_POWER, heard || code != 0 ? code : MACHINE_CODE_ENDED_BADLY);
    printf("init: the machine can't be ended: %s\n", hf_status_text(status));
    exit(EXIT_FAILURE);
}
