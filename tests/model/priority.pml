/* A server that is less important than its client, and tasks in between: by priority, only
 * the most important task that is READY runs. */
#define TASKS 4
#define ENDPOINTS 1
#define SLOTS 1
#define WAKE_LIMIT 1
#define TABLE(t) t
#define SERVES(e) 3
#define OTHER_PAGER 0
#define START(t) run Client(t, 0, 1, 0)

#define LETS(t, other) (task[other].state != READY || done[other] || task[other].effective <= task[t].effective)
#define RUNS(t) (task[t].state == READY && LETS(t, 1) && LETS(t, 2) && LETS(t, 3) && LETS(t, 4))

#ifndef INTERFERENCES
#define INTERFERENCES 3
#endif

#include "scenario.pml"

inline set_priorities() {
    d_step {
        task[1].base = 3;
        task[2].base = 2;
        task[3].base = 1;
        task[4].base = 2
    }
}

init {
    atomic {
        set_priorities();
        begin(INTERFERENCES);
        run Client(1, 0, 2, 0);
        run Notifier(2, 0, 2, 1);
        run Server(3, 0, 0);
        run Client(4, 0, 1, 0);
        run Fate(1, 0);
        run Fate(2, 0);
        run Fate(3, 0);
        run Fate(4, 0);
        run End(0, 0)
    }
}
