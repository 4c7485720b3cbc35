#include "own.h"

#include "core.h"

/* Where own pages go, one behind the other. */
#define OWN_START 0x100000000ul

/* For the allocator's first steps, when it has nothing yet to take pages from. */
#define FIRST_PAGES 8u
static uint8_t first_pages[FIRST_PAGES][HF_PAGE_SIZE] __attribute__((aligned(4096)));

struct buddy frames;
static hf_frame_t aspace;
static uint64_t own_end = OWN_START;
static uint64_t count;

hf_status_t own_take(hf_frame_t *frame) {
    hf_status_t status = buddy_allocate(&frames, 0, frame);
    if (status == HF_OK) {
        count++;
    }
    return status;
}

static void give(hf_frame_t frame) {
    core_check(buddy_free(&frames, frame, 0) == BUDDY_OK);
    count--;
}

static hf_status_t install_table(unsigned level) {
    hf_frame_t table;
    hf_status_t status = own_take(&table);
    if (status == HF_OK) {
        core_must(core_install(aspace, own_end, level, table));
    }
    return status;
}

void *own_page(void) {
    hf_frame_t frame;
    struct hf_result result;
    if (own_take(&frame) != HF_OK) {
        return NULL;
    }
    core_must(core_stage(frame, HF_NO_FRAME, 0, 0, 0));
    while (core_map(aspace, own_end, frame, HF_READ | HF_WRITE, &result) != HF_OK) {
        core_check(result.status == HF_NO_TABLE);
        if (install_table(result.detail) != HF_OK) {
            core_must(core_object(HF_OP_RELEASE, frame, NULL));
            give(frame);
            return NULL;
        }
    }
    void *page = (void *)own_end;
    own_end += HF_PAGE_SIZE;
    return page;
}

void own_refill(void) {
    while (buddy_need(&frames) > 0) {
        void *page = own_page();
        if (!page) {
            return;
        }
        buddy_feed(&frames, page);
    }
}

static void add_range(hf_frame_t first, uint64_t left) {
    while (left > 0) {
        uint64_t added = 0;
        hf_status_t status = buddy_add(&frames, first, left, &added);
        first += added;
        left -= added;
        if (status == HF_NO_MEMORY) {
            own_refill();
        } else {
            core_must(status);
        }
    }
}

void own_init(const struct hf_boot *boot) {
    aspace = boot->aspace;
    buddy_init(&frames);
    for (unsigned i = 0; i < FIRST_PAGES; i++) {
        buddy_feed(&frames, first_pages[i]);
    }
    for (uint64_t i = 0; i + 1 < boot->map.count; i++) {
        const struct hf_boot_range *range = &boot->map.range[i];
        uint64_t length = range[1].first - range[0].first;
        if (range->kind == HF_RANGE_FREE) {
            add_range(range->first, length);
        } else if (range->kind == HF_RANGE_MEMSRV) {
            count += length;
        }
    }
    own_refill();
}

hf_frame_t own_frame(const void *address) {
    struct hf_result result;
    core_must(core_do(&(struct hf_operation){.code = HF_OP_TRANSLATE,
                                             .object = aspace,
                                             .address = (uint64_t)address & ~(HF_PAGE_SIZE - 1)},
                      &result));
    return (result.value[0] & 0x000ffffffffff000ul) >> HF_PAGE_SHIFT;
}

uint64_t own_count(void) { return count; }
