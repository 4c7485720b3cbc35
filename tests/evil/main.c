/* What the command line asks for. */
#include "judge.h"
#include "random.h"

#include <number.h>
#include <string.h>

/* Called by _start. */
_Noreturn void memsrv_main(const struct hf_boot *information);

static bool run_attacks(void) {
    unsigned count = judge_all();
    drain();
    say("evil: %u attacks, %u refused, %u not\n", count, count - judge_failures, judge_failures);
    return judge_failures == 0;
}

/* What follows `evil=` on the command line; everything by default. */
static const char *order(const struct hf_boot *information) {
    const char *at = strstr(information->command_line, "evil=");
    return at ? at + 5 : "attacks,random";
}

_Noreturn void memsrv_main(const struct hf_boot *information) {
    console_init(information);
    memory_init(information);
    client_init();
    memory_keep();
    drain_init();
    const char *what = order(information);
    bool good = true;
    if (strncmp(what, "attacks", 7) == 0) good = run_attacks();
    const char *random = strstr(what, "random");
    if (random) good = random_run(random) && good;
    say("evil: %s\n", good ? "the core holds" : "THE CORE IS BROKEN");
    machine_end(good ? 0 : 1);
}
