/* From the boot loader to memsrv: the stages of booting, in order. */
#pragma once

#include <handoff/boot.h>
#include <stdbool.h>

#include "log.h"
#include "panic.h"

static inline uint64_t lower(uint64_t a, uint64_t b) { return a < b ? a : b; }

static inline uint64_t higher(uint64_t a, uint64_t b) { return a > b ? a : b; }

static inline uint64_t page_count(uint64_t bytes) { return (bytes + HF_PAGE_SIZE - 1) >> HF_PAGE_SHIFT; }

/* What follows `start` at the beginning of `text`, or NULL. */
static inline const char *text_after(const char *text, const char *start) {
    for (; *start; start++, text++) {
        if (*text != *start) return NULL;
    }
    return text;
}

/* What must be so for the core to boot. If it isn't, the boot ends with the sentence `otherwise`. */
void boot_require(bool good, const char *otherwise);

/* ---- The map of RAM: which frames there are, and what each is for.
 *
 * It is built in bytes, since firmware's ranges need not fall on frame boundaries:
 * all RAM is set FREE, then everything reserved is set NONE, then what is FREE is
 * rounded inward to frames. From then on all numbers are frames, and RAM only
 * changes its kind. The map starts zeroed. What has no room in it, or can't be, ends the boot. */

/* What the PMO has room for, in frames: 64 TiB. */
#define BOOTMAP_FRAMES (1ull << 34)

/* Building; ranges may come in any order and overlap, and an empty one does nothing.
 * One may end at 2^64 - 1, or at 2^52 if it is FREE. */
void bootmap_set_bytes(struct hf_boot_map *map, uint64_t start, uint64_t length, enum hf_range_kind kind);
void bootmap_round_to_frames(struct hf_boot_map *map);

/* `count` FREE frames from `first` on become `kind`; none at all is no error. */
void bootmap_claim(struct hf_boot_map *map, hf_frame_t first, uint64_t count, enum hf_range_kind kind);

struct boot_request {
    uint64_t count;         /* frames, contiguous */
    uint64_t align, offset; /* the first frame is `offset` (mod `align`); align > offset */
    hf_frame_t from, below; /* no frame outside */
    bool highest;           /* the highest place that suits instead of the lowest */
    enum hf_range_kind kind;
};

/* Finds FREE frames and makes them `kind`; false when there is no such place. */
bool bootmap_take(struct hf_boot_map *map, const struct boot_request *request, hf_frame_t *first);

/* The first piece of RAM, of whatever kinds, that starts at or above `from`; false when
 * there is none. It stays the same while kinds change. */
bool bootmap_next_span(const struct hf_boot_map *map, hf_frame_t from, hf_frame_t *first, hf_frame_t *end);

/* ---- The boot loader's information (Multiboot2 specification 2.0, section 3.6), read
 * without believing any of it: whatever the bytes are, no read leaves them, the
 * work is bounded by their number, and what is wrong ends the boot. */

/* Fills in framebuffer, map, modules and command line from the information at `bytes`,
 * of which at most `limit` bytes may be read. Nothing is claimed for the modules in the map. */
void multiboot_parse(const uint8_t *bytes, uint64_t limit, struct hf_boot *out);

/* By its name, or NULL. */
const struct hf_boot_module *boot_module(const struct hf_boot *info, const char *name);

/* ---- What boot/ enters, on a stack of its own, with interrupts off. Mapped are the image
 * and, at the PMO's place, the first 4 GiB. `information` is a physical address. */

_Noreturn void core_main(uint64_t information);

/* Where a test build breaks the core's rules on purpose, as the command line says. */
void selftest(const char *command_line);

/* What is known of the machine; memsrv gets a copy. */
extern struct hf_boot boot;

/* ---- The boot pool: the only allocator ring 0 ever has, cut from the map. It is used until
 * the handoff and never again. There is always an answer: too little RAM ends the boot. */

#define BOOT_WINDOW (4ul << 30) /* bytes from 0 on that can be used before the kernel half is loaded */

/* `count` zeroed frames inside the window. What is for memsrv stays FREE in the frame table,
 * once that is built, until an MMU operation takes it. */
hf_frame_t pool_take(uint64_t count, enum hf_range_kind kind);

/* Frames anywhere, not zeroed: first = `offset` (mod `align`). */
hf_frame_t pool_take_far(uint64_t count, uint64_t align, uint64_t offset);

/* Keeps one frame below 1 MiB, which starting further processors will need. */
void pool_keep_low(void);

/* ---- The frame table: takes its memory from the pool, maps it, and says in it what each
 * range is: modules become pinned USER frames. The kernel half must be loaded. */

void frametable_build(void);

/* ---- The last act: builds memsrv's aspace and task, and says what is handed over. memsrv is
 * ready to run then. Its boot information is put into the MODULE frames from `information` on. */

void handoff(hf_frame_t information);
