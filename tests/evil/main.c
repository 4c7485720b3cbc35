/* Does what the command line asks for, and ends the machine. */
#include "judge.h"
#include "order.h"
#include "random.h"

/* Called by _start. */
_Noreturn void memsrv_main(const struct hf_boot *information);

static bool run_attacks(void) {
    unsigned count = judge_all();
    say("evil: %u attacks, %u refused, %u not\n", count, count - judge_failures, judge_failures);
    return judge_failures == 0;
}

_Noreturn void memsrv_main(const struct hf_boot *information) {
    struct order order;
    bool good = true;
    console_init(information);
    if (!order_read(information->command_line, &order)) {
        give_up("evil= takes attacks, or random with a SEED and CALLS (random,7,100000), or attacks,random,7,100000");
    }
    memory_init(information);
    client_init();
    memory_keep();
    drain_init();
    if (order.attacks) good = run_attacks();
    if (order.random) good = random_run(order.seed, order.calls) && good;
    say("evil: %s\n", good ? "the core holds" : "THE CORE IS BROKEN");
    machine_end(good ? 0 : 1);
}
