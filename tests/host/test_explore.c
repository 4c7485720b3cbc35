// sources: tests/explore/about_aspace.c tests/explore/about_objects.c tests/explore/caches.c
// sources: tests/explore/calls.c tests/explore/canon.c tests/explore/drain.c tests/explore/effect.c
// sources: tests/explore/judge.c tests/explore/keep.c tests/explore/machine.c tests/explore/make.c
// sources: tests/explore/prepare.c tests/explore/reach.c tests/explore/report.c tests/explore/search.c
// sources: tests/explore/state.c tests/explore/state_read.c tests/explore/state_write.c
// sources: tests/explore/visited.c tests/explore/words.c
// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c
// sources: tests/host/check_state.c tests/host/machine/around.c
// include: tests/explore ukernel
// flags: -include tests/explore/shape.h -Wno-type-limits
// flags: -DTABLE_LEVELS=2u -DTABLE_BITS=2u -DMACHINE_RUNS=2u -DMACHINE_CORE=4u
/* Every state of a machine with two levels of page tables and four frames, and in each every call
 * (docs/exploration.md). What a refused call leaves is compared byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report.h"

static int start(void **state) {
    (void)state;
    report_start();
    return 0;
}

static void every_state_of_four_frames(void **state) {
    (void)state;
    assert_true(report_search(PREPARED_boot, &(struct search){.all_bytes = true}));
}

static void what_must_be_reached(void **state) {
    (void)state;
    assert_true(report_reached());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_of_four_frames),
        cmocka_unit_test(what_must_be_reached),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
