/* Two notifiers, a client and the server of all of them; its endpoint may end, and be made
 * again in the same frame. */
#define TASKS 4
#define ENDPOINTS 1
#define SLOTS 1
#define WAKE_LIMIT 1
#define TABLE(t) t
#define SERVES(e) 4
#define OTHER_PAGER 0
#define START(t) run Server(t, 0, 0)

#ifndef INTERFERENCES
#define INTERFERENCES 3
#endif

#include "scenario.pml"

init {
    atomic {
        begin(INTERFERENCES);
        run Notifier(1, 0, 2, 1);
        run Notifier(2, 0, 2, 2);
        run Client(3, 0, 2, 0);
        run Server(4, 0, 0);
        run Fate(1, 0);
        run Fate(2, 0);
        run Fate(3, 0);
        run Fate(4, 1);
        run End(0, 1)
    }
}
