/* STAGE, RELEASE, PIN, UNPIN, TAG of a frame or of a whole run. */
#include "oracle.h"

static bool whole(const struct hf_operation *operation) { return operation->level == HF_WHOLE_RUN; }

/* False when the operation does not even say whether a frame or a run is meant. */
static bool judge_extent(const struct hf_operation *operation, struct verdict *verdict) {
    const bool good = whole(operation) || operation->level == HF_ONE_FRAME;
    refuse_if(verdict, !good, HF_BAD_ARGUMENT);
    return good;
}

static enum hf_run_state run_state(struct shadow *shadow, const struct hf_operation *operation) {
    return shadow_state(shadow, operation->object);
}

/* ---- STAGE, RELEASE ---- */

static void judge_source(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    const uint64_t offset = (uint32_t)operation->address, at = operation->address >> 32;
    const uint64_t size = whole(operation) ? HF_RUN_SIZE : HF_PAGE_SIZE;
    if (operation->frame == HF_NO_FRAME) {
        refuse_if(verdict, operation->count || operation->address, HF_BAD_ARGUMENT);
        return;
    }
    const enum hf_frame_type type = shadow_type(shadow, operation->frame);
    refuse_if(verdict, type != HF_FRAME_STAGED && type != HF_FRAME_USER, HF_BAD_FRAME);
    refuse_if(verdict, operation->frame == operation->object, HF_BAD_FRAME);
    refuse_if(verdict, offset + operation->count > HF_PAGE_SIZE, HF_BAD_ARGUMENT);
    refuse_if(verdict, at + operation->count > size, HF_BAD_ARGUMENT);
}

static uint8_t source_byte(struct shadow *shadow, const struct hf_operation *operation, uint32_t at) {
    if (operation->frame >= SHADOW_FRAMES) return SHADOW_ELSEWHERE;
    return ((const uint8_t *)shadow->ram[operation->frame])[(uint32_t)operation->address + at];
}

/* The target is a frame that the shadow has; a word may be changed in part. */
static void copy(struct shadow *shadow, const struct hf_operation *operation) {
    const uint64_t at = operation->address >> 32;
    for (uint32_t i = 0; i < operation->count; i++) {
        uint64_t *word = &shadow->ram[operation->object][(at + i) / 8];
        uint64_t value = *word;
        ((uint8_t *)&value)[(at + i) % 8] = source_byte(shadow, operation, i);
        if ((at + i) % 8 == 0 || i == 0) {
            shadow_set(shadow, word, value);
        } else {
            *word = value;
        }
    }
}

static void stage_frame(struct shadow *shadow, const struct hf_operation *operation) {
    if (shadow_type(shadow, operation->object) == HF_FRAME_FREE) {
        shadow_claim(shadow, operation->object, HF_FRAME_STAGED, 0);
        for (unsigned i = 0; i < HF_PAGE_SIZE / 8 && operation->object < SHADOW_FRAMES; i++) {
            shadow_set(shadow, &shadow->ram[operation->object][i], 0);
        }
    }
    if (operation->frame != HF_NO_FRAME && operation->object < SHADOW_FRAMES) copy(shadow, operation);
}

/* A part of the work at a time; the content comes when all of it has been zeroed. */
static void stage_run(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    struct hf_run_header header = *shadow_run(shadow, operation->object);
    if (header.state == HF_RUN_STAGED) return;
    const unsigned done = header.state == HF_RUN_ZEROING ? header.busy : 0;
    if (done + ORACLE_PAGES_AT_ONCE >= HF_RUN_FRAMES) {
        header = (struct hf_run_header){.state = HF_RUN_STAGED};
    } else {
        header = (struct hf_run_header){.state = HF_RUN_ZEROING, .busy = (uint16_t)(done + ORACLE_PAGES_AT_ONCE)};
        verdict->granted = HF_AGAIN;
    }
    shadow_set(shadow, shadow_run(shadow, operation->object), shadow_header(header));
}

void judge_stage(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    if (!judge_extent(operation, verdict)) return;
    const enum hf_run_state state = run_state(shadow, operation);
    const enum hf_frame_type type = shadow_type(shadow, operation->object);
    const bool run = state == HF_RUN_FREE || state == HF_RUN_ZEROING || state == HF_RUN_STAGED;
    const bool frame = type == HF_FRAME_FREE || type == HF_FRAME_STAGED;
    refuse_if(verdict, whole(operation) ? !run : !frame, HF_BAD_FRAME);
    judge_source(shadow, operation, verdict);
    if (verdict->refusals) return;
    if (whole(operation)) {
        stage_run(shadow, operation, verdict);
    } else {
        stage_frame(shadow, operation);
    }
}

/* What is being zeroed is given back in the same way: nothing else could. */
void judge_release(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    if (!judge_extent(operation, verdict)) return;
    const enum hf_run_state state = run_state(shadow, operation);
    const bool run = state == HF_RUN_STAGED || state == HF_RUN_ZEROING;
    const bool frame = shadow_type(shadow, operation->object) == HF_FRAME_STAGED;
    refuse_if(verdict, whole(operation) ? !run : !frame, HF_BAD_FRAME);
    if (verdict->refusals) return;
    if (whole(operation)) {
        shadow_set(shadow, shadow_run(shadow, operation->object),
                   shadow_header((struct hf_run_header){.state = HF_RUN_FREE}));
    } else {
        shadow_release(shadow, operation->object);
    }
}

/* ---- PIN, UNPIN, TAG ---- */

/* Whether it is a frame that ring 3 has, or a run that is one page of it or was. */
static bool pinnable(struct shadow *shadow, const struct hf_operation *operation) {
    if (!whole(operation)) return shadow_type(shadow, operation->object) == HF_FRAME_USER;
    const enum hf_run_state state = run_state(shadow, operation);
    if (state != HF_RUN_SPLIT) return state == HF_RUN_USER;
    const struct hf_run_header *run = shadow_run(shadow, operation->object);
    return run->refs != 0 || (run->flags & HF_FRAME_PINNED);
}

/* The pin of what can have one; false where nothing can. */
static bool judge_pinned(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict,
                         bool *pinned) {
    if (!judge_extent(operation, verdict)) return false;
    const bool good = pinnable(shadow, operation);
    refuse_if(verdict, !good, HF_BAD_FRAME);
    if (!good) return false;
    const uint8_t flags =
        whole(operation) ? shadow_run(shadow, operation->object)->flags : shadow->entries[operation->object].flags;
    *pinned = (flags & HF_FRAME_PINNED) != 0;
    return true;
}

void judge_pin(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    bool pinned;
    if (!judge_pinned(shadow, operation, verdict, &pinned)) return;
    refuse_if(verdict, pinned, HF_EXISTS);
    if (verdict->refusals) return;
    if (whole(operation)) {
        struct hf_run_header header = *shadow_run(shadow, operation->object);
        header.flags |= HF_FRAME_PINNED;
        shadow_set(shadow, shadow_run(shadow, operation->object), shadow_header(header));
    } else {
        struct hf_frame_entry entry = shadow->entries[operation->object];
        entry.flags |= HF_FRAME_PINNED;
        shadow_set(shadow, &shadow->entries[operation->object], shadow_entry(entry));
    }
}

void judge_unpin(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    bool pinned;
    if (!judge_pinned(shadow, operation, verdict, &pinned)) return;
    refuse_if(verdict, !pinned, HF_NOT_MAPPED);
    if (verdict->refusals) return;
    const struct freed freed =
        whole(operation) ? shadow_unpin_run(shadow, operation->object) : shadow_unpin_frame(shadow, operation->object);
    tell_freed(verdict, &freed);
}

/* Sixteen bits, for what somebody made of memory that memsrv may use. */
void judge_tag(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    refuse_if(verdict, operation->address > UINT16_MAX, HF_BAD_ARGUMENT);
    if (!judge_extent(operation, verdict)) return;
    const enum hf_run_state state = run_state(shadow, operation);
    const bool run = state == HF_RUN_STAGED || state == HF_RUN_USER;
    const bool frame =
        shadow_has_entry(shadow, operation->object) && shadow_type(shadow, operation->object) >= HF_FRAME_STAGED;
    refuse_if(verdict, whole(operation) ? !run : !frame, HF_BAD_FRAME);
    if (verdict->refusals) return;
    if (whole(operation)) {
        struct hf_run_header header = *shadow_run(shadow, operation->object);
        header.busy = (uint16_t)operation->address;
        shadow_set(shadow, shadow_run(shadow, operation->object), shadow_header(header));
    } else {
        struct hf_frame_entry entry = shadow->entries[operation->object];
        entry.tag = (uint16_t)operation->address;
        shadow_set(shadow, &shadow->entries[operation->object], shadow_entry(entry));
    }
}
