/* Tasks whose pager brings all that they touch; and several threads that answer for many clients. */
#include <string.h>

#include "pagers.h"

static volatile uint64_t passed, supplied;
static volatile bool failed;

static void pass_all(void *unused) {
    struct hf_pager_request request;
    (void)unused;
    while (mem_pager_next(pager, &request) == HF_OK) {
        failed =
            failed || request.offset != request.address / PAGE * PAGE || mem_pager_pass(pager, request.id) != HF_OK;
        passed++;
    }
}

static void test_passed(void) {
    struct mem_task server;
    struct hf_exit how;
    check_status(start_thread(0, pass_all, &server), HF_OK, "a thread that passes everything");
    struct mem_task client = start_client_of_all("live");
    how = finish(&client);
    check(how.how == HF_EXIT_CODE && how.code == 1, "a task lives as usual, with a pager for everything");
    check(passed >= 15 && !failed, "the pager is asked about each of its pages");
    check(how.left.faults_pager == 0 && how.left.faults_large == 0, "memsrv brings them, and no others");
    check_status(mem_kill(server.handle), HF_OK, "end the thread");
    check(finish(&server).how == HF_EXIT_KILLED, "it has ended");
}

/* Each thread fills a page of its own. */
static void supply_all(void *unused) {
    char pages[2 * PAGE];
    uint64_t *page = (void *)(((uintptr_t)pages + PAGE - 1) & ~(PAGE - 1));
    struct hf_pager_request request;
    (void)unused;
    while (mem_pager_next(pager, &request) == HF_OK) {
        for (size_t i = 0; i < PAGE / sizeof *page; i++) {
            page[i] = content_of(request.offset + i * sizeof *page);
        }
        failed = failed || mem_pager_supply(pager, request.id, page) != HF_OK;
        __atomic_fetch_add(&supplied, 1, __ATOMIC_RELAXED);
    }
}

#define SERVERS 3u
#define CLIENTS 6u

static void test_many(void) {
    struct mem_task servers[SERVERS], clients[CLIENTS];
    bool good = true;
    failed = false;
    for (unsigned i = 0; i < SERVERS; i++) {
        good = start_thread(i, supply_all, &servers[i]) == HF_OK && good;
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = start_client(i % 2 ? "read" : "write", 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        good = ended_with(&clients[i], 0) && good;
    }
    check(good && !failed && supplied == CLIENTS * PAGES, "several threads serve several clients");
    for (unsigned i = 0; i < SERVERS; i++) {
        good = mem_kill(servers[i].handle) == HF_OK && finish(&servers[i]).how == HF_EXIT_KILLED && good;
    }
    check(good, "end the threads");
}

void test_whole_tasks(void) {
    test_passed();
    test_many();
}
