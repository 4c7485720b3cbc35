#include "audit.h"

#include "../log.h"

static audit_part *const phases[] = {audit_processor, audit_kernel, audit_runs,  audit_tables,
                                     audit_objects,   audit_ready,  audit_count, audit_compare};
#define PHASES (sizeof(phases) / sizeof(phases[0]))
#define COUNTING 6u /* the last two are repeated for each window */

#define WORK_OF_AUDIT TABLE_ENTRIES /* so that one entry has room for one */

static struct audit current;

static const char *const names[] = {
#define X(name, text) #name,
    HF_INVARIANT_LIST(X)
#undef X
};

bool audit_check(struct audit *audit, bool good, enum hf_invariant invariant, const char *what, uint64_t frame,
                 uint64_t slot) {
    if (good || audit->result->detail) return good;
    audit->result->detail = invariant;
    audit->result->value[1] = frame;
    audit->result->value[2] = slot;
    log_print("audit: I%u %s: %s, frame 0x%lx slot 0x%lx\n", invariant, names[invariant - 1], what, frame, slot);
    return good;
}

bool audit_each_frame(struct audit *audit, unsigned (*slots)(enum hf_frame_type type), audit_visit *visit) {
    unsigned left = AUDIT_SLOTS;
    while (audit->at < frame_limit && left > 0) {
        hf_frame_t frame = audit->at;
        if (!frame_has_entry(frame)) {
            audit->at = (frame / RUN_FRAMES + 1) * RUN_FRAMES;
            left--;
            continue;
        }
        unsigned all = slots(frame_type(frame));
        unsigned first = audit->slot < all ? audit->slot : 0; /* its type may be another since the last part */
        unsigned end = all - first < left ? all : first + left;
        visit(audit, frame, first, end);
        left -= end - first;
        audit->slot = end < all ? end : 0;
        audit->at += end == all;
    }
    return audit->at >= frame_limit;
}

/* To the next phase, or window; false when there is none. */
static bool go_on(void) {
    current.at = 0;
    current.slot = 0;
    if (++current.phase < PHASES) return true;
    current.phase = COUNTING;
    return current.first < frame_limit;
}

hf_status_t mmu_audit(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    if (op->address == 0) current = (struct audit){0};
    if (op->object || op->address != current.calls) return HF_BAD_ARGUMENT;
    if (!mmu_take_entries(mmu, WORK_OF_AUDIT)) return HF_AGAIN;
    current.result = result;
    current.calls++;
    bool more = !phases[current.phase](&current) || go_on();
    result->value[0] = more ? current.calls : 0;
    return HF_OK;
}
