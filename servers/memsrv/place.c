#include "place.h"

#include <cpuid.h>
#include <stdbool.h>
#include <string.h>

#include "image.h"

#define OPTION "addresses=fixed"

#define FIXED_SLOT 0x7fe00000ul
#define FIXED_BUFFER_PAGE 510ul /* of the slot's pages */

/* Stacks are between images and mappings, in the GiB that images are in: one PD covers both, which is a
 * frame less for each task. */
#define FIRST_SLOT IMAGE_END
#define SLOTS ((PLACE_MAP_LOWEST - FIRST_SLOT) / HF_RUN_SIZE)

/* Mappings start in the lowest 512 GiB, so that one PDPT covers all. */
#define MAP_PAGES (((1ul << 39) - (1ul << 30) - PLACE_MAP_LOWEST) / HF_PAGE_SIZE)

/* The buffer is above the stack, which leaves this many pages of the slot for threads at least. */
#define LOWEST_BUFFER_PAGE 400ul

static bool fixed;
static uint64_t state;

static bool has_word(const char *line, const char *word) {
    size_t length = strlen(word);
    for (; *line; line++) {
        if (strncmp(line, word, length) == 0 && (line[length] == ' ' || line[length] == '\0')) return true;
        while (*line && *line != ' ') line++;
        if (!*line) break;
    }
    return false;
}

/* SplitMix64: each number once, in an order that looks random. */
static uint64_t draw(uint64_t below) {
    uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return (z ^ z >> 31) % below;
}

/* RDRAND where the processor has it (Intel SDM vol. 2B), and the time anyway. */
static uint64_t entropy(void) {
    unsigned a, b, c = 0, d;
    uint64_t number = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_RDRND)) {
        __asm__ volatile("rdrand %0" : "=r"(number)::"cc");
    }
    return number ^ __builtin_ia32_rdtsc();
}

void place_init(const struct hf_boot *boot) {
    fixed = has_word(boot->command_line, OPTION);
    state = fixed ? 0 : entropy() ^ boot->boot_instructions;
}

static void place_in_slot(struct place *place, uint64_t slot, uint64_t buffer_page) {
    place->table_start = slot;
    place->buffer = slot + buffer_page * HF_PAGE_SIZE;
    place->stack_end = place->buffer - HF_PAGE_SIZE; /* with a page between them */
    place->stack_start = place->stack_end - PLACE_STACK_BYTES;
    place->guard_start = place->stack_start - PLACE_GUARD_BYTES;
}

void place_choose(struct place *place) {
    if (fixed) {
        place_in_slot(place, FIXED_SLOT, FIXED_BUFFER_PAGE);
        place->map_start = PLACE_MAP_LOWEST;
        return;
    }
    place_in_slot(place, FIRST_SLOT + draw(SLOTS) * HF_RUN_SIZE,
                  LOWEST_BUFFER_PAGE + draw(HF_RUN_FRAMES - LOWEST_BUFFER_PAGE));
    place->map_start = PLACE_MAP_LOWEST + draw(MAP_PAGES) * HF_PAGE_SIZE;
}
