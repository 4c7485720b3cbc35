// sources: servers/memsrv/buddy.c servers/memsrv/buddy_table.c servers/memsrv/buddy_check.c servers/memsrv/chunk.c
// include: servers/memsrv
/* How much of the free memory stays in large blocks: the buddy allocator beside two that
 * take the first place that fits, with the same requests. Prints a table.
 *
 * FRAGMENT_OPERATIONS and FRAGMENT_SEED in the environment: how many requests (1,000,000)
 * after memory was filled, and which ones. */
#include "buddy.h"
#include "draw.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES (1u << 18) /* 1 GiB */
#define LARGE 9u          /* the order of a page of 2 MiB */
#define FULL 80u          /* percent of the frames that requests in force ask for */
#define CHECKS 100u       /* how often fragments are counted */

/* Of 100 requests, by order: single pages mostly, some buffers, and some pages of 2 MiB. */
static const unsigned mix[LARGE + 1] = {80, 6, 5, 3, 2, 1, 1, 1, 0, 1};

/* ---- Three allocators ---- */

struct allocator {
    const char *name;
    bool (*take)(struct allocator *allocator, unsigned order, hf_frame_t *frame);
    void (*give)(struct allocator *allocator, hf_frame_t frame, unsigned order);
    uint8_t used[FRAMES];
    hf_frame_t from[LARGE + 1]; /* first fit: there is no room for that order below */
    bool is_aligned;            /* first fit: a block starts at a multiple of its size */
    uint64_t failed, failed_large;
    uint64_t largest_sum, large_sum, free_sum; /* of all checks */
    uint64_t largest, large, free;             /* of the last one */
};

static struct buddy buddy;

static bool buddy_take(struct allocator *allocator, unsigned order, hf_frame_t *frame) {
    (void)allocator;
    return buddy_allocate(&buddy, order, frame) == HF_OK;
}

static void buddy_give(struct allocator *allocator, hf_frame_t frame, unsigned order) {
    (void)allocator;
    assert_int_equal(buddy_free(&buddy, frame, order), BUDDY_OK);
}

static hf_frame_t aligned(hf_frame_t frame, hf_frame_t step) { return (frame + step - 1) / step * step; }

/* The first frame at or behind `at` that is used or not. */
static hf_frame_t first_that_is(const struct allocator *allocator, uint8_t used, hf_frame_t at, hf_frame_t end) {
    const uint8_t *found = memchr(allocator->used + at, used, end - at);
    return found == NULL ? end : (hf_frame_t)(found - allocator->used);
}

/* The first place that fits; aligned to its size, as pages of 2 MiB have to be, or anywhere. */
static bool first_fit(struct allocator *allocator, unsigned order, hf_frame_t *frame) {
    const hf_frame_t size = 1ull << order, step = allocator->is_aligned ? size : 1;
    hf_frame_t at = aligned(allocator->from[order], step), end = 0;
    while (at + size <= FRAMES && (end = first_that_is(allocator, 1, at, at + size)) < at + size) {
        at = aligned(first_that_is(allocator, 0, end, FRAMES), step);
    }
    allocator->from[order] = at;
    *frame = at;
    return at + size <= FRAMES;
}

/* Room begins at the earliest where a block begins that ends in what is free now. */
static void first_give(struct allocator *allocator, hf_frame_t frame, unsigned order) {
    (void)order;
    for (unsigned i = 0; i <= LARGE; i++) {
        const hf_frame_t before = (1ull << i) - 1, at = frame < before ? 0 : frame - before;
        allocator->from[i] = at < allocator->from[i] ? at : allocator->from[i];
    }
}

static struct allocator allocators[] = {
    {.name = "buddy", .take = buddy_take, .give = buddy_give},
    {.name = "first fit, aligned", .take = first_fit, .give = first_give, .is_aligned = true},
    {.name = "first fit, anywhere", .take = first_fit, .give = first_give},
};
#define ALLOCATORS (sizeof allocators / sizeof *allocators)

/* ---- Requests, the same for all ---- */

struct request {
    unsigned order;
    hf_frame_t frame[ALLOCATORS];
    bool failed[ALLOCATORS];
};

static struct request request[FRAMES];
static uint64_t requests, wanted; /* in force, and the frames that they ask for */

static unsigned draw_order(void) {
    uint64_t at = draw(100);
    unsigned order = 0;
    while (at >= mix[order]) {
        at -= mix[order++];
    }
    return order;
}

static void set(struct allocator *allocator, hf_frame_t frame, unsigned order, uint8_t used) {
    assert_true(frame + (1ull << order) <= FRAMES);
    assert_null(memchr(allocator->used + frame, used, 1ull << order));
    memset(allocator->used + frame, used, 1ull << order);
}

static void take(unsigned order) {
    struct request *one = &request[requests++];
    one->order = order;
    wanted += 1ull << order;
    for (unsigned i = 0; i < ALLOCATORS; i++) {
        struct allocator *allocator = &allocators[i];
        one->failed[i] = !allocator->take(allocator, order, &one->frame[i]);
        if (one->failed[i]) {
            allocator->failed++;
            allocator->failed_large += order == LARGE;
        } else {
            set(allocator, one->frame[i], order, 1);
        }
    }
}

static void give(uint64_t which) {
    struct request *one = &request[which];
    wanted -= 1ull << one->order;
    for (unsigned i = 0; i < ALLOCATORS; i++) {
        if (!one->failed[i]) {
            set(&allocators[i], one->frame[i], one->order, 0);
            allocators[i].give(&allocators[i], one->frame[i], one->order);
        }
    }
    *one = request[--requests];
}

static void operate(void) {
    if (wanted < FRAMES / 100u * FULL) {
        take(draw_order());
    } else {
        give(draw(requests));
    }
}

/* ---- What is left ---- */

/* Frames of the largest block that is free and aligned to its size. */
static uint64_t largest_block(const uint8_t *used) {
    for (uint64_t size = FRAMES; size > 0; size /= 2) {
        for (uint64_t at = 0; at < FRAMES; at += size) {
            if (memchr(used + at, 1, size) == NULL) return size;
        }
    }
    return 0;
}

static void count(struct allocator *allocator) {
    allocator->largest = largest_block(allocator->used);
    allocator->large = 0;
    allocator->free = 0;
    for (uint64_t at = 0; at < FRAMES; at++) {
        allocator->free += !allocator->used[at];
    }
    for (uint64_t at = 0; at < FRAMES; at += 1u << LARGE) {
        allocator->large += memchr(allocator->used + at, 1, 1u << LARGE) == NULL ? 1u << LARGE : 0;
    }
    allocator->largest_sum += allocator->largest;
    allocator->large_sum += allocator->large;
    allocator->free_sum += allocator->free;
}

/* The allocator's own figures are those of the plain array. */
static void compare(const struct allocator *own) {
    uint64_t large = 0, largest = 0;
    for (unsigned order = 0; order < HF_ORDERS; order++) {
        const uint64_t blocks = buddy_free_blocks(&buddy, order);
        large += order >= LARGE ? blocks << order : 0;
        largest = blocks > 0 ? 1ull << order : largest;
    }
    assert_int_equal(largest, own->largest);
    assert_int_equal(large, own->large);
    assert_int_equal(buddy_free_frames(&buddy), own->free);
    assert_null(buddy_check(&buddy));
}

/* Far from the worst of what could happen, which is no large block at all. */
static void not_much_worse(const struct allocator *own, const struct allocator *other) {
    assert_true(2 * own->largest_sum >= other->largest_sum);
    assert_true(2.0 * (double)own->large_sum / (double)own->free_sum >=
                (double)other->large_sum / (double)other->free_sum);
    assert_true(own->failed <= other->failed);
}

static void print(void) {
    printf("%-20s %10s %10s %14s %14s %12s %12s\n", "", "refused", "of 2 MiB", "largest block", "mean of it",
           "2 MiB share", "mean of it");
    for (unsigned i = 0; i < ALLOCATORS; i++) {
        const struct allocator *one = &allocators[i];
        printf("%-20s %10llu %10llu %10llu KiB %10llu KiB %10.1f %% %10.1f %%\n", one->name,
               (unsigned long long)one->failed, (unsigned long long)one->failed_large,
               (unsigned long long)one->largest * 4, (unsigned long long)one->largest_sum * 4 / CHECKS,
               100.0 * (double)one->large / (double)one->free, 100.0 * (double)one->large_sum / (double)one->free_sum);
    }
}

static uint64_t environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static void feed(void) {
    static uint8_t pages[64][4096];
    for (unsigned i = 0; i < sizeof pages / sizeof *pages; i++) {
        buddy_feed(&buddy, pages[i]);
    }
}

static void large_blocks_are_left(void **state) {
    (void)state;
    const uint64_t operations = environment("FRAGMENT_OPERATIONS", 1000000);
    uint64_t added;
    draw_state = environment("FRAGMENT_SEED", DRAW_SEED);
    printf("seed %#llx, %llu operations\n", (unsigned long long)draw_state, (unsigned long long)operations);
    buddy_init(&buddy);
    feed();
    assert_int_equal(buddy_add(&buddy, 0, FRAMES, &added), HF_OK);
    while (wanted < FRAMES / 100u * FULL) {
        operate();
    }
    for (unsigned check = 0; check < CHECKS; check++) {
        for (uint64_t i = 0; i < operations / CHECKS; i++) {
            operate();
        }
        for (unsigned i = 0; i < ALLOCATORS; i++) {
            count(&allocators[i]);
        }
        compare(&allocators[0]);
    }
    print();
    for (unsigned i = 1; i < ALLOCATORS; i++) {
        not_much_worse(&allocators[0], &allocators[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(large_blocks_are_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
