/* What is known of each operation, by the list in <handoff/mmu.h>. */
#include "operations.h"

#define HF_FRAME_ANY HF_FRAME_TYPE_COUNT

const struct operation_kind operation_kinds[HF_OP_COUNT] = {
#define X(upper, lower, object, fields, text) [HF_OP_##upper] = {#upper, HF_FRAME_##object, fields},
    HF_OPERATION_LIST(X)
#undef X
};
