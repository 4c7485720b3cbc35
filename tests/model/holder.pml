/* Three clients and a server that sets two calls aside, and answers or drops them later.
 * The first client may be stopped, or end and live again, while its call is held. */
#define TASKS 4
#define ENDPOINTS 1
#define SLOTS 2
#define WAKE_LIMIT 1
#define TABLE(t) t
#define SERVES(e) 4
#define OTHER_PAGER 0
#define START(t) run Client(t, 0, 1, 0)

#ifndef INTERFERENCES
#define INTERFERENCES 2
#endif

#include "scenario.pml"

init {
    atomic {
        begin(INTERFERENCES);
        run Client(1, 0, 2, 0);
        run Client(2, 0, 1, 0);
        run Client(3, 0, 1, 0);
        run Holder(4, 0, 1);
        run Fate(1, 1);
        run Fate(2, 0);
        run Fate(4, 0);
        run End(0, 0)
    }
}
