/* Two clients, one of which may live twice in the same frame, and two servers at one
 * endpoint; all of them, and the endpoint, may be stopped or ended at any moment. */
#define TASKS 4
#define ENDPOINTS 1
#define SLOTS 1
#define WAKE_LIMIT 1
#define TABLE(t) t
#define SERVES(e) 3
#define OTHER_PAGER 0
#define START(t) run Client(t, 0, 1, 0)

#ifndef INTERFERENCES
#define INTERFERENCES 3
#endif

#include "scenario.pml"

init {
    atomic {
        begin(INTERFERENCES);
        run Client(1, 0, 2, 0);
        run Client(2, 0, 2, 0);
        run Server(3, 0, 0);
        run Server(4, 0, 0);
        run Fate(1, 1);
        run Fate(2, 0);
        run Fate(3, 0);
        run Fate(4, 0);
        run End(0, 0)
    }
}
