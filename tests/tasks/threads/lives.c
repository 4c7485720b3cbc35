/* Threads: how they begin and end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "threads.h"

static void return_at_once(void *argument) { (void)argument; }

static void exit_with(void *argument) { mem_exit((int64_t)argument); }

static void exit_by_libc(void *argument) { exit((int)(uint64_t)argument); }

static void touch(void *argument) { *(volatile char *)argument = 1; }

static void execute_nothing(void *argument) {
    (void)argument;
    __asm__ volatile("ud2");
}

static void overflow(void *argument) {
    volatile char here = 0;
    (void)argument;
    for (volatile char *at = &here;; at -= 64) {
        *at = 1;
    }
}

static void compute(void *argument) {
    (void)argument;
    for (;;) {
        __asm__ volatile("nop");
    }
}

/* Starts one and waits for its end. */
static struct hf_exit run(void (*entry)(void *), void *argument) {
    struct mem_task task;
    return start_thread(0, entry, argument, &task) == HF_OK ? finish_thread(&task) : (struct hf_exit){.code = NO_CODE};
}

static void test_ways_to_end(void) {
    struct hf_exit how = run(return_at_once, NULL);
    check(how.how == HF_EXIT_CODE && how.code == 0, "a thread whose entry returns ends with code 0");
    check(strcmp(how.name, "threads") == 0, "its end has the program's name");
    how = run(exit_with, (void *)-7);
    check(how.how == HF_EXIT_CODE && how.code == -7, "mem_exit ends a thread with its code");
    how = run(exit_by_libc, (void *)8);
    check(how.how == HF_EXIT_CODE && how.code == 8, "so does exit");
    how = run(touch, NULL);
    check(how.how == HF_EXIT_FAULT && how.reason == HF_REASON_NULL_PAGE && how.address == 0,
          "a refused fault ends the thread it happened in");
    how = run(touch, (void *)0xffffffff80000000);
    check(how.how == HF_EXIT_FAULT && how.reason == HF_REASON_KERNEL, "so does one in the upper half");
    how = run(execute_nothing, NULL);
    check(how.how == HF_EXIT_EXCEPTION && how.address == 6, "and an exception");
}

/* A stack with nothing below it. */
static void test_stack_overflow(void) {
    struct mem_task task;
    struct hf_exit how;
    void *memory;
    check_status(mem_map(4 * HF_PAGE_SIZE, HF_READ | HF_WRITE, 0, &memory), HF_OK, "map a stack");
    check_status(mem_protect(memory, HF_PAGE_SIZE, HF_READ), HF_OK, "with a page that can't be written");
    check_status(mem_thread(overflow, NULL, (char *)memory + 4 * HF_PAGE_SIZE - 5, &task), HF_OK,
                 "start a thread on it, from where nothing is aligned");
    how = finish_thread(&task);
    check(how.how == HF_EXIT_FAULT && how.reason == HF_REASON_READ_ONLY, "it ends where its stack does");
    check_status(mem_unmap(memory, 4 * HF_PAGE_SIZE), HF_OK, "unmap it");
}

static void test_bad_starts(void) {
    const uint64_t entry = (uint64_t)return_at_once, end = HF_USER_END;
    static const struct hf_message none = {.label = HF_MEM_THREAD};
    struct hf_message request = none;
    uint64_t before = frames_free();
    static const uint64_t bad[] = {HF_USER_END, 0x800000000000, 0xffff800000000000, UINT64_MAX};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        request = none;
        request.word[0] = bad[i];
        check_status(ask_memsrv(&request), HF_BAD_ADDRESS, "start beyond the user half");
        request = none;
        request.word[0] = entry;
        request.word[3] = bad[i];
        check_status(ask_memsrv(&request), HF_BAD_ADDRESS, "start with an FS base beyond it");
        request.word[3] = 0;
        request.word[2] = bad[i] + (bad[i] == end);
        check_status(ask_memsrv(&request), HF_BAD_ADDRESS, "start with a stack beyond it");
    }
    check(frames_free() == before, "refused threads lose nothing");
}

/* Where nothing is, a thread can start; but that is all. */
static void test_bad_entry(void) {
    struct hf_message message = {.label = HF_MEM_THREAD, .word = {0x50}};
    struct mem_task task;
    struct hf_exit how;
    hf_status_t status = hf_call(HF_SLOT_MEMSRV, &message);
    check(status == HF_OK && message.label == HF_OK, "start at an address where nothing is");
    task = (struct mem_task){(hf_handle_t)message.word[0], message.word[1]};
    how = finish_thread(&task);
    check(how.how == HF_EXIT_FAULT && how.rip == 0x50 && how.number == task.number, "it ends there, and says so");
    check_status(start_thread(0, (void (*)(void *))0x500000, NULL, &task), HF_OK, "start such an entry by libipc");
    how = finish_thread(&task);
    check(how.how == HF_EXIT_FAULT && how.rip == 0x500000, "it ends there too");
}

static void test_kill(void) {
    struct mem_task task;
    struct hf_exit how;
    check_status(start_thread(0, compute, NULL, &task), HF_OK, "start a thread that computes for ever");
    check(becomes(task.number, HF_INFO_RUNNING), "it is seen to run");
    check_status(mem_kill(task.handle), HF_OK, "end it by its handle");
    check_status(mem_wait(task.handle, &how), HF_OK, "wait for it");
    check(how.how == HF_EXIT_KILLED, "it was killed");
    check(how.left.pages + how.left.tables + how.left.objects == 0, "it has nothing of its own");
    check_status(mem_wait(task.handle, &how), HF_DEAD, "wait for it again");
    check_status(hf_handle_close(task.handle), HF_OK, "close its handle");
    check_status(start_thread(0, compute, NULL, &task), HF_OK, "start another");
    check_status(mem_task_kill(task.number), HF_OK, "end it by its number");
    check(finish_thread(&task).how == HF_EXIT_KILLED, "it was killed too");
}

/* ---- what a thread is told about ---- */

static uint64_t own_number(void) {
    struct hf_task_info infos[MEM_TASKS_AT_ONCE];
    uint64_t cursor = 0;
    size_t count;
    return mem_tasks(&cursor, infos, &count) == HF_OK && count > 0 ? infos[0].number : 0;
}

static void test_infos(void) {
    struct hf_task_info infos[MEM_TASKS_AT_ONCE];
    struct mem_task task;
    uint64_t cursor = 0, parent = own_number();
    size_t count = 0, seen = 0;
    check_status(start_thread(0, compute, NULL, &task), HF_OK, "start a thread to be seen");
    do {
        if (mem_tasks(&cursor, infos, &count) != HF_OK) break;
        for (size_t i = 0; i < count; i++) {
            seen += infos[i].number == task.number && infos[i].parent == parent && infos[i].priority > 0 &&
                    strcmp(infos[i].name, "threads") == 0;
        }
    } while (cursor != 0);
    check(seen == 1, "it is among the tasks, as a child of its maker");
    check_status(mem_kill(task.handle), HF_OK, "end it");
    check(finish_thread(&task).how == HF_EXIT_KILLED, "it is gone");
}

/* ---- limits ---- */

static void test_full_table(void) {
    hf_handle_t copies[HF_HANDLE_COUNT], found;
    struct mem_task task;
    unsigned count = 0;
    uint64_t before = frames_free();
    do {
        copies[count] = HF_SLOT_ANY;
    } while (hf_handle_copy(HF_SLOT_CONSOLE, HF_RIGHT_CALL, 0, &copies[count]) == HF_OK && ++count < HF_HANDLE_COUNT);
    check_status(start_thread(0, return_at_once, NULL, &task), HF_NO_MEMORY, "start without room for the handle");
    check_status(mem_lookup("name", &found), HF_NO_MEMORY, "look up without room for a handle");
    check(frames_free() == before, "without room for a handle nothing is lost");
    for (unsigned i = 0; i < count; i++) {
        if (hf_handle_close(copies[i]) != HF_OK) check(false, "close a copy");
    }
    check_status(start_thread(0, return_at_once, NULL, &task), HF_OK, "start again");
    check(finish_thread(&task).how == HF_EXIT_CODE, "it ends");
}

int make_threads(const char *unused) {
    struct mem_task task;
    int made = 0;
    (void)unused;
    touch_stacks();
    puts("# making threads"); /* brings what printf needs, too */
    while (made < (int)THREADS && start_thread((unsigned)made, compute, NULL, &task) == HF_OK) {
        made++;
    }
    return made;
}

/* How many threads a process can make with that quota; -1 when it doesn't get so far. */
static int made_with(uint64_t quota) {
    struct mem_task task;
    if (start_self("quota", NULL, quota, &task) != HF_OK) return -1;
    struct hf_exit how = finish_thread(&task);
    check(how.left.pages + how.left.objects + how.left.tables == 0, "what ends by its quota gives all back");
    return how.how == HF_EXIT_CODE ? (int)how.code : -1;
}

/* A thread is two frames, task and buffer, and memsrv's notes about it, which are less than a third one. */
static void test_quota(void) {
    uint64_t enough = 8;
    bool good = true;
    while (enough < 100 && made_with(enough) < 1) {
        enough++;
    }
    int more = made_with(2000);
    uint64_t before = frames_free();
    for (unsigned extra = 0; extra < 2 * (THREADS - 1); extra++) {
        int made = made_with(enough + extra);
        good = good && made >= 1 + (int)extra / 3 && made <= 1 + (int)extra / 2;
    }
    check(good, "with each two or three frames of quota one gets a thread more");
    check(more == THREADS, "with enough one gets all");
    check(frames_free() == before, "threads that can't be had lose nothing");
}

void test_lives(void) {
    test_ways_to_end();
    test_stack_overflow();
    test_bad_starts();
    test_bad_entry();
    test_kill();
    test_infos();
    test_quota();
    test_full_table();
}
