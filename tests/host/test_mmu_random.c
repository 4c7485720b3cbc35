// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/campaign.c tests/host/campaign_draw.c tests/host/pick.c tests/host/drain.c tests/host/foresee.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Random MMU operations on page tables of the real shape. See campaign.c. */
#include "campaign.h"
#include "world.h"

static void random_operations(void **state) {
    (void)state;
    campaign(campaign_count(30000), campaign_seed());
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(random_operations, world_start)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
