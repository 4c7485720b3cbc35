/* A holder and a thread of it, which serves the same endpoint and tries to answer what the
 * holder has set aside. */
#define TASKS 4
#define ENDPOINTS 1
#define SLOTS 1
#define WAKE_LIMIT 1
#define TABLE(t) (t == 4 -> 3 : t)
#define SERVES(e) 4
#define OTHER_PAGER 0
#define START(t) run Client(t, 0, 1, 0)
#define STOLEN(t) (task[t].status == BAD_HANDLE)

#ifndef INTERFERENCES
#define INTERFERENCES 2
#endif

#include "scenario.pml"

init {
    atomic {
        begin(INTERFERENCES);
        run Client(1, 0, 2, 0);
        run Client(2, 0, 1, 0);
        run Holder(3, 0, 1);
        run Meddler(4, 0, 2);
        run Fate(1, 1);
        run Fate(2, 0);
        run Fate(3, 0);
        run End(0, 0)
    }
}
