#include <number.h>

#include "bench.h"

/* Called by _start. */
_Noreturn void memsrv_main(const struct hf_boot *boot);

/* How often each is measured stands behind the module's name, if at all. */
static void take_runs(const struct hf_boot *boot) {
    uint64_t runs;
    if (number_parse(boot->module[0].arguments, SAMPLE_COUNT, &runs) && runs > 0) {
        sample_runs = (unsigned)runs;
    }
}

_Noreturn void memsrv_main(const struct hf_boot *boot) {
    machine_init(boot);
    take_runs(boot);
    sample_begin("loop.fixed");
    sample_fixed_loop();
    machine_report();
    measure_faults(boot);
    measure_operations(boot);
    measure_lists(boot);
    measure_frames();
    machine_end();
}
