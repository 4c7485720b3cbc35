#include "effect.h"

#include "state.h"

/* A pin is no count, so that nothing else tells when a pinned frame was freed. */
static bool was_pinned(const struct call *call, hf_frame_t frame) {
    bool unpin = call->op.code == HF_OP_UNPIN;
    return (state_kept_pin(frame, HF_ONE_FRAME) && !(unpin && call->op.level == HF_ONE_FRAME)) ||
           (state_kept_pin(frame, HF_WHOLE_RUN) && !(unpin && call->op.level == HF_WHOLE_RUN));
}

static const char *judge_freed(const struct call *call, hf_status_t status, const struct hf_result *result) {
    uint64_t freed = 0;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        bool is_new = frame_is(frame, HF_FRAME_FREE) && state_kept_type(frame) != HF_FRAME_FREE;
        freed |= (uint64_t)is_new << frame;
        if (is_new && was_pinned(call, frame)) return "a pinned frame became FREE";
    }
    return freed == calls_freed(call, status, result) ? NULL : "a call doesn't tell which frames became FREE";
}

/* TAG sets it, of a frame or of all frames of a run; what was FREE or becomes FREE has none; and
 * everything else leaves it as it is, a run that is split too. */
static uint16_t expected_tag(const struct call *call, hf_frame_t frame) {
    bool large = call->op.level == HF_WHOLE_RUN;
    hf_frame_t named = large ? frame - frame % MACHINE_RUN : frame;
    if (frame_is(frame, HF_FRAME_FREE)) return 0;
    if (call->op.code == HF_OP_TAG && call->op.object == named) return (uint16_t)call->op.address;
    return state_kept_type(frame) == HF_FRAME_FREE ? 0 : state_kept_tag(frame);
}

static const char *judge_tags(const struct call *call) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (frame_describe(frame).tag != expected_tag(call, frame)) return "a tag is not what TAG set it to";
    }
    return NULL;
}

const char *effect_wrong(const struct call *call, hf_status_t status, const struct hf_result *result) {
    const char *wrong = call->op.code ? judge_freed(call, status, result) : NULL;
    return wrong ? wrong : judge_tags(call);
}
