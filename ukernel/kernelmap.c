#include "kernelmap.h"

#include "pool.h"
#include "stack.h"

#define KERNEL_PAGE (ENTRY_PRESENT | ENTRY_GLOBAL | ENTRY_ACCESSED | ENTRY_DIRTY)
#define KERNEL_TABLE (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_ACCESSED)

static hf_frame_t root;

/* The entry for a page of this level, with the tables above it made as needed. */
static pte_t *entry_for(uint64_t address, unsigned level) {
    for (;;) {
        struct walk found = walk(root, address, level);
        if (found.level == level) return found.entry;
        *found.entry = (pte_t){pool_take(1) << HF_PAGE_SHIFT | KERNEL_TABLE};
    }
}

/* Maps with the largest pages that alignment and length allow, a table at a time. */
static void map(uint64_t address, paddr_t physical, uint64_t bytes, uint64_t flags) {
    while (bytes > 0) {
        bool large = (address | physical.value) % HF_RUN_SIZE == 0 && bytes >= HF_RUN_SIZE;
        unsigned level = large ? HF_LEVEL_PD : HF_LEVEL_PT;
        uint64_t size = level_span(level);
        pte_t *entry = entry_for(address, level);
        do {
            *entry++ = (pte_t){physical.value | flags | KERNEL_PAGE | (large ? ENTRY_LARGE : 0)};
            address += size;
            physical.value += size;
            bytes -= size;
        } while (bytes >= size && address % level_span(level + 1) != 0);
    }
}

void kernelmap_map(uint64_t address, paddr_t physical, uint64_t bytes, uint64_t flags) {
    map(address, physical, bytes, flags | ENTRY_NX);
}

static void map_pmo(uint64_t start, uint64_t end, uint64_t flags) {
    if (start < end) {
        map(PMO_START + start, (paddr_t){start}, end - start, flags | ENTRY_NX);
    }
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* RAM in the PMO; the image's alias there can't be written. */
static void map_ram(uint64_t start, uint64_t end) {
    uint64_t first = image_physical(image_start).value;
    uint64_t last = image_physical(image_end).value;
    map_pmo(start, least(end, first), ENTRY_WRITE);
    map_pmo(most(start, first), least(end, last), 0);
    map_pmo(most(start, last), end, ENTRY_WRITE);
}

static void map_all_ram(const struct bootmap *ram) {
    uint64_t first, end = 0;
    while (bootmap_next_span(ram, end, &first, &end)) {
        map_ram(first << HF_PAGE_SHIFT, end << HF_PAGE_SHIFT);
    }
}

static void map_image_part(const uint8_t *start, const uint8_t *end, uint64_t flags) {
    map((uint64_t)start, image_physical(start), (uint64_t)(end - start), flags);
}

static void map_stacks(void) {
    for (unsigned stack = 0; stack < STACK_COUNT; stack++) {
        uint64_t bytes = STACK_BYTES;
        paddr_t frames = frame_address(pool_take(bytes / HF_PAGE_SIZE));
        map(STACK_TOP(stack) - bytes, frames, bytes, ENTRY_WRITE | ENTRY_NX);
    }
}

void kernelmap_build(const struct bootmap *ram) {
    root = pool_take(1);
    map_all_ram(ram);
    map_image_part(text_start, text_end, 0);
    map_image_part(rodata_start, rodata_end, ENTRY_NX);
    map_image_part(data_start, image_end, ENTRY_WRITE | ENTRY_NX);
    map_stacks();
    write_cr3(root << HF_PAGE_SHIFT);
}

void kernelmap_copy(pte_t *table) {
    const pte_t *kernel = frame_pointer(root);
    copy_bytes(&table[KERNEL_HALF_SLOT], &kernel[KERNEL_HALF_SLOT], (TABLE_ENTRIES - KERNEL_HALF_SLOT) * sizeof(pte_t));
}

hf_frame_t kernelmap_root(void) { return root; }
