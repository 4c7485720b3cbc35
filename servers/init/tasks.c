#include "tasks.h"

#include <mem.h>

hf_status_t tasks_visit(void (*visit)(const struct hf_task_info *info, void *context), void *context) {
    struct hf_task_info infos[MEM_TASKS_AT_ONCE];
    uint64_t cursor = 0;
    size_t count;
    do {
        hf_status_t status = mem_tasks(&cursor, infos, &count);
        if (status != HF_OK) return status;
        for (size_t i = 0; i < count; i++) {
            visit(&infos[i], context);
        }
    } while (cursor != 0);
    return HF_OK;
}
