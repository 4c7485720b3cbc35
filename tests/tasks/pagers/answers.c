/* What a pager may answer, and what comes of it. */
#include "pagers.h"

static void supply_all(unsigned count, const struct mem_task *client) {
    for (unsigned i = 0; i < count; i++) {
        struct hf_pager_request request = take(client);
        if (supply(&request) != HF_OK) printf("not ok a page that is supplied\n");
    }
}

static void test_supply(void) {
    struct mem_task client = start_client("read", 0);
    for (unsigned page = PAGES; page > 0; page--) {
        struct hf_pager_request request = take(&client);
        bool good = request.offset == (FIRST + page - 1) * PAGE && request.error == HF_FAULT_USER &&
                    request.address % PAGE == 0 && request.rip != 0;
        if (!good || supply(&request) != HF_OK) check(false, "each request says what is wanted");
    }
    check(ended_with(&client, 0), "a client reads what its pager supplies");
    client = start_client("write", 0);
    supply_all(PAGES, &client);
    check(ended_with(&client, 0), "a client writes to what its pager supplies");
    client = start_client("remap", 0);
    supply_all(PAGES, &client);
    check(ended_with(&client, 0), "a client maps its pager's pages again and again");
}

static void test_pass(void) {
    struct mem_task client = start_client("zeroes", 0);
    bool good = true;
    for (unsigned i = 0; i < PAGES; i++) {
        struct hf_pager_request request = take(&client);
        good = mem_pager_pass(pager, request.id) == HF_OK && good;
    }
    check(ended_with(&client, 0) && good, "a client reads zeroes where its pager passes");
}

static void test_refuse(void) {
    struct mem_task client = start_client("read", 0);
    struct hf_pager_request request = take(&client);
    check_status(mem_pager_refuse(pager, request.id), HF_OK, "refuse a page");
    check(ended_for(&client, HF_REASON_PAGER_REFUSED), "a client ends whose pager refuses");
    check_status(mem_pager_refuse(pager, request.id), HF_NOT_FOUND, "refuse it again");
}

static void test_nonsense(void) {
    static uint64_t place[PAGE / 8] __attribute__((aligned(4096)));
    const uint64_t wrong[] = {0, (uintptr_t)place + 8, 0x7000000000, HF_USER_END, UINT64_MAX};
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct mem_task client = start_client("read", 0);
        struct hf_pager_request request = take(&client);
        check_status(ask(pager, HF_MEM_PAGER_SUPPLY, request.id, wrong[i]), HF_BAD_ADDRESS, "supply what is no page");
        check(ended_for(&client, HF_REASON_PAGER_NONSENSE), "a client ends whose pager supplies nonsense");
    }
}

/* A page of the pager's that nobody has touched is there when libipc says so, and not before. */
static void test_untouched(void) {
    void *at;
    struct mem_task client = start_client("zeroes", 0);
    check_status(mem_map(PAGES * PAGE, HF_READ, 0, &at), HF_OK, "map pages to be supplied");
    struct hf_pager_request request = take(&client);
    check_status(ask(pager, HF_MEM_PAGER_SUPPLY, request.id, (uintptr_t)at), HF_NOT_MAPPED, "supply an untouched page");
    check(is_waiting(&client), "nothing comes of that");
    bool good = mem_pager_supply(pager, request.id, at) == HF_OK;
    for (unsigned i = 1; i < PAGES; i++) {
        request = take(&client);
        good = mem_pager_supply(pager, request.id, (char *)at + i * PAGE) == HF_OK && good;
    }
    check(ended_with(&client, 0) && good, "pages that nobody has touched are zeroes");
    check_status(mem_unmap(at, PAGES * PAGE), HF_OK, "unmap what was supplied");
}

static void test_others(void) {
    struct mem_task client = start_client("trespass", 0);
    check(ended_with(&client, 0), "only a pager's process answers");
    client = start_client("fork", 0);
    struct hf_pager_request request = take(&client);
    bool good = supply(&request) == HF_OK && mem_pager_next(pager, &request) == HF_OK &&
                request.task != client.number && request.offset == (FIRST + 1) * PAGE && supply(&request) == HF_OK;
    check(ended_with(&client, 0) && good, "a forked child asks the same pager");
}

void test_answers(void) {
    test_supply();
    test_pass();
    test_refuse();
    test_nonsense();
    test_untouched();
    test_others();
}
