#include "own.h"

#include <string.h>

#include "core.h"
#include "last.h"
#include "record.h"

/* Where own pages go, one behind the other. */
#define OWN_START 0x100000000ul

/* For the allocator's first steps, when it has nothing yet to take pages from. */
#define FIRST_PAGES 8u
static uint8_t first_pages[FIRST_PAGES][HF_PAGE_SIZE] __attribute__((aligned(4096)));

struct buddy frames;
static hf_frame_t aspace;
static uint64_t own_end = OWN_START;
static uint64_t count;

/* Pages that were given back: some stay mapped, to be taken again. */
#define AT_HAND 4u
static struct page { struct page *next; } * at_hand;
static unsigned at_hand_count;

/* Where others were: numbers of pages from OWN_START. What finds no room here stays mapped. */
#define HOLES 4096u
static uint32_t holes[HOLES];
static unsigned hole_count;

hf_status_t own_take(hf_frame_t *frame) {
    hf_status_t status = buddy_allocate(&frames, 0, frame);
    if (status == HF_OK) {
        count++;
    }
    return status;
}

hf_frame_t own_need(void) {
    hf_frame_t frame;
    if (own_take(&frame) != HF_OK) last_words("there is too little memory to begin");
    return frame;
}

static void give(hf_frame_t frame) {
    core_check(buddy_free(&frames, frame, 0) == BUDDY_OK);
    count--;
}

static hf_status_t install_table(uint64_t address, unsigned level) {
    hf_frame_t table;
    hf_status_t status = own_take(&table);
    if (status == HF_OK) {
        core_must(core_install(aspace, address, level, table));
    }
    return status;
}

/* A page at `address`, where none is: at the end of all, or in a hole. */
static void *map_page(uint64_t address) {
    hf_frame_t frame;
    struct hf_result result;
    if (own_take(&frame) != HF_OK) {
        return NULL;
    }
    core_must(core_stage(frame, HF_NO_FRAME, 0, 0, 0));
    while (core_map(aspace, address, frame, HF_READ | HF_WRITE, &result) != HF_OK) {
        core_check(result.status == HF_NO_TABLE);
        if (install_table(address, result.detail) != HF_OK) {
            core_must(core_object(HF_OP_RELEASE, frame, NULL));
            give(frame);
            return NULL;
        }
    }
    return (void *)address;
}

void *own_page(void) {
    struct page *page = at_hand;
    if (page) {
        at_hand = page->next;
        at_hand_count--;
        return memset(page, 0, HF_PAGE_SIZE);
    }
    uint64_t address = hole_count > 0 ? OWN_START + holes[hole_count - 1] * HF_PAGE_SIZE : own_end;
    page = map_page(address);
    if (page && address == own_end) {
        own_end += HF_PAGE_SIZE;
    } else if (page) {
        hole_count--;
    }
    return page;
}

static void unmap_page(uint64_t address) {
    struct hf_result result;
    core_must(
        core_do(&(struct hf_operation){.code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = aspace, .address = address},
                &result));
    core_check(result.detail & HF_LEAF_FREED);
    give(result.value[0]);
    holes[hole_count++] = (uint32_t)((address - OWN_START) / HF_PAGE_SIZE);
}

void own_page_give(void *page) {
    uint64_t address = (uint64_t)page;
    core_check(address >= OWN_START && address < own_end && address % HF_PAGE_SIZE == 0);
    if (at_hand_count >= AT_HAND && hole_count < HOLES) {
        unmap_page(address);
        return;
    }
    struct page *given = page;
    given->next = at_hand;
    at_hand = given;
    at_hand_count++;
}

/* Frames put by for what has to be done without asking whether there is memory. */
#define SPARE 16u
static hf_frame_t spare[SPARE];
static unsigned spare_count;

bool own_spare(hf_frame_t *frame) {
    if (spare_count == 0) return false;
    *frame = spare[--spare_count];
    count--;
    return true;
}

uint64_t own_spares(void) { return spare_count; }

static void refill_spare(void) {
    while (spare_count < SPARE && own_take(&spare[spare_count]) == HF_OK) {
        spare_count++;
    }
}

void own_refill(void) {
    while (buddy_need(&frames) > 0) {
        void *page = own_page();
        if (!page) {
            return;
        }
        buddy_feed(&frames, page);
    }
    record_refill();
    refill_spare();
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
    core_translate(aspace, (uint64_t)address & ~(HF_PAGE_SIZE - 1), &result);
    return core_entry_frame(result.value[0]);
}

/* In the page table of the operation page, which is there. */
#define WINDOW (HF_MEMSRV_OPERATIONS + HF_PAGE_SIZE)

bool own_read(hf_frame_t frame, size_t offset, void *to, size_t bytes) {
    struct hf_result result;
    if (core_map(aspace, WINDOW, frame, HF_READ, &result) != HF_OK) return false;
    memcpy(to, (const void *)(WINDOW + offset), bytes);
    core_must(core_unmap(aspace, WINDOW));
    return true;
}

uint64_t own_count(void) { return count; }
