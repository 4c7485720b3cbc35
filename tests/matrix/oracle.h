/* Says what the core has to answer to an operation, and what is so afterwards. Written from
 * the calls' description alone; shares nothing with the core but <handoff/...>.
 *
 * Nothing says which of several reasons for a refusal comes first. So a verdict is the set of
 * all that there are: whichever of them is answered is right, and anything but HF_OK is wrong
 * where there is none. */
#pragma once

#include <handoff/status.h>

#include "shadow.h"

/* How many pages of a run one operation zeroes. */
#define ORACLE_PAGES_AT_ONCE 16u

struct verdict {
    uint32_t refusals;   /* bit n: enum hf_status n is a right answer; none: HF_OK */
    unsigned missing;    /* HF_NO_TABLE: the level */
    hf_status_t granted; /* HF_OK, or HF_AGAIN for a part of the work */
    uint32_t detail;
    uint64_t value[2];
    bool part; /* the page's second half says which frames of a run became FREE: */
    uint64_t freed[HF_RUN_FRAMES / 64];
};

/* Where nothing is refused, the shadow has changed as the state must. */
struct verdict oracle(struct shadow *shadow, const struct hf_operation *operation);

/* For the oracle's own files. */
typedef void judge(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict);
judge judge_map, judge_map_device, judge_unmap, judge_protect, judge_split;
judge judge_stage, judge_release, judge_pin, judge_unpin, judge_tag;

static inline void refuse(struct verdict *verdict, hf_status_t status) { verdict->refusals |= 1u << status; }

static inline void refuse_if(struct verdict *verdict, bool reason, hf_status_t status) {
    if (reason) refuse(verdict, status);
}

/* Tells the caller what became FREE. */
void tell_freed(struct verdict *verdict, const struct freed *freed);
