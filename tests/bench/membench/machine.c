#include "bench.h"

#define COM1 0x3f8
#define UART_STATUS 5
#define UART_EMPTY 0x20

static unsigned ports, power;
static hf_frame_t next;
static hf_frame_t end;

/* The longest range of free frames, without its beginning: whatever else the core
 * gave away lies lower. */
static void find_frames(const struct hf_boot *boot) {
    for (uint64_t i = 0; i + 1 < boot->map.count; i++) {
        const struct hf_boot_range *range = &boot->map.range[i];
        if (range->kind == HF_RANGE_FREE && range[1].first - range->first > end - next) {
            next = range->first;
            end = range[1].first;
        }
    }
}

#define RUN_FRAMES (HF_RUN_SIZE / HF_PAGE_SIZE)

/* The core has more to do for the first frame of a run that comes into use, so one of each stays so. */
static void keep_one(void) { core_must(core_stage(next++, HF_NO_FRAME, 0, 0, 0)); }

void machine_init(const struct hf_boot *boot) {
    find_frames(boot);
    keep_one();
    core_must(core_put(boot->handles, HF_SLOT_ANY, HF_PUT_PORTS, COM1, 8, HF_RIGHT_USE, &ports));
    core_must(core_put(boot->handles, HF_SLOT_ANY, HF_PUT_POWER, 0, 0, HF_RIGHT_USE, &power));
}

hf_frame_t machine_frame(void) {
    if (next % RUN_FRAMES == 0) keep_one();
    core_check(next < end);
    return next++;
}

hf_frame_t machine_run(void) {
    end = end / RUN_FRAMES * RUN_FRAMES - RUN_FRAMES;
    core_check(next < end);
    return end;
}

static void say(const char *text) {
    for (; *text; text++) {
        uint32_t status = 0;
        while (!(status & UART_EMPTY)) {
            core_must(hf_port_in(ports, COM1 + UART_STATUS, 1, &status));
        }
        core_must(hf_port_out(ports, COM1, 1, (uint8_t)*text));
    }
}

void machine_report(void) {
    char line[SAMPLE_LINE_BYTES];
    sample_line(line);
    say(line);
}

_Noreturn void machine_end(void) {
    core_must(hf_power(power, 0));
    __builtin_trap();
}
