/* traces [WAY] [text]: faults in the innermost of nested functions, with whatever WAY does to the frame pointer before;
 * with "text" by writing to what is mapped, else where nothing is. Those that end another task, a thread or a forked
 * one, print its exit record as the tests read it. */
#include <mem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NULL_POINTER 0x10ul

static char stack[16384] __attribute__((aligned(16)));

/* The address that innermost writes to, and the frame pointer with which it does: 0 for its own. */
static uint64_t target = NULL_POINTER, frame_pointer;

/* Each does something after its call, so that none is a jump. */
static volatile int depth;

__attribute__((noinline)) static void innermost(void) {
    if (frame_pointer == 0) {
        *(volatile char *)target = 1;
    } else {
        __asm__ volatile("mov %0, %%rbp\n\tmovb $1, (%1)" : : "r"(frame_pointer), "r"(target) : "memory");
    }
    depth++;
}

__attribute__((noinline)) static void middle(void) {
    innermost();
    depth++;
}

__attribute__((noinline)) static void outermost(void) {
    middle();
    depth++;
}

static void thread(void *argument) {
    (void)argument;
    outermost();
    depth++;
}

/* ---- ends of others ---- */

static void print_end(const struct hf_exit *how) {
    char name[128];
    printf("end %u %u 0x%lx\n", how->how, how->reason, how->rip);
    for (unsigned level = 4; level >= 1; level--) printf("entry %u 0x%lx\n", level, how->entry[level - 1]);
    for (unsigned i = 0; i < HF_EXIT_CALLERS && how->callers[i] != 0; i++) {
        bool named = mem_name_of(how->callers[i] - 1, name, sizeof name) == HF_OK;
        printf("caller 0x%lx %s\n", how->callers[i], named ? name : "?");
    }
}

/* Keeps the process there until a line is typed: so the tests can look at its page tables. */
static int await(const struct mem_task *task) {
    struct hf_exit how;
    if (mem_wait(task->handle, &how) != HF_OK) return 1;
    print_end(&how);
    puts("that was it");
    while (getchar() != '\n') {
    }
    return 0;
}

static int by_thread(void) {
    struct mem_task task;
    return mem_thread(thread, NULL, stack + sizeof stack, &task) == HF_OK ? await(&task) : 1;
}

static int by_fork(void) {
    struct mem_task task;
    if (mem_fork(&task) != HF_OK) return 1;
    if (task.handle == 0) outermost();
    return await(&task);
}

/* ---- frame pointers ---- */

/* A frame that leads to itself, with a caller that could be one. */
__attribute__((noinline)) static uint64_t loop(void) {
    static uint64_t frame[2];
    frame[0] = (uint64_t)frame;
    frame[1] = (uint64_t)__builtin_return_address(0);
    return (uint64_t)frame;
}

static uint64_t given_frame_pointer(const char *way) {
    if (strcmp(way, "loop") == 0) return loop();
    if (strcmp(way, "misaligned") == 0) return loop() + 4;
    if (strcmp(way, "kernel") == 0) return 0xffffffff80200000;
    if (strcmp(way, "noncanonical") == 0) return 1ul << 47;
    if (strcmp(way, "unmapped") == 0) return 0x600000000000;
    if (strcmp(way, "edge") == 0) return 0x7ffffffffff8; /* the word above is in no half */
    return 0;
}

int main(int argc, char **argv) {
    const char *way = argc > 1 ? argv[1] : "";
    if (strcmp(way, "exception") == 0) target = 1ul << 47;
    if (strcmp(argv[argc - 1], "text") == 0) target = (uint64_t)main;
    if (strcmp(way, "thread") == 0) return by_thread();
    if (strcmp(way, "fork") == 0) return by_fork();
    frame_pointer = given_frame_pointer(way);
    outermost();
    return 0;
}
