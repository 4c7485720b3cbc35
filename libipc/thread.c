/* Threads: each has a block at its FS base, which is at the end of its stack. */
#include <ipc.h>
#include <mem.h>
#include <stdio.h>

#include "internal.h"

struct thread {
    struct hf_buffer *buffer; /* hf_buffer reads it at FS:0 */
    struct stdio_output *output;
    struct thread *self; /* where FS points */
    void (*entry)(void *argument);
    void *argument;
};

/* The block of a thread, and what goes with it. */
struct thread_end {
    _Alignas(16) struct thread thread;
    struct stdio_output output;
};
_Static_assert(sizeof(struct thread_end) + 128 <= MEM_THREAD_STACK, "with what is called before entry");

/* thread.asm: where threads start. */
void thread_enter(void);

/* Called by thread_enter. */
_Noreturn void thread_main(struct thread *thread, struct hf_buffer *buffer);

static struct stdio_output first_output;
static struct thread first = {.output = &first_output, .self = &first};

struct stdio_output *thread_output(void) {
    struct stdio_output *output = &first_output;
    if (hf_own_buffer == NULL) {
        __asm__ volatile("mov %%fs:%c1, %0" : "=r"(output) : "i"(offsetof(struct thread, output)));
    }
    return output;
}

uint64_t thread_fs_base(void) {
    struct thread *self = NULL;
    if (hf_own_buffer == NULL) {
        __asm__ volatile("mov %%fs:%c1, %0" : "=r"(self) : "i"(offsetof(struct thread, self)));
    }
    return (uintptr_t)self;
}

_Noreturn void thread_main(struct thread *thread, struct hf_buffer *buffer) {
    thread->buffer = buffer;
    thread->entry(thread->argument);
    stdio_flush();
    mem_exit(0);
}

/* The first task's block. Until the first thread is made, nothing needs one. */
static hf_status_t prepare(void) {
    if (hf_own_buffer == NULL) return HF_OK;
    first.buffer = hf_own_buffer;
    hf_status_t status = hf_fs_base((uintptr_t)&first);
    if (status == HF_OK) {
        hf_own_buffer = NULL;
    }
    return status;
}

hf_status_t mem_thread(void (*entry)(void *argument), void *argument, void *stack, struct mem_task *task) {
    struct thread_end *end = (struct thread_end *)((uintptr_t)stack & ~15ul) - 1;
    hf_status_t status = prepare();
    if (status != HF_OK) return status;
    end->output.used = 0;
    end->thread = (struct thread){.output = &end->output, .self = &end->thread, .entry = entry, .argument = argument};
    uint64_t block = (uintptr_t)&end->thread;
    struct hf_message message = {.label = HF_MEM_THREAD, .word = {(uintptr_t)thread_enter, block, block, block}};
    status = hf_call(HF_SLOT_MEMSRV, &message);
    if (status == HF_OK) {
        status = (hf_status_t)message.label;
    }
    if (status == HF_OK) {
        *task = (struct mem_task){.handle = (hf_handle_t)message.word[0], .number = message.word[1]};
    }
    return status;
}
