/* Lesson 4: a program in memsrv's place that gives a page away and goes on using its old address. The core
 * has to see to it that this does no harm. */
#include "frames.h"
#include "haunt.h"

/* Called by _start. */
_Noreturn void memsrv_main(const struct hf_boot *boot);

#define READ_WRITE (HF_READ | HF_WRITE)
#define ENTRY_BITS 7ul /* present, write, user: Intel SDM vol. 3A, table 4-20 */

/* The lesson stops at these functions, and reads their arguments. */
#define ACT __attribute__((noinline))

/* A TLB chooses the place of a translation by the low bits of the page's number. By these, nothing else that the core
 * or this program uses comes to where `here` is. */
const struct places places = {.here = 0x100700000, .draft = 0x100701000, .beyond = 0x100800000, .there = 0x200000000};

static const char letter[] = "Pay 0010 to Ann. Bob";
static const char forged[] = "Pay 9999";

static uint64_t first_word(const char *text) {
    uint64_t word;
    __builtin_memcpy(&word, text, sizeof word);
    return word;
}

/* The page is used, and unmapped: so it is FREE. */
ACT static void give_away(hf_frame_t own, hf_frame_t page) {
    core_must(core_stage(page, HF_NO_FRAME, 0, 0, 0));
    frames_map(own, places.here, page, READ_WRITE);
    store(places.here, first_word(letter));
    core_must(core_unmap(own, places.here));
}

/* The frame, FREE by now, gets a letter as its content and is mapped for a tenant. */
ACT static void let_to_tenant(hf_frame_t own, hf_frame_t tenant, hf_frame_t page) {
    core_must(core_object(HF_OP_ASPACE_CREATE, tenant, NULL));
    core_must(core_object(HF_OP_ASPACE_COPY_KERNEL, tenant, NULL));
    hf_frame_t draft = frames_take();
    core_must(core_stage(draft, HF_NO_FRAME, 0, 0, 0));
    frames_map(own, places.draft, draft, READ_WRITE);
    __builtin_memcpy((void *)places.draft, letter, sizeof letter);
    core_must(core_stage(page, draft, 0, sizeof letter, 0));
    frames_map(tenant, places.there, page, READ_WRITE);
}

/* The frame becomes FREE again, and then a page table of this program's, with nothing in it yet. */
ACT static void make_table(hf_frame_t own, hf_frame_t tenant, hf_frame_t page) {
    core_must(core_unmap(tenant, places.there));
    core_must(core_install(own, places.beyond, HF_LEVEL_PT, page));
}

static _Noreturn void end_machine(const struct hf_boot *boot) {
    unsigned power;
    core_must(core_put(boot->handles, HF_SLOT_ANY, HF_PUT_POWER, 0, 0, HF_RIGHT_USE, &power));
    core_must(hf_power(power, 0));
    __builtin_trap();
}

_Noreturn void memsrv_main(const struct hf_boot *boot) {
    frames_find(boot);
    hf_frame_t own = boot->aspace, tenant = frames_take(), page = frames_take();
    give_away(own, page);
    let_to_tenant(own, tenant, page);
    store(places.here, first_word(forged));
    make_table(own, tenant, page);
    store(places.here, own << HF_PAGE_SHIFT | ENTRY_BITS);
    (void)load(places.beyond);
    end_machine(boot);
}
