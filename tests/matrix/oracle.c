#include "oracle.h"

#include <string.h>

static const struct {
    judge *judge;
    unsigned fields;
} known[HF_OP_COUNT] = {
    [HF_OP_MAP] = {judge_map, HF_LEVEL | HF_RIGHTS | HF_ADDRESS | HF_FRAME},
    [HF_OP_MAP_DEVICE] = {judge_map_device, HF_RIGHTS | HF_ADDRESS | HF_FRAME},
    [HF_OP_UNMAP] = {judge_unmap, HF_LEVEL | HF_ADDRESS},
    [HF_OP_PROTECT] = {judge_protect, HF_LEVEL | HF_RIGHTS | HF_ADDRESS},
    [HF_OP_SPLIT] = {judge_split, HF_ADDRESS | HF_FRAME},
    [HF_OP_STAGE] = {judge_stage, HF_LEVEL | HF_COUNT | HF_ADDRESS | HF_FRAME},
    [HF_OP_RELEASE] = {judge_release, HF_LEVEL},
    [HF_OP_PIN] = {judge_pin, HF_LEVEL},
    [HF_OP_UNPIN] = {judge_unpin, HF_LEVEL},
    [HF_OP_TAG] = {judge_tag, HF_LEVEL | HF_ADDRESS},
};

/* A field that the operation does not have must be zero. */
static void judge_fields(const struct hf_operation *operation, unsigned fields, struct verdict *verdict) {
    const bool used[] = {operation->level != 0, operation->rights != 0, operation->count != 0, operation->address != 0,
                         operation->frame != 0};
    for (unsigned i = 0; i < sizeof used / sizeof *used; i++) {
        refuse_if(verdict, used[i] && !(fields >> i & 1), HF_BAD_ARGUMENT);
    }
}

void tell_freed(struct verdict *verdict, const struct freed *freed) {
    if (freed->whole) {
        verdict->detail |= HF_LEAF_FREED;
    } else if (freed->count) {
        verdict->detail |= HF_LEAF_FREED_PART;
        verdict->value[1] = freed->count;
        verdict->part = true;
        memcpy(verdict->freed, freed->which, sizeof verdict->freed);
    }
}

struct verdict oracle(struct shadow *shadow, const struct hf_operation *operation) {
    struct verdict verdict = {0};
    judge_fields(operation, known[operation->code].fields, &verdict);
    known[operation->code].judge(shadow, operation, &verdict);
    return verdict;
}
