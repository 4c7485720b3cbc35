/* mem_fork's request: fork.asm calls this, and has the child start behind the call. */
#include <ipc.h>
#include <mem.h>

#include "internal.h"

_Static_assert(offsetof(struct mem_task, handle) == 0 && offsetof(struct mem_task, number) == 8,
               "fork.asm clears both");

hf_status_t fork_ask(struct mem_task *task, uint64_t start, uint64_t stack);

hf_status_t fork_ask(struct mem_task *task, uint64_t start, uint64_t stack) {
    struct hf_message message = {.label = HF_MEM_FORK, .word = {start, stack, thread_fs_base()}};
    stdio_flush(); /* or both would write it */
    hf_status_t status = hf_call(HF_SLOT_MEMSRV, &message);
    if (status == HF_OK) {
        status = (hf_status_t)message.label;
    }
    if (status == HF_OK) {
        *task = (struct mem_task){.handle = (hf_handle_t)message.word[0], .number = message.word[1]};
    }
    return status;
}
