/* What a test can do to the simulated machine, and read from it. */
#pragma once

#include <machine.h>
#include <setjmp.h>
#include <stdbool.h>

/* Everything as after power-on: all frames RESERVED and not to be touched, caches empty. */
void machine_reset(void);

/* There is RAM from `first` on; touching any other frame ends the test. */
void machine_add_ram(hf_frame_t first, uint64_t count);
void machine_remove_ram(hf_frame_t first, uint64_t count);
bool machine_is_ram(hf_frame_t frame);

/* What the upper half of every PML4 that can be run is like. */
extern uint64_t machine_kernel_half[MACHINE_RUN / 2];

/* The processor uses the aspace in CR3: for each leaf, `touch` draws what it does (0: nothing,
 * 1: it reads, else it writes where it may), and all that it can remember, it does. */
void machine_use_aspace(uint64_t (*touch)(uint64_t below));

/* The first translation that is remembered though the tables no longer say so, as text; or
 * NULL. A frame that was filled anew while it was remembered counts too. */
const char *machine_stale(void);

/* The FPU's registers as they would be stored, and whether CR0.TS lets them be used. */
#define MACHINE_FPU_BYTES 832u
#define MACHINE_FPU_LEGACY_BYTES 512u
extern uint8_t machine_fpu[MACHINE_FPU_BYTES];
bool machine_fpu_usable(void);

/* The processor has XSAVE, else only FXSAVE. */
extern bool machine_xsave;

/* The last access to a port. */
struct machine_port {
    unsigned accesses;
    uint16_t port;
    unsigned size;
    uint32_t value; /* that was written, or is to be read */
};
extern struct machine_port machine_port;

/* Bit n: interrupt line n is masked. */
extern uint32_t machine_masked;

/* Where a processor that is halted for good goes on; NULL: that ends the test. */
extern jmp_buf *machine_on_halt;
