/* A client calls a server that calls another one with it in hand, which has a client of its
 * own; any of them may be stopped or ended. */
#define TASKS 4
#define ENDPOINTS 2
#define SLOTS 1
#define WAKE_LIMIT 1
#define TABLE(t) t
#define SERVES(e) (e + 2)
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
        run Middle(2, 0, 1);
        run Server(3, 1, 0);
        run Client(4, 1, 1, 0);
        run Fate(1, 0);
        run Fate(2, 0);
        run Fate(3, 0);
        run Fate(4, 0);
        run End(0, 0);
        run End(1, 0)
    }
}
