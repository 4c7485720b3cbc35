/* A client and its server, both of which fault, the server with a call in hand. The pager
 * holds faults, and may end; then a second one takes its place. */
#define TASKS 4
#define ENDPOINTS 3
#define SLOTS 1
#define WAKE_LIMIT 1
#define TABLE(t) t
#define SERVES(e) (e + 2)
#define OTHER_PAGER 2
#define START(t) run Client(t, 0, 1, 0)

#ifndef INTERFERENCES
#define INTERFERENCES 2
#endif

#include "scenario.pml"

inline set_first_pager(t) {
    d_step {
        task[t].pager = 1;
        task[t].pager_serial = endpoint[1].serial
    }
}

init {
    atomic {
        begin(INTERFERENCES);
        set_first_pager(1);
        set_first_pager(2);
        run Client(1, 0, 1, 1);
        run Server(2, 0, 1);
        run Holder(3, 1, 1);
        run Server(4, 2, 0);
        run Fate(1, 0);
        run Fate(2, 0);
        run Fate(3, 0);
        run Fate(4, 0);
        run End(0, 0);
        run End(1, 0);
        run End(2, 0)
    }
}
