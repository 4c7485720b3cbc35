#include "kernelmap.h"

#include "boot.h"
#include "segment.h"

#define KERNEL_PAGE (ENTRY_PRESENT | ENTRY_GLOBAL | ENTRY_ACCESSED | ENTRY_DIRTY)
#define KERNEL_TABLE (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_ACCESSED)

static hf_frame_t root;

/* The entry for a page of this level, with the tables above it made as needed. */
static pte_t *entry_for(uint64_t address, unsigned level) {
    for (;;) {
        struct walk found = walk(root, address, level);
        if (found.level == level) return found.entry;
        *found.entry = (pte_t){pool_take(1, HF_RANGE_CORE) << HF_PAGE_SHIFT | KERNEL_TABLE};
    }
}

/* Maps with the largest pages that alignment and length allow, a table's part at a time. */
static void map(uint64_t address, paddr_t physical, uint64_t bytes, uint64_t flags) {
    while (bytes > 0) {
        bool large = (address | physical.value) % HF_RUN_SIZE == 0 && bytes >= HF_RUN_SIZE;
        unsigned level = large ? HF_LEVEL_PD : HF_LEVEL_PT;
        uint64_t size = level_span(level);
        uint64_t count = lower(bytes / size, TABLE_ENTRIES - address / size % TABLE_ENTRIES);
        pte_t *entry = entry_for(address, level);
        uint64_t bits = flags | KERNEL_PAGE | (large ? ENTRY_LARGE : 0);
        for (uint64_t i = 0; i < count; i++) entry[i] = (pte_t){(physical.value + i * size) | bits};
        address += count * size;
        physical.value += count * size;
        bytes -= count * size;
    }
}

void kernelmap_map(uint64_t address, paddr_t physical, uint64_t bytes, uint64_t flags) {
    map(address, physical, bytes, flags | ENTRY_NX);
}

/* RAM in the PMO, as far as it lies from `low` to `high`. */
static void map_pmo(uint64_t low, uint64_t high, uint64_t flags) {
    hf_frame_t first, end = 0;
    while (bootmap_next_span(&boot.map, end, &first, &end)) {
        uint64_t from = higher(low, first << HF_PAGE_SHIFT);
        uint64_t to = lower(high, end << HF_PAGE_SHIFT);
        if (from < to) kernelmap_map(PMO_START + from, (paddr_t){from}, to - from, flags);
    }
}

static void map_image_part(const uint8_t *start, const uint8_t *end, uint64_t flags) {
    map((uint64_t)start, image_physical(start), (uint64_t)(end - start), flags);
}

static void map_stack(unsigned stack) {
    paddr_t frames = frame_address(pool_take(STACK_BYTES / HF_PAGE_SIZE, HF_RANGE_CORE));
    kernelmap_map(STACK_TOP(stack) - STACK_BYTES, frames, STACK_BYTES, ENTRY_WRITE);
}

void kernelmap_build(void) {
    root = pool_take(1, HF_RANGE_CORE);
    map_pmo(0, image_physical(image_start).value, ENTRY_WRITE);
    map_pmo(image_physical(image_start).value, image_physical(image_end).value, 0); /* not even its data */
    map_pmo(image_physical(image_end).value, PMO_LIMIT, ENTRY_WRITE);
    map_image_part(text_start, text_end, 0);
    map_image_part(rodata_start, rodata_end, ENTRY_NX);
    map_image_part(data_start, image_end, ENTRY_WRITE | ENTRY_NX);
    for (unsigned stack = 0; stack < STACK_COUNT; stack++) map_stack(stack);
    write_cr3(root << HF_PAGE_SHIFT);
}

hf_frame_t kernelmap_root(void) { return root; }

void kernelmap_copy(pte_t *table) {
    const pte_t *kernel = frame_pointer(root);
    copy_bytes(&table[KERNEL_HALF_SLOT], &kernel[KERNEL_HALF_SLOT], (TABLE_ENTRIES - KERNEL_HALF_SLOT) * sizeof(pte_t));
}
