// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/campaign.c tests/host/campaign_draw.c tests/host/pick.c tests/host/drain.c tests/host/foresee.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
// flags: -DTABLE_BITS=3u
/* The same as test_mmu_random.c on a machine with eight entries a table and eight frames a run, where
 * runs get whole again and tables empty all the time. */
#include "campaign.h"
#include "world.h"

static void random_operations(void **state) {
    (void)state;
    campaign(campaign_count(150000), campaign_seed());
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(random_operations, world_start)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
