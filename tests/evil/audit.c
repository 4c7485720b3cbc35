/* The core's own audit, where it has one. */
#include "evil.h"

bool audited(void) {
    struct hf_result result = {0};
    do {
        hf_status_t status = hf_mmu_one(&ON(AUDIT, 0, .address = result.value[0]), &result);
        if (status == HF_BAD_CALL) return true; /* not a core that checks itself */
        if (status != HF_OK) give_up("the core refuses an audit");
        if (!result.detail) continue;
        say("not ok the core finds I%u broken: frame 0x%lx slot 0x%lx\n", result.detail, result.value[1],
            result.value[2]);
        return false;
    } while (result.value[0]);
    return true;
}
