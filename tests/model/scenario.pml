/* What all scenarios have in common. Each says TASKS, ENDPOINTS and the like first; its
 * init makes the tasks and endpoints, and runs a program for each task. */
#ifndef CIRCLES_ALLOWED
#define CIRCLES_ALLOWED false
#endif
#define MUST(condition) assert(condition)

bool done[TASKS + 1]; /* the task's program is through */

#include "ipc.pml"
#include "manage.pml"
#include "check.pml"
#include "programs.pml"

/* All tasks and endpoints are there; memsrv may interfere so often. */
inline begin(interferences) {
    d_step {
        for (t_ : 1 .. TASKS) {
            task_create(t_, 1)
        }
        for (e_ : 0 .. ENDPOINTS - 1) {
            endpoint_create(e_, 1)
        }
        deeds = interferences;
        check()
    }
}
