/* CAMPAIGN_OPERATIONS and CAMPAIGN_SEED in the environment: how many operations, and which. */
#include "campaign.h"

#include "campaign_draw.h"
#include "drain.h"
#include "foresee.h"
#include "pick.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

/* What became of operations: of all, and of each kind. */
struct tally {
    unsigned long granted, progress, refused;
};
static struct tally counts, counts_of[HF_OP_COUNT];

static unsigned long all_counts(void) { return counts.granted + counts.progress + counts.refused; }

static void count_in(struct tally *tally, hf_status_t status) {
    tally->granted += status == HF_OK;
    tally->progress += status == HF_AGAIN;
    tally->refused += status != HF_OK && status != HF_AGAIN;
}

static void count(unsigned code, hf_status_t status) {
    count_in(&counts, status);
    count_in(&counts_of[code < HF_OP_COUNT ? code : HF_OP_NONE], status);
}

/* Times of taking and times of giving back take turns, so that neither a full machine nor an empty one is
 * all that is seen. */
static bool giving(void) { return all_counts() / 400 % 4 == 3; }

/* Now and then one field is anything. */
static void disturb(struct hf_operation *operation) {
    switch (chance(150)) {
    case 0:
        operation->level = (uint8_t)chance(256);
        break;
    case 1:
        operation->rights = (uint16_t)chance(65536);
        break;
    case 2:
        operation->count = (uint32_t)chance(1ull << 32);
        break;
    case 3:
        operation->address = chance(1ull << 43) << chance(22);
        break;
    case 4:
        operation->frame = chance(MACHINE_FRAMES + 5);
        break;
    case 5:
        operation->code = (uint8_t)chance(256);
        break;
    }
#if TABLE_BITS < 9
    operation->address %= 1ull << (HF_PAGE_SHIFT + TABLE_LEVELS * TABLE_BITS - 1);
#endif
}

/* ---- one step ---- */

/* Some aspace that can be run is loaded, and used. */
static void run_something(void) {
    const hf_frame_t root = pick_frame_of(PICK_TYPE(PML4), (unsigned)chance(PICK_FRAMES));
    if (chance(3) == 0 && frame_type(root) == HF_FRAME_PML4 && (frame_entry(root)->flags & HF_FRAME_KERNEL_HALF)) {
        write_cr3(root << HF_PAGE_SHIFT);
    }
    if (chance(2) == 0 && read_cr3() != 0) {
        machine_use_aspace(chance);
    }
}

/* Mostly what answered HF_AGAIN is called again, until it is done. */
static struct hf_operation last;
static bool is_unfinished;

static struct hf_operation next_operation(void) {
    if (!is_unfinished || chance(100) == 0) {
        last = draw_operation(giving());
        disturb(&last);
    }
    return last;
}

static void single(void) {
    const struct hf_operation operation = next_operation();
    foresee(&operation);
    world_keep();
    const hf_status_t status = ask(&operation);
    count(operation.code, status);
    is_unfinished = status == HF_AGAIN;
    if (status != HF_OK && status != HF_AGAIN && world_changed()) {
        fail_msg("operation %u was refused (%u), and something has changed", operation.code, status);
    }
    const char *wrong = unforeseen(&operation, status);
    if (wrong) fail_msg("%s", wrong);
}

static void list(void) {
    const unsigned length = 1 + (unsigned)chance(12);
    uint8_t codes[12];
    uint64_t done;
    for (unsigned i = 0; i < length; i++) {
        asker_page.operation[i] = draw_operation(giving());
        disturb(&asker_page.operation[i]);
        codes[i] = asker_page.operation[i].code;
    }
    const hf_status_t status = mmu_list(&asker, length, &done);
    assert_true(done <= length && (done == length) == (status == HF_OK));
    for (unsigned i = 0; i <= done && i < length; i++) {
        assert_int_equal(asker_page.result[i].status, i < done ? HF_OK : status);
        count(codes[i], i < done ? HF_OK : status);
    }
}

static void watch_window(void) {
    memset(world_unwatched, true, sizeof world_unwatched);
    for (unsigned i = 0; i < PICK_FRAMES; i++) {
        world_unwatched[pick_frame(i)] = false;
    }
}

unsigned long campaign_count(unsigned long usual) {
    const char *wanted = getenv("CAMPAIGN_OPERATIONS");
    return wanted != NULL ? strtoul(wanted, NULL, 10) : usual;
}

unsigned long campaign_seed(void) {
    const char *wanted = getenv("CAMPAIGN_SEED");
    return wanted != NULL ? strtoul(wanted, NULL, 0) : 1;
}

#define STEPS_TO_DRAIN 8000

static void step(unsigned long number) {
    if (number % 256 == 0) {
        memset(world_unwatched, false, sizeof world_unwatched);
    } else if (number % 256 == 1) {
        watch_window();
    }
    run_something();
    if (chance(8) == 0) {
        list();
    } else {
        single();
    }
}

/* At least 30 % of all were granted, and some of each kind. CAMPAIGN_TABLE in the environment: how many of each. */
static void report(void) {
    static const char *const names[HF_OP_COUNT] = {
#define X(upper, lower, object, fields, text) [HF_OP_##upper] = #upper,
        HF_OPERATION_LIST(X)
#undef X
    };
    unsigned missing = 0;
    for (unsigned code = 1; code < HF_OP_COUNT; code++) {
        const struct tally *of = &counts_of[code];
        if (of->granted == 0 || getenv("CAMPAIGN_TABLE")) {
            print_message("%-20s %8lu granted, %8lu in progress, %8lu refused\n", names[code], of->granted,
                          of->progress, of->refused);
        }
        missing += of->granted == 0 && code != HF_OP_AUDIT; /* which this core doesn't have */
    }
    assert_int_equal(missing, 0);
    print_message("%lu operations, %lu %% granted\n", all_counts(), counts.granted * 100 / all_counts());
    assert_true(counts.granted * 10 >= all_counts() * 3);
}

void campaign(unsigned long operations, unsigned long seed) {
    memset(&counts, 0, sizeof counts);
    is_unfinished = false;
    memset(counts_of, 0, sizeof counts_of);
    chance_start(seed);
    world_leave_out_vga();
    print_message("seed %lu\n", seed);
    for (unsigned long number = 0; all_counts() < operations; number++) {
        step(number);
        const char *wrong = world_broken();
        if (!wrong && number % STEPS_TO_DRAIN == STEPS_TO_DRAIN - 1) wrong = drain();
        if (wrong) fail_msg("seed %lu, step %lu: %s", seed, number, wrong);
    }
    memset(world_unwatched, false, sizeof world_unwatched);
    const char *wrong = drain();
    if (wrong) fail_msg("seed %lu, at the end: %s", seed, wrong);
    report();
}
