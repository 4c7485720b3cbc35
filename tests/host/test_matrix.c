// sources: ukernel/frame.c ukernel/run.c ukernel/mmu.c ukernel/leaf.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// sources: tests/matrix/groups.c tests/matrix/matrix.c tests/matrix/oracle.c tests/matrix/oracle_content.c
// sources: tests/matrix/oracle_leaf.c tests/matrix/scene.c tests/matrix/shadow.c
// include: tests/host/machine ukernel
// flags: -DMACHINE_RUNS=14u
/* Memory operations with all combinations of arguments in all scenes, decided by an oracle.
 * MATRIX_FULL=1 in the environment: every one. Else a sample, in which each two values of two
 * fields meet. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "../matrix/matrix.h"

#define SAMPLE 40000u

static void matrix_group(void **state) {
    const struct group *group = *state;
    const bool full = getenv("MATRIX_FULL") != NULL;
    const clock_t start = clock();
    const struct tally tally = matrix_run(group, full ? 0 : SAMPLE);
    printf("# %-16s %9" PRIu64 " cases in %4" PRIu64 " scenes, %8" PRIu64 " granted, %9" PRIu64
           " with several reasons to refuse, %" PRIu64 " disagreements, %.1f s\n",
           group->name, tally.cases, tally.scenes, tally.granted, tally.several, tally.disagreements,
           (double)(clock() - start) / CLOCKS_PER_SEC);
    assert_int_equal(tally.disagreements, 0);
    assert_int_equal(tally.pairs_left, 0);
    assert_true(tally.granted > 0);
}

int main(void) {
    struct CMUnitTest tests[32] = {0};
    for (unsigned i = 0; i < matrix_group_count; i++) {
        tests[i] = (struct CMUnitTest){matrix_groups[i].name, matrix_group, NULL, NULL, (void *)&matrix_groups[i]};
    }
    return _cmocka_run_group_tests("matrix", tests, matrix_group_count, NULL, NULL);
}
