#include "buddy_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct buddy buddy;

/* Every page fed, so that the next test starts with none. */
static void *pages[4096];
unsigned page_count;
bool feeding;

void feed(unsigned count) {
    for (; count > 0; count--) {
        void *page = aligned_alloc(4096, 4096);
        assert_non_null(page);
        assert_true(page_count < 4096);
        pages[page_count++] = memset(page, 0, 4096);
        buddy_feed(&buddy, page);
    }
}

/* ---- the reference: for each frame of a window, what it is ---- */

struct model model;

void model_start(hf_frame_t base, uint64_t frames) {
    model.base = base;
    model.frames = frames;
    model.state = calloc(frames, 1);
    model.head = calloc(frames, 1);
    assert_true(model.state != NULL && model.head != NULL);
}

static bool model_all(hf_frame_t frame, uint64_t count, uint8_t state) {
    if (frame < model.base || frame - model.base + count > model.frames) {
        return false;
    }
    const uint8_t *at = model.state + (frame - model.base);
    return at[0] == state && memcmp(at, at + 1, count - 1) == 0;
}

void model_set(hf_frame_t frame, uint64_t count, uint8_t state) {
    memset(model.state + (frame - model.base), state, count);
}

/* Free frames determine the free blocks: each aligned block that is free and not part of a bigger one. */
static unsigned model_block(uint64_t at) {
    unsigned order = 0;
    while (order < 18 && at % (2ull << order) == 0 && model_all(at, 2ull << order, FREE)) {
        order++;
    }
    return order;
}

void compare(void) {
    uint64_t want[HF_ORDERS] = {0}, frames = 0;
    for (hf_frame_t at = model.base; at < model.base + model.frames;) {
        if (model.state[at - model.base] != FREE) {
            at++;
            continue;
        }
        const unsigned order = model_block(at);
        want[order]++;
        frames += 1ull << order;
        at += 1ull << order;
    }
    assert_int_equal(buddy_free_frames(&buddy), frames);
    for (unsigned order = 0; order < HF_ORDERS; order++) {
        assert_int_equal(buddy_free_blocks(&buddy, order), want[order]);
    }
    const char *wrong = buddy_check(&buddy);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

void add(hf_frame_t first, uint64_t count) {
    uint64_t added = 0;
    while (count > 0) {
        const hf_status_t status = buddy_add(&buddy, first, count, &added);
        if (status == HF_NO_MEMORY && feeding && buddy_need(&buddy) > 0) {
            feed(buddy_need(&buddy));
        } else {
            assert_int_equal(status, HF_OK);
            assert_int_equal(added, count);
        }
        model_set(first, added, FREE);
        first += added;
        count -= added;
    }
}

hf_status_t allocate(unsigned order, hf_frame_t *frame) {
    const hf_status_t status = buddy_allocate(&buddy, order, frame);
    if (status == HF_OK) {
        assert_int_equal(*frame % (1ull << order), 0);
        assert_true(model_all(*frame, 1ull << order, FREE));
        model_set(*frame, 1ull << order, TAKEN);
        model.head[*frame - model.base] = (uint8_t)(order + 1);
    }
    if (feeding) {
        feed(buddy_need(&buddy));
    }
    return status;
}

void release(hf_frame_t frame, unsigned order) {
    assert_int_equal(buddy_free(&buddy, frame, order), BUDDY_OK);
    model_set(frame, 1ull << order, FREE);
    model.head[frame - model.base] = 0;
}

hf_frame_t must_allocate(unsigned order) {
    hf_frame_t frame = 0;
    assert_int_equal(allocate(order, &frame), HF_OK);
    return frame;
}

int start(void **state) {
    (void)state;
    buddy_init(&buddy);
    page_count = 0;
    feeding = true;
    feed(buddy_need(&buddy));
    return 0;
}

int finish(void **state) {
    (void)state;
    free(model.state);
    free(model.head);
    memset(&model, 0, sizeof model);
    while (page_count > 0) {
        free(pages[--page_count]);
    }
    return 0;
}

/* What is in use becomes single frames, each of which is a block of its own. */
void split(hf_frame_t frame, unsigned order) {
    assert_int_equal(buddy_split(&buddy, frame, order), HF_OK);
    if (feeding) {
        feed(buddy_need(&buddy));
    }
    memset(model.head + (frame - model.base), 1, 1ull << order);
}

void unfed(void **state) {
    finish(state);
    buddy_init(&buddy);
    feeding = false;
}
