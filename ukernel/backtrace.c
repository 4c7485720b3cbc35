#include "backtrace.h"

#include <handoff/callsite.h>

#include "frame.h"
#include "log.h"
#include "names.h"
#include "walk.h"

#define WORDS_MOST 256u
#define LINES_MOST 16u

/* What is mapped at an address: the leaf, and the byte by the PMO; NULL: nothing, or no RAM. */
struct mapped {
    pte_t leaf;
    const uint8_t *byte;
};

static struct mapped find(hf_frame_t root, uint64_t address) {
    struct walk end = walk(root, address, HF_LEVEL_PT);
    uint64_t offset = address % level_span(end.level);
    hf_frame_t frame = entry_frame(*end.entry) + (offset >> HF_PAGE_SHIFT);
    bool canonical = (uint64_t)((int64_t)(address << 16) >> 16) == address;
    if (!canonical || !entry_present(*end.entry) || frame_is(frame, HF_FRAME_RESERVED))
        return (struct mapped){{0}, NULL};
    return (struct mapped){*end.entry, (const uint8_t *)frame_pointer(frame) + offset % HF_PAGE_SIZE};
}

/* Whether the address can be executed, and stands behind a CALL. */
static bool is_behind_call(hf_frame_t root, uint64_t address) {
    uint8_t before[HF_CALL_BYTES];
    struct mapped at = find(root, address);
    if (!at.byte || (at.leaf.value & ENTRY_NX)) return false;
    for (unsigned i = 0; i < HF_CALL_BYTES; i++) {
        const uint8_t *byte = find(root, address - HF_CALL_BYTES + i).byte;
        if (!byte) return false;
        before[i] = *byte;
    }
    return hf_ends_with_call(before);
}

void backtrace_print(hf_frame_t root, uint64_t rsp) {
    log_text("backtrace, with words that may be left over from earlier calls:\n");
    unsigned lines = 0;
    for (unsigned i = 0; i < WORDS_MOST && lines < LINES_MOST; i++) {
        uint64_t word, at = (rsp & ~7ul) + i * sizeof(word);
        const uint8_t *bytes = find(root, at).byte;
        if (!bytes) break;
        __builtin_memcpy(&word, bytes, sizeof(word));
        if (!is_behind_call(root, word)) continue;
        log_print("  0x%lx", word - 1);
        names_print(word - 1);
        log_text("\n");
        lines++;
    }
}
