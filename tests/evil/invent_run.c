/* Operations on runs, and on pages of 2 MiB. */
#include "invent.h"

/* About a page of 2 MiB that is mapped. */
static struct hf_operation invent_large_leaf(void) {
    hf_frame_t aspace;
    uint64_t address = large_place_in(&aspace);
    switch (draw_below(4)) {
    case 0:
        return LARGE(UNMAP, aspace, address);
    case 1:
        return LARGE(PROTECT, aspace, address, .rights = page_rights());
    default:
        return ON(SPLIT, aspace, .address = address, .frame = toy_of(HF_FRAME_FREE));
    }
}

struct hf_operation invent_run(void) {
    switch (draw_below(12)) {
    case 0:
    case 1:
    case 2:
        return STAGED_RUN(toy_run(ONE_IN(2) ? HF_RUN_ZEROING : HF_RUN_FREE));
    case 3:
        return ON(STAGE, toy_run(HF_RUN_STAGED), .level = HF_WHOLE_RUN, .frame = toy_page(), .count = 64);
    case 4:
        return ON(RELEASE, toy_run(HF_RUN_STAGED), .level = HF_WHOLE_RUN);
    case 5:
        return MAPPED_RUN(toy_aspace(), large_place(), toy_run(HF_RUN_STAGED), page_rights());
    case 6:
        return MAPPED_RUN(toy_aspace(), large_place(), toy_run(HF_RUN_USER), page_rights());
    case 7:
    case 8:
    case 9:
        return invent_large_leaf();
    case 10:
        return ON(TAG, toy_run(HF_RUN_USER), .level = HF_WHOLE_RUN, .address = draw_below(0x10002));
    default:
        return (struct hf_operation){.code = ONE_IN(2) ? HF_OP_PIN : HF_OP_UNPIN,
                                     .level = HF_WHOLE_RUN,
                                     .object = toy_run(ONE_IN(2) ? HF_RUN_USER : HF_RUN_SPLIT)};
    }
}
