#include "names.h"

#include <handoff/names.h>

#include "address.h"
#include "boot.h"

void names_print(uint64_t address) {
    const struct hf_boot_module *module = boot_module(&boot, HF_NAMES_MODULE);
    struct hf_name_text text;
    if (!module || !hf_name_of(frame_pointer(module->first), module->bytes, address, &text)) return;
    log_text(" ");
    log_text(text.bytes);
}
