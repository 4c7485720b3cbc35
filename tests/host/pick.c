#include "pick.h"

#include "world.h"

#define OTHERS (PICK_IN_FIRST_RUN + PICK_IN_OTHER_RUNS)

hf_frame_t pick_frame(unsigned at) {
    if (at < PICK_IN_FIRST_RUN) return WORLD_MODULE + at;
    return at < OTHERS ? 4 * MACHINE_RUN + at - PICK_IN_FIRST_RUN : WORLD_WHOLE_FREE + at - OTHERS;
}

static bool is_part(hf_frame_t frame) {
    const unsigned state = frame < frame_limit ? frame_run(frame)->state : HF_RUN_RESERVED;
    return state == HF_RUN_ZEROING || state == HF_RUN_STAGED || state == HF_RUN_USER;
}

static bool fits(hf_frame_t frame, unsigned types) { return (types & 1u << frame_type(frame)) && !is_part(frame); }

hf_frame_t pick_frame_of(unsigned types, unsigned at) {
    for (unsigned i = 0; i < PICK_FRAMES; i++) {
        const hf_frame_t frame = pick_frame((at + i) % PICK_FRAMES);
        if (fits(frame, types)) return frame;
    }
    return pick_frame(at % PICK_FRAMES);
}

static hf_frame_t find_spare(unsigned at, bool split) {
    for (unsigned i = 0; i < OTHERS; i++) {
        const hf_frame_t frame = pick_frame((at + i) % OTHERS);
        if (fits(frame, PICK_TYPE(FREE)) && (frame_entry(frame) || !split)) return frame;
    }
    return HF_NO_FRAME;
}

hf_frame_t pick_spare(unsigned at) {
    const hf_frame_t spare = find_spare(at, true);
    return spare == HF_NO_FRAME ? find_spare(at, false) : spare;
}

bool pick_there_is(unsigned types) { return fits(pick_frame_of(types, 0), types); }

static hf_frame_t run_of_number(unsigned at) { return at == 0 ? WORLD_WHOLE_FREE : (3 + at) * MACHINE_RUN; }

hf_frame_t pick_run_in(unsigned states, unsigned at) {
    for (unsigned i = 0; i < PICK_RUNS; i++) {
        const hf_frame_t first = run_of_number((at + i) % PICK_RUNS);
        if (states & 1u << frame_run(first)->state) return first;
    }
    return run_of_number(at % PICK_RUNS);
}

hf_frame_t pick_odd_frame(unsigned at) {
    static const hf_frame_t frames[PICK_ODD_FRAMES] = {0,
                                                       1,
                                                       WORLD_CORE,
                                                       WORLD_WHOLE_CORE,
                                                       WORLD_WHOLE_RESERVED,
                                                       MACHINE_FRAMES - 1,
                                                       MACHINE_FRAMES,
                                                       1ull << 40,
                                                       1ull << 52,
                                                       HF_NO_FRAME,
                                                       WORLD_WHOLE_FREE + 1};
    return frames[at % PICK_ODD_FRAMES];
}

hf_frame_t pick_device_frame(unsigned at) {
    const unsigned of_screen = at % PICK_DEVICE_FRAMES - WORLD_VGA_FRAMES;
    return at % PICK_DEVICE_FRAMES < WORLD_VGA_FRAMES ? WORLD_VGA + at % PICK_DEVICE_FRAMES
                                                      : WORLD_FRAMEBUFFER + of_screen;
}

/* Two PDPTs, two PDs in each, three PTs in each of those, eight pages in each of those. */
uint64_t pick_place(unsigned at) {
    const unsigned page = at % 8;
    return at / 48 % 2 * PICK_SPAN(4) + at / 24 % 2 * PICK_SPAN(3) + (2 + at / 8 % 3) * PICK_SPAN(2) +
           (page == 7 ? MACHINE_RUN - 1 : page) * PICK_SPAN(1);
}

/* In a small machine addresses end sooner than ring 3's: the first few only. */
uint64_t pick_odd_place(unsigned at) {
    static const uint64_t places[] = {0,          0x1000,        0xf000,  0x7ffffffff000, 0x7fffffe00000,
                                      1ull << 47, -(1ull << 47), 0x20001, ~0ull};
    return places[at % PICK_ODD_PLACES];
}
