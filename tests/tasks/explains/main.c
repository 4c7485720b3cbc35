/* explains: what mem_explain says, and what then happens. */
#include "explains.h"
#include "../suite_main.h"

/* ---- a visitor ---- */

static hf_handle_t endpoint;
static unsigned role;

static void await_call(void) {
    struct hf_message message;
    struct hf_sender sender;
    WANT(hf_receive(endpoint, &message, &sender) == HF_OK);
}

static void tell(uint64_t address, unsigned access) {
    WANT(hf_reply(&(struct hf_message){.label = 1, .word = {address, access}}) == HF_OK);
}

/* Its own code has run once in every way when the first address is looked at. */
static void invite(enum stage stage) {
    role = START(visitor, stage, endpoint);
    await_call();
    tell((uintptr_t)spare, HF_ACCESS_READ);
    await_call();
    tell((uintptr_t)spare, HF_ACCESS_WRITE);
    await_call();
    tell((uintptr_t)nothing, HF_ACCESS_FETCH);
    await_call();
}

/* ---- what happens ---- */

static uint64_t count_of(const struct hf_ledger *ledger, enum hf_outcome outcome) {
    switch (outcome) {
    case HF_OUTCOME_ZERO:
        return ledger->faults_zero;
    case HF_OUTCOME_IMAGE:
        return ledger->faults_image;
    case HF_OUTCOME_LARGE:
        return ledger->faults_large;
    case HF_OUTCOME_COPY:
        return ledger->faults_copy;
    case HF_OUTCOME_REUSE:
        return ledger->faults_reuse;
    case HF_OUTCOME_OBJECT:
        return ledger->faults_object;
    default:
        return 0;
    }
}

static uint64_t sum_of(const struct hf_ledger *ledger) {
    uint64_t sum = 0;
    for (enum hf_outcome outcome = 0; outcome < HF_OUTCOME_COUNT; outcome++) {
        sum += count_of(ledger, outcome);
    }
    return sum;
}

/* An access where there are no addresses is no page fault. */
static bool ended_as_said(const struct hf_exit *how, enum hf_reason reason, const struct hf_region *region) {
    if (reason == HF_REASON_NOT_CANONICAL) return how->how == HF_EXIT_EXCEPTION;
    return how->how == HF_EXIT_FAULT && how->reason == reason && strcmp(how->region, region->name) == 0;
}

static bool served_as_said(const struct hf_ledger *before, enum hf_outcome outcome) {
    struct hf_task_stat after;
    uint64_t faults = outcome != HF_OUTCOME_DONE;
    return mem_task_stat(role_number(role), &after) == HF_OK &&
           count_of(&after.info.ledger, outcome) == count_of(before, outcome) + faults &&
           sum_of(&after.info.ledger) == sum_of(before) + faults;
}

static unsigned tried, refused, wrong;

static void judge(bool good, const struct hf_explain *said, enum hf_access access) {
    tried++;
    if (good) return;
    wrong++;
    note("0x%lx, access %u: said %u, reason %u", said->address, access, said->access[access].outcome,
         said->access[access].reason);
}

/* The visitor waits for its reply. True: it has ended. */
static bool try_one(uint64_t address, enum hf_access access, bool may_end) {
    struct hf_explain said;
    struct hf_task_stat before;
    if (!WANT(mem_explain(role_number(role), address, &said) == HF_OK) ||
        !WANT(mem_task_stat(role_number(role), &before) == HF_OK)) {
        return false;
    }
    enum hf_outcome outcome = said.access[access].outcome;
    if (outcome == HF_OUTCOME_REFUSED && may_end) {
        tell(address, access);
        const struct hf_exit how = role_end(role);
        judge(ended_as_said(&how, (enum hf_reason)said.access[access].reason, &said.region), &said, access);
        refused++;
        return true;
    }
    if (outcome == HF_OUTCOME_REFUSED || !is_harmless(address, access)) return false;
    tell(address, access);
    await_call();
    judge(served_as_said(&before.info.ledger, outcome), &said, access);
    return false;
}

/* ---- where ---- */

static unsigned list_addresses(uint64_t addresses[100]) {
    static const uint64_t fixed[] = {0,
                                     0x10,
                                     HF_USER_FIRST,
                                     0x600000000000,
                                     HF_USER_END - 1,
                                     HF_USER_END,
                                     0x800000000000,
                                     0xffff800000000000,
                                     UINT64_MAX,
                                     PLAIN + HF_PAGE_SIZE,
                                     HALF + HF_PAGE_SIZE,
                                     SHARED + HF_PAGE_SIZE,
                                     LARGE + HF_RUN_SIZE,
                                     (uintptr_t)spare + HF_PAGE_SIZE,
                                     (uintptr_t)spare + 2 * HF_PAGE_SIZE,
                                     (uintptr_t)nothing};
    struct hf_region regions[MEM_REGIONS_AT_ONCE];
    uint64_t cursor = 0;
    size_t count;
    unsigned listed = 0;
    for (; listed < sizeof fixed / sizeof *fixed; listed++) {
        addresses[listed] = fixed[listed];
    }
    if (!WANT(mem_regions(role_number(role), &cursor, regions, &count) == HF_OK)) return listed;
    for (size_t i = 0; i < count && listed < 96; i++) {
        addresses[listed++] = regions[i].start - 1;
        addresses[listed++] = regions[i].start;
        addresses[listed++] = regions[i].end - 1;
        addresses[listed++] = regions[i].end;
    }
    return listed;
}

/* Each address with some of the accesses, by a visitor that goes on until one of them ends it. */
static void try_all(enum stage stage, enum hf_access first, enum hf_access last, bool may_end) {
    static uint64_t addresses[100];
    unsigned count = 1;
    tried = refused = wrong = 0;
    endpoint = new_endpoint();
    invite(stage);
    for (unsigned i = 0; i < count; i++) {
        for (enum hf_access access = first; access <= last; access++) {
            count = list_addresses(addresses);
            if (try_one(addresses[i], access, may_end)) invite(stage);
        }
    }
    tell(0, LEAVE);
    WANT_CODE(role, 0);
    WANT_NUMBER(wrong, 0);
    WANT(may_end ? refused >= 20 : tried >= 20);
}

static void fresh_read(void) { try_all(FRESH, HF_ACCESS_READ, HF_ACCESS_READ, true); }

static void fresh_written(void) { try_all(FRESH, HF_ACCESS_WRITE, HF_ACCESS_WRITE, true); }

static void fresh_executed(void) { try_all(FRESH, HF_ACCESS_FETCH, HF_ACCESS_FETCH, true); }

static void read_before(void) { try_all(READ, 0, HF_ACCESS_FETCH, false); }

static void written_before(void) { try_all(WRITTEN, 0, HF_ACCESS_FETCH, false); }

static void forked(void) { try_all(FORKED, 0, HF_ACCESS_FETCH, false); }

/* Only about oneself and one's children. */
static void who_may(void) {
    struct hf_task_stat stat;
    struct hf_explain said;
    struct hf_region regions[MEM_REGIONS_AT_ONCE];
    uint64_t cursor = 0;
    size_t count;
    WANT_OK(mem_task_stat(0, &stat));
    WANT(strcmp(stat.info.name, "explains") == 0);
    WANT_OK(mem_explain(0, (uintptr_t)&stat, &said));
    WANT(strcmp(said.region.name, "stack") == 0);
    WANT_NUMBER(said.access[HF_ACCESS_WRITE].outcome, HF_OUTCOME_DONE);
    WANT_STATUS(mem_task_stat(1, &stat), HF_DENIED);
    WANT_STATUS(mem_explain(1, 0, &said), HF_DENIED);
    WANT_STATUS(mem_regions(1, &cursor, regions, &count), HF_DENIED);
    WANT_STATUS(mem_task_stat(UINT64_MAX, &stat), HF_NOT_FOUND);
    WANT_STATUS(mem_explain(UINT64_MAX, 0, &said), HF_NOT_FOUND);
    WANT_STATUS(mem_regions(UINT64_MAX, &cursor, regions, &count), HF_NOT_FOUND);
}

/* More of them than a message has room for. */
static void many_regions(void) {
    struct hf_region regions[MEM_REGIONS_AT_ONCE];
    uint64_t cursor = 0, last = 0;
    size_t count, all = 0;
    struct hf_task_stat stat;
    for (unsigned i = 0; i < 2 * MEM_REGIONS_AT_ONCE; i++) {
        void *at = (void *)(PLAIN + 2 * i * HF_PAGE_SIZE);
        WANT(mem_map(HF_PAGE_SIZE, HF_READ, HF_MAP_FIXED, &at) == HF_OK);
    }
    do {
        if (!WANT(mem_regions(0, &cursor, regions, &count) == HF_OK)) return;
        for (size_t i = 0; i < count; i++, all++) {
            if (regions[i].start < last) WANT(false);
            last = regions[i].end;
        }
    } while (cursor != 0);
    WANT_OK(mem_task_stat(0, &stat));
    WANT(all == stat.regions && all > 2 * MEM_REGIONS_AT_ONCE);
}

static const struct suite_test tests[] = {
    TEST(fresh_read), TEST(fresh_written), TEST(fresh_executed), TEST(read_before), TEST(written_before),
    TEST(forked),     TEST(who_may),       TEST(many_regions),   TESTS_END,
};

static const struct suite_test *const groups[] = {tests, NULL};

int main(int argc, char **argv) { return suite_main("explains", groups, argc, argv); }
