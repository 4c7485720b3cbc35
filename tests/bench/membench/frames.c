/* memsrv's frame allocator, apart from memsrv. It never touches the frames that it
 * manages, so that numbers do. */
#include "bench.h"
#include "buddy.h"

#define FRAMES (1u << 18)
#define LIVE 16384u /* at most so many are in use */
#define STEPS 1024u /* in one sample */
#define PAGES 16u   /* enough for the allocator's own */

static uint64_t seed = 1;

static uint32_t draw(uint32_t below) {
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * 0x2545f4914f6cdd1dul >> 32) % below);
}

static struct buddy buddy;
static hf_frame_t live[LIVE];
static uint32_t live_count;

static uint32_t allocate(void) {
    uint32_t counted;
    hf_frame_t frame;
    hf_status_t status;
    SAMPLE(counted, status = buddy_allocate(&buddy, 0, &frame));
    core_must(status);
    live[live_count++] = frame;
    return counted - sample_empty;
}

static uint32_t release(uint32_t which) {
    uint32_t counted;
    enum buddy_error error;
    hf_frame_t frame = live[which];
    SAMPLE(counted, error = buddy_free(&buddy, frame, 0));
    core_check(error == BUDDY_OK);
    live[which] = live[--live_count];
    return counted - sample_empty;
}

static uint32_t step(void) {
    bool allocates = live_count == 0 || (live_count < LIVE && draw(2) == 0);
    return allocates ? allocate() : release(draw(live_count));
}

static void feed(void) {
    static uint8_t page[PAGES][HF_PAGE_SIZE] __attribute__((aligned(HF_PAGE_SIZE)));
    for (unsigned i = 0; i < PAGES; i++) {
        buddy_feed(&buddy, page[i]);
    }
}

/* What an allocation and a free cost together: the mean of many steps, each of which is
 * one of them by chance, of any frame in use. */
void measure_frames(void) {
    uint64_t added;
    buddy_init(&buddy);
    feed();
    core_must(buddy_add(&buddy, 0, FRAMES, &added));
    sample_begin("buddy.pair");
    while (live_count < LIVE / 2) {
        (void)allocate();
    }
    for (unsigned round = 0; round < SAMPLE_WARM_UP + sample_runs; round++) {
        uint32_t sum = 0;
        for (unsigned i = 0; i < STEPS; i++) {
            sum += step();
        }
        if (round >= SAMPLE_WARM_UP) {
            sample_note((2 * sum + STEPS / 2) / STEPS);
        }
    }
    core_check(!buddy_check(&buddy));
    machine_report();
}
