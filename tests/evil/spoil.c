/* Operations that were sound: one is spoiled, another must not be made. */
#include "invent.h"

/* One place of it becomes something else. */
void mutate(struct hf_operation *op) {
    uint64_t *const words[] = {&op->object, &op->address, &op->frame};
    uint64_t *word = DRAW_FROM(words);
    switch (draw_below(8)) {
    case 0:
        *word ^= 1ul << draw_below(64);
        break;
    case 1:
        *word += draw_below(3) - 1;
        break;
    case 2:
        *word = draw();
        break;
    case 3:
        op->level = (uint8_t)draw_below(6);
        break;
    case 4:
        op->rights = (uint16_t)draw();
        break;
    case 5:
        op->count = (uint32_t)draw();
        break;
    case 6:
        op->code = (uint8_t)draw_below(HF_OP_COUNT + 2);
        break;
    default:
        *word = toy_any();
        break;
    }
}

/* ---- what would be the end of us, and is no fault of the core ---- */

#define OUR_OWN_SLOT_ENDS (1ul << 39)

static bool changes_our_aspace(const struct hf_operation *op) {
    bool ours = op->object == boot->aspace || (op->code == HF_OP_CLONE && op->frame == boot->aspace);
    return ours && op->address < OUR_OWN_SLOT_ENDS && op->code != HF_OP_TRANSLATE;
}

static bool gives_our_pages_away(const struct hf_operation *op) {
    return op->code == HF_OP_MAP && op->frame < ram_end && is_ours(op->frame) &&
           look_frame(op->frame).type == HF_FRAME_USER;
}

static bool ends_what_is_ours(const struct hf_operation *op) {
    bool marks = op->code == HF_OP_PIN || op->code == HF_OP_UNPIN || op->code == HF_OP_ENDPOINT_DESTROY;
    return marks && op->object < ram_end && is_ours(op->object);
}

static bool turns_the_machine_off(const struct hf_operation *op) {
    return op->code == HF_OP_HANDLE_PUT && op->level == HF_PUT_POWER && (op->rights & HF_RIGHT_USE);
}

/* Who listens in our place would take the PIT's bits, which are to wake us. */
static bool lets_others_listen(const struct hf_operation *op) {
    return op->code == HF_OP_HANDLE_PUT && op->frame == client_endpoint && (op->rights & HF_RIGHT_RECEIVE);
}

bool is_suicide(const struct hf_operation *op) {
    return changes_our_aspace(op) || gives_our_pages_away(op) || ends_what_is_ours(op) || turns_the_machine_off(op) ||
           lets_others_listen(op);
}
