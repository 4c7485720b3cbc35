#include "drain.h"

#include "world.h"
#include <stdio.h>
#include <string.h>

static char left[120];

/* Whether it was granted at last: progress is not the end of it. */
static bool done(struct hf_operation operation) {
    hf_status_t status = HF_AGAIN;
    while (status == HF_AGAIN) status = ask(&operation);
    return status == HF_OK;
}

#define DONE(...) done((struct hf_operation){__VA_ARGS__})

/* All that is in one table, and the tables below it. */
static void empty(hf_frame_t root, hf_frame_t table, unsigned level, uint64_t base) {
    const uint64_t *entries = (const void *)machine_ram[table];
    const unsigned end = level == TABLE_LEVELS ? MACHINE_RUN / 2 : MACHINE_RUN;
    for (unsigned slot = 0; slot < end; slot++) {
        const uint64_t entry = entries[slot],
                       address = base + ((uint64_t)slot << HF_PAGE_SHIFT << TABLE_BITS * (level - 1));
        if (!(entry & 1)) continue;
        if (level == HF_LEVEL_PT || (entry & 0x80)) {
            DONE(.code = HF_OP_UNMAP, .level = (uint8_t)level, .object = root, .address = address);
            continue;
        }
        empty(root, entry << 12 >> 24, level - 1, address);
        /* The lowest addresses can't be named as a page's, and any of the table's will do. */
        const uint64_t inside = address < HF_USER_FIRST ? HF_USER_FIRST : address;
        DONE(.code = HF_OP_TABLE_REMOVE, .level = (uint8_t)(level - 1), .object = root, .address = inside);
    }
}

static void end_frame(hf_frame_t frame) {
    switch (frame_type(frame)) {
    case HF_FRAME_TASK:
        DONE(.code = HF_OP_TASK_STOP, .object = frame);
        DONE(.code = HF_OP_TASK_DESTROY, .object = frame);
        break;
    case HF_FRAME_ENDPOINT:
        DONE(.code = HF_OP_ENDPOINT_DESTROY, .object = frame);
        break;
    case HF_FRAME_HANDLES:
        DONE(.code = HF_OP_HANDLES_DESTROY, .object = frame);
        break;
    case HF_FRAME_PML4:
        empty(frame, frame, TABLE_LEVELS, 0);
        DONE(.code = HF_OP_ASPACE_DESTROY, .object = frame);
        break;
    case HF_FRAME_STAGED:
        DONE(.code = HF_OP_RELEASE, .object = frame);
        break;
    case HF_FRAME_USER:
        if (frame != WORLD_MODULE) DONE(.code = HF_OP_UNPIN, .object = frame);
        break;
    default:
        break;
    }
}

static bool is_as_before(hf_frame_t frame) {
    const unsigned type = frame_type(frame);
    return type == HF_FRAME_FREE || type == HF_FRAME_CORE || type == HF_FRAME_RESERVED || frame == WORLD_MODULE;
}

const char *drain(void) {
    write_cr3(0);
    /* Tasks first, then what they use: twice is enough for any order of frames. */
    for (unsigned round = 0; round < 2; round++) {
        for (hf_frame_t first = 0; first < MACHINE_FRAMES; first += MACHINE_RUN) {
            DONE(.code = HF_OP_UNPIN, .level = HF_WHOLE_RUN, .object = first);
            DONE(.code = HF_OP_RELEASE, .level = HF_WHOLE_RUN, .object = first);
        }
        for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) end_frame(frame);
    }
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (is_as_before(frame)) continue;
        snprintf(left, sizeof left, "I13: frame %llu of type %u can't be freed", (unsigned long long)frame,
                 frame_type(frame));
        return left;
    }
    return NULL;
}
