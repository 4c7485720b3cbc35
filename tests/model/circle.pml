/* Two servers call each other with a call in hand, and a task calls itself: they wait, until
 * one of them is ended. With CIRCLES_ALLOWED false spin has to find that they do. */
#define TASKS 4
#define ENDPOINTS 3
#define SLOTS 1
#define WAKE_LIMIT 1
#define TABLE(t) t
#define SERVES(e) (e == 2 -> 4 : e + 1)
#define OTHER_PAGER 0
#define START(t) run Client(t, 0, 1, 0)

#ifndef INTERFERENCES
#define INTERFERENCES 3
#endif

#include "scenario.pml"

init {
    atomic {
        begin(INTERFERENCES);
        run Middle(1, 0, 1);
        run Middle(2, 1, 0);
        run Client(3, 0, 1, 0);
        run Client(4, 2, 1, 0);
        run Fate(1, 0);
        run Fate(2, 0);
        run Fate(3, 0);
        run Fate(4, 0);
        run End(0, 0);
        run End(1, 0);
        run End(2, 0)
    }
}
