/* Whoever ends first: the object stays for the others, and nothing of it for nobody. */
#include "objects.h"

/* Makes an object of 40 pages, has it mapped, and sends a handle; ends when A is told to. */
static int maker(uint64_t touched) {
    hf_handle_t object = new_object(40 * PAGE);
    volatile uint8_t *memory = map_object(object, 0, 40 * PAGE, RW);
    for (uint64_t page = 0; page < touched; page++) {
        memory[page * PAGE] = (uint8_t)(page + 1);
    }
    struct hf_message message = {.handle = (uint16_t)object};
    WANT_OK(report_message(&message));
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    return 0;
}

static void end_maker(hf_handle_t endpoint, unsigned role) {
    WANT_STATUS(hf_call(endpoint, &(struct hf_message){0}), HF_DEAD);
    WANT_CODE(role, 0);
}

/* And nothing of it is left, when memsrv has had the time. */
static void want_dead(hf_handle_t handle) {
    uint64_t length, frames;
    hf_handle_t less = 0;
    void *at = NULL;
    WANT_STATUS(mem_object_stat(handle, &length, &frames), HF_DEAD);
    WANT_STATUS(mem_object_handle(handle, HF_READ, &less), HF_DEAD);
    WANT_STATUS(mem_object_map(handle, 0, PAGE, HF_READ, 0, &at), HF_DEAD);
    settle();
}

static void maker_ends_first(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned role = START(maker, 30, endpoint);
    hf_handle_t object = take_handle(role);
    volatile uint8_t *memory = map_object(object, 10 * PAGE, 30 * PAGE, RW);
    WANT_NUMBER(memory[0], 11);
    end_maker(endpoint, role);
    WANT_NUMBER(memory[19 * PAGE], 30);
    memory[29 * PAGE] = 40;
    WANT_NUMBER(frames_of(object), 31);
    volatile uint8_t *again = map_object(less_of(object, HF_READ), 0, 40 * PAGE, HF_READ);
    WANT_NUMBER(again[0] + again[39 * PAGE], 41);
    WANT_OK(mem_unmap((void *)(uintptr_t)memory, 30 * PAGE));
    WANT_NUMBER(again[20 * PAGE], 21);
    WANT_OK(mem_unmap((void *)(uintptr_t)again, 40 * PAGE));
    want_dead(object);
}

static void user_ends_first(void) {
    hf_handle_t object = new_object(40 * PAGE), endpoint = new_endpoint();
    unsigned role = START(puppet, RW, endpoint, object);
    puppet_write(endpoint, 7 * PAGE, 70);
    KILL(role);
    WANT_NUMBER(frames_of(object), 1);
    volatile uint8_t *memory = map_object(object, 7 * PAGE, PAGE, HF_READ);
    WANT_NUMBER(memory[0], 70);
}

static void only_handles_are_left(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned role = START(maker, 30, endpoint);
    hf_handle_t object = take_handle(role);
    WANT_NUMBER(frames_of(object), 30);
    end_maker(endpoint, role);
    want_dead(object);
}

static void last_user_unmaps(void) {
    hf_handle_t endpoint = new_endpoint(), theirs = new_endpoint();
    unsigned role = START(maker, 3, endpoint);
    hf_handle_t object = take_handle(role);
    unsigned user = START(puppet, RW, theirs, object);
    WANT_NUMBER(puppet_read(theirs, PAGE), 2);
    end_maker(endpoint, role);
    WANT_NUMBER(puppet_read(theirs, 2 * PAGE), 3);
    WANT_NUMBER(frames_of(object), 3);
    puppet_unmap(theirs);
    want_dead(object);
    WANT_STATE(user, HF_INFO_RECEIVING);
}

static void last_user_is_killed(void) {
    hf_handle_t endpoint = new_endpoint(), theirs = new_endpoint();
    unsigned role = START(maker, 3, endpoint);
    hf_handle_t object = take_handle(role);
    unsigned user = START(puppet, RW, theirs, object);
    WANT_NUMBER(puppet_read(theirs, PAGE), 2);
    end_maker(endpoint, role);
    WANT_NUMBER(frames_of(object), 3);
    KILL(user);
    want_dead(object);
}

/* With a quota of its own: sends an object that is longer than that, and ends when it is told to. */
static int poor(uint64_t unused) {
    (void)unused;
    hf_handle_t object = new_object(1000 * PAGE);
    struct hf_message message = {.handle = (uint16_t)object};
    WANT_OK(report_message(&message));
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    return 0;
}

static int toucher(uint64_t pages) {
    volatile uint8_t *memory = map_object(SLOT_A, 0, 1000 * PAGE, RW);
    for (uint64_t page = 0; page < pages; page++) {
        memory[page * PAGE] = 1;
    }
    return 0;
}

/* A role that only may have so many frames, and reports to an endpoint of its own. */
static struct mem_task start_with_quota(uint64_t frames, role_function *role, hf_handle_t reports, hf_handle_t orders) {
    char function[24];
    const char *const argv[] = {"role", "quota_of_the_maker", function, "0", NULL};
    const struct mem_spawn_options options = {
        .quota = frames, .console = HF_SLOT_CONSOLE, .handle_count = 2, .handles = {reports, orders}};
    struct mem_task task = {0};
    snprintf(function, sizeof function, "%lu", (uint64_t)role);
    WANT_OK(mem_spawn("objects", argv, &options, &task));
    return task;
}

static hf_handle_t receive_handle(hf_handle_t endpoint) {
    struct hf_message message = {0};
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    WANT_OK(hf_receive(endpoint, &message, NULL));
    hf_buffer()->receive_slot = 0;
    WANT_OK(hf_reply(&(struct hf_message){0}));
    return message.handle;
}

/* Who touches a page for which the maker's quota has no frame is ended; the others go on. */
static void quota_of_the_maker(void) {
    hf_handle_t endpoint = new_endpoint(), reports = new_endpoint();
    void *at = NULL;
    struct mem_task task = start_with_quota(60, poor, reports, endpoint);
    hf_handle_t object = receive_handle(reports);
    WANT_CODE(START(toucher, 20, object), 0);
    struct hf_exit how = role_end(START(toucher, 1000, object));
    WANT_NUMBER(how.how, HF_EXIT_FAULT);
    WANT_NUMBER(how.reason, HF_REASON_QUOTA);
    WANT_STATUS(mem_object_map(object, 0, 1000 * PAGE, HF_READ, HF_MAP_NOW, &at), HF_QUOTA);
    uint64_t frames = frames_of(object);
    WANT(frames >= 30 && frames < 60);
    volatile uint8_t *memory = map_object(object, 0, 1000 * PAGE, RW);
    WANT_NUMBER(memory[0], 1);
    WANT_STATUS(hf_call(endpoint, &(struct hf_message){0}), HF_DEAD);
    WANT_OK(mem_wait(task.handle, &how));
    WANT_NUMBER(memory[PAGE], 1);
    WANT_OK(mem_unmap((void *)(uintptr_t)memory, 1000 * PAGE));
    want_dead(object);
}

/* Maps and unmaps without an end. */
static int mapper(uint64_t pages) {
    for (;;) {
        void *at = NULL;
        hf_status_t status = mem_object_map(SLOT_A, 0, pages * PAGE, RW, HF_MAP_NOW, &at);
        if (status != HF_OK) return (int)status;
        *(volatile uint8_t *)at = 1;
        WANT_OK(mem_unmap(at, pages * PAGE));
    }
}

static void killed_at_work(void) {
    for (unsigned round = 0; round < 12; round++) {
        hf_handle_t object = new_object(200 * PAGE);
        unsigned first = START(mapper, 200, object), second = START(mapper, 150, object);
        for (unsigned i = 0; i < round * 3; i++) {
            hf_yield();
        }
        WANT(KILL(first));
        WANT(KILL(second));
        WANT_OK(hf_handle_close(object));
    }
}

const struct suite_test end_tests[] = {
    TEST(maker_ends_first),    TEST(user_ends_first),    TEST(only_handles_are_left), TEST(last_user_unmaps),
    TEST(last_user_is_killed), TEST(quota_of_the_maker), TEST(killed_at_work),        TESTS_END,
};
