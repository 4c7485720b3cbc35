/* A forked child has the same objects mapped as its parent, and not copies of them. */
#include "objects.h"

static struct hf_exit finish(const struct mem_task *task) {
    struct hf_exit how = {0};
    WANT_OK(mem_wait(task->handle, &how));
    WANT_OK(hf_handle_close(task->handle));
    return how;
}

static void objects_are_shared(void) {
    hf_handle_t object = new_object(4 * PAGE);
    volatile uint8_t *memory = map_object(object, 0, 4 * PAGE, RW);
    uint8_t own = 1;
    volatile uint8_t *copied = &own;
    struct mem_task child;
    memory[0] = 1;
    WANT_OK(mem_fork(&child));
    if (child.handle == 0) {
        while (memory[0] != 2) {
            hf_yield();
        }
        memory[PAGE] = 3; /* which nobody has touched before */
        memory[0] = 4;
        *copied = 2;
        mem_exit(0);
    }
    memory[0] = 2;
    struct hf_exit how = finish(&child);
    WANT_NUMBER(how.how, HF_EXIT_CODE);
    WANT_NUMBER(memory[0], 4);
    WANT_NUMBER(memory[PAGE], 3);
    WANT_NUMBER(*copied, 1);
    WANT_NUMBER(frames_of(object), 2);
}

/* Children of children, each of which adds one to what all of them have. */
static void grow(volatile uint64_t *sum, unsigned generations) {
    struct mem_task child;
    __atomic_fetch_add(sum, 1, __ATOMIC_SEQ_CST);
    if (generations == 0 || mem_fork(&child) != HF_OK) return;
    if (child.handle == 0) {
        grow(sum, generations - 1);
        mem_exit(0);
    }
    struct hf_exit how;
    if (mem_wait(child.handle, &how) != HF_OK || hf_handle_close(child.handle) != HF_OK) return;
    __atomic_fetch_add(sum, how.how == HF_EXIT_CODE ? 100 : 0, __ATOMIC_SEQ_CST);
}

static void forks_of_forks(void) {
    volatile uint64_t *sum = (volatile uint64_t *)map_object(new_object(PAGE), 0, PAGE, RW);
    grow(sum, 8);
    WANT_NUMBER(*sum, 9 + 8 * 100);
}

/* Its parent has made the object, and has ended. */
static int leave_a_child(uint64_t unused) {
    (void)unused;
    hf_handle_t object = new_object(PAGE);
    volatile uint8_t *memory = map_object(object, 0, PAGE, RW);
    struct mem_task child;
    memory[0] = 6;
    struct hf_message message = {.handle = (uint16_t)object};
    WANT_OK(report_message(&message));
    WANT_OK(mem_fork(&child));
    while (child.handle == 0 && memory[0] != 7) {
        hf_yield();
    }
    if (child.handle == 0) {
        memory[0] = 8;
    }
    return 0;
}

static void child_keeps_the_object(void) {
    unsigned role = START(leave_a_child, 0, new_endpoint());
    hf_handle_t object = take_handle(role);
    WANT_CODE(role, 0);
    WANT_NUMBER(frames_of(object), 1);
    volatile uint8_t *memory = map_object(object, 0, PAGE, RW);
    memory[0] = 7;
    while (memory[0] != 8) {
        hf_yield();
    }
    WANT_OK(mem_unmap((void *)(uintptr_t)memory, PAGE));
    hf_status_t status = HF_OK;
    while (status == HF_OK) {
        uint64_t length, frames;
        status = mem_object_stat(object, &length, &frames);
        hf_yield();
    }
    WANT_NUMBER(status, HF_DEAD);
    settle();
}

const struct suite_test fork_tests[] = {
    TEST(objects_are_shared),
    TEST(forks_of_forks),
    TEST(child_keeps_the_object),
    TESTS_END,
};
