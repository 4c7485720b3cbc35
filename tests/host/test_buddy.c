// sources: servers/memsrv/buddy.c servers/memsrv/buddy_table.c servers/memsrv/buddy_check.c servers/memsrv/chunk.c
// sources: tests/host/buddy_model.c
// include: servers/memsrv
/* BUDDY_OPERATIONS in the environment: how many random operations (1,000,000). */
#include "buddy_model.h"
#include "draw.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- all histories of a few steps, and long random ones ---- */

enum { SMALL = 16, DEPTH = 4 };

static void all_histories(unsigned depth) {
    if (depth == 0) {
        compare();
        return;
    }
    for (unsigned order = 0; order <= 4; order++) {
        hf_frame_t frame;
        if (allocate(order, &frame) == HF_OK) {
            all_histories(depth - 1);
            release(frame, order);
        } else {
            compare();
        }
    }
    for (hf_frame_t frame = 0; frame < SMALL; frame++) {
        const unsigned head = model.head[frame];
        if (head == 0) {
            continue;
        }
        release(frame, head - 1);
        all_histories(depth - 1);
        /* Take the very same block again: others of its order are held meanwhile. */
        hf_frame_t held[SMALL], got;
        unsigned count = 0;
        while ((got = must_allocate(head - 1)) != frame) {
            held[count++] = got;
        }
        while (count > 0) {
            release(held[--count], head - 1);
        }
    }
}

static void exhaustive(void **state) {
    (void)state;
    model_start(0, RUN_FRAMES);
    add(0, SMALL);
    all_histories(DEPTH);
    for (unsigned i = 0; i < SMALL; i += 2) {
        must_allocate(0);
    }
    all_histories(DEPTH);
}

struct live {
    hf_frame_t frame;
    unsigned order;
};

static struct live live[1 << 18];
static uint64_t live_count;

static enum buddy_error want_of(hf_frame_t frame, unsigned order) {
    if (order >= HF_ORDERS) {
        return BUDDY_WRONG_ORDER;
    }
    if (frame % (1ull << order) != 0) {
        return BUDDY_MISALIGNED;
    }
    bool any_free = false, any_taken = false;
    for (uint64_t i = 0; i < 1ull << order; i++) {
        const uint64_t at = frame + i - model.base;
        const unsigned is = at < model.frames ? model.state[at] : FOREIGN;
        any_free |= is == FREE;
        any_taken |= is == TAKEN;
    }
    return any_taken ? BUDDY_WRONG_ORDER : any_free ? BUDDY_DOUBLE : BUDDY_FOREIGN;
}

static void random_wrong_free(void) {
    const unsigned order = (unsigned)(draw(3) == 0 ? draw(20) : draw(4));
    const uint64_t mask = order == HF_ORDERS || draw(8) == 0 ? 0 : (1ull << order) - 1; /* mostly aligned */
    const hf_frame_t frame = (model.base + draw(model.frames)) & ~mask;
    if (model.head[frame - model.base] != order + 1) {
        assert_int_equal(buddy_free(&buddy, frame, order), want_of(frame, order));
    }
}

static unsigned random_order(void) {
    const unsigned kind = (unsigned)draw(16);
    return kind < 10 ? 0 : (unsigned)(kind < 15 ? draw(10) : draw(HF_ORDERS));
}

static bool random_allocate(void) {
    const unsigned order = random_order();
    hf_frame_t frame;
    if (live_count == sizeof live / sizeof live[0]) {
        return false;
    }
    if (allocate(order, &frame) == HF_OK) {
        live[live_count++] = (struct live){frame, order};
        return true;
    }
    /* Then there must be no such block indeed. */
    for (unsigned bigger = order; bigger < HF_ORDERS; bigger++) {
        assert_int_equal(buddy_free_blocks(&buddy, bigger), 0);
    }
    return false;
}

/* A block in use becomes single ones, if they all have room in the list. */
static bool random_split(void) {
    if (live_count == 0 || sizeof live / sizeof live[0] - live_count < RUN_FRAMES) return false;
    struct live *one = &live[draw(live_count)];
    const hf_frame_t frame = one->frame;
    if (one->order > 9) {
        assert_int_equal(buddy_split(&buddy, frame, one->order), HF_BAD_ARGUMENT);
        return false;
    }
    split(frame, one->order);
    for (hf_frame_t end = frame + (1ull << one->order) - 1; end > frame; end--) {
        live[live_count++] = (struct live){end, 0};
    }
    one->order = 0;
    return true;
}

static void random_free(void) {
    if (live_count > 0) {
        const uint64_t i = draw(live_count);
        release(live[i].frame, live[i].order);
        live[i] = live[--live_count];
    }
}

/* RAM with a ragged low end, holes, and three gigs. */
static void random_histories(void **state) {
    (void)state;
    const char *wish = getenv("BUDDY_OPERATIONS");
    const uint64_t operations = wish == NULL ? 1000000 : strtoull(wish, NULL, 0);
    const uint64_t every = operations / 128 + 1;
    uint64_t refused = 0;
    live_count = 0;
    model_start(GIG_FRAMES, 3 * GIG_FRAMES);
    add(GIG_FRAMES + 1, 0x9e);
    add(GIG_FRAMES + 0x100, GIG_FRAMES / 2 - 0x333);
    add(2 * GIG_FRAMES - 77, GIG_FRAMES + 77);
    add(3 * GIG_FRAMES + 1234, GIG_FRAMES / 2);
    printf("seed %#llx, %llu operations\n", (unsigned long long)draw_state, (unsigned long long)operations);
    for (uint64_t i = 0; i < operations; i++) {
        const uint64_t tide = i / (operations / 12 + 1) % 3; /* grow, stay, shrink */
        const uint64_t dice = draw(20);
        if (dice == 0 && draw(16) == 0) {
            refused += !random_split();
        } else if (dice == 0) {
            random_wrong_free();
            refused++;
        } else if (dice < (uint64_t[]){15, 11, 6}[tide]) {
            refused += !random_allocate();
        } else {
            random_free();
        }
        if (i % every == 0) {
            compare();
        }
    }
    printf("%llu of them refused\n", (unsigned long long)refused);
    assert_true(refused < operations * 7 / 10);
    while (live_count > 0) {
        random_free();
    }
    compare();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(exhaustive),
        TEST(random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
