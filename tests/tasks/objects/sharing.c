/* What several tasks, or one at several addresses, see of an object. */
#include "objects.h"

static void what_one_writes_another_reads(void) {
    hf_handle_t object = new_object(8 * PAGE), endpoint = new_endpoint();
    volatile uint8_t *memory = map_object(object, 0, 8 * PAGE, RW);
    unsigned role = START(puppet, RW, endpoint, less_of(object, RW));
    for (unsigned page = 0; page < 8; page++) {
        uint64_t at = page * PAGE + page * 37;
        WANT_NUMBER(page % 2 ? memory[at] : puppet_read(endpoint, at), 0);
        memory[at] = (uint8_t)(page + 1);
        WANT_NUMBER(puppet_read(endpoint, at), page + 1);
        puppet_write(endpoint, at, (uint8_t)(page + 101));
        WANT_NUMBER(memory[at], page + 101);
    }
    WANT_NUMBER(frames_of(object), 8);
    WANT_STATE(role, HF_INFO_RECEIVING);
}

/* Makes an object, writes to it, and sends a handle to it that can only read. */
static int giver(uint64_t length) {
    hf_handle_t object = new_object(length);
    volatile uint8_t *memory = map_object(object, 0, length, RW);
    memory[length - 1] = 99;
    struct hf_message message = {.handle = (uint16_t)less_of(object, HF_READ)};
    WANT_OK(report_message(&message));
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    return memory[0];
}

static void handle_is_sent_in_a_message(void) {
    unsigned role = START(giver, 5 * PAGE, new_endpoint());
    hf_handle_t object = take_handle(role), less = 0;
    void *at = NULL;
    volatile uint8_t *memory = map_object(object, 4 * PAGE, PAGE, HF_READ);
    WANT_NUMBER(memory[PAGE - 1], 99);
    WANT_STATUS(mem_object_map(object, 0, PAGE, RW, 0, &at), HF_DENIED);
    WANT_STATUS(mem_object_handle(object, RW, &less), HF_DENIED);
    WANT_NUMBER(frames_of(object), 1);
}

static void several_addresses_of_one_task(void) {
    hf_handle_t object = new_object(8 * PAGE);
    volatile uint8_t *all = map_object(object, 0, 8 * PAGE, RW), *end = map_object(object, 6 * PAGE, 2 * PAGE, HF_READ);
    volatile uint8_t *middle = map_object(object, 5 * PAGE, 2 * PAGE, RW);
    middle[PAGE] = 1;
    WANT_NUMBER(end[0], 1);
    all[7 * PAGE] = 2;
    WANT_NUMBER(end[PAGE], 2);
    all[6 * PAGE] = 3;
    WANT_NUMBER(middle[PAGE] + end[0], 6);
    WANT_NUMBER(frames_of(object), 2);
}

static void pages_outlive_their_mapping(void) {
    hf_handle_t object = new_object(600 * PAGE);
    void *at = NULL;
    WANT_OK(mem_object_map(object, 0, 600 * PAGE, RW, HF_MAP_NOW, &at));
    WANT_NUMBER(frames_of(object), 600);
    volatile uint8_t *memory = at;
    for (unsigned page = 0; page < 600; page++) {
        memory[page * PAGE] = (uint8_t)page;
    }
    WANT_OK(mem_unmap((char *)at + PAGE, 598 * PAGE));
    WANT_NUMBER(memory[599 * PAGE], 599 % 256);
    WANT_OK(mem_unmap(at, PAGE));
    WANT_STATUS(mem_unmap(at, PAGE), HF_NOT_MAPPED);
    WANT_NUMBER(frames_of(object), 600);
    memory = map_object(object, 0, 600 * PAGE, HF_READ);
    unsigned wrong = 0;
    for (unsigned page = 0; page < 600; page++) {
        wrong += memory[page * PAGE] != (uint8_t)page;
    }
    WANT_NUMBER(wrong, 0);
}

#define TEBIBYTE (1ul << 40)

static void longer_than_memory(void) {
    hf_handle_t object = new_object(3 * TEBIBYTE);
    volatile uint8_t *all = map_object(object, 0, 3 * TEBIBYTE, RW);
    volatile uint8_t *last = map_object(object, 3 * TEBIBYTE - PAGE, PAGE, RW);
    for (unsigned i = 0; i < 48; i++) {
        all[i * (TEBIBYTE / 16) + i] = (uint8_t)(i + 1);
    }
    all[3 * TEBIBYTE - 1] = 77;
    WANT_NUMBER(last[PAGE - 1], 77);
    WANT_NUMBER(all[47 * (TEBIBYTE / 16) + 47], 48);
    WANT_NUMBER(frames_of(object), 49);
}

static void handle_is_not_needed(void) {
    hf_handle_t object = new_object(2 * PAGE), endpoint = new_endpoint();
    START(puppet, RW, endpoint, object);
    volatile uint8_t *memory = map_object(object, 0, 2 * PAGE, RW);
    WANT_OK(hf_handle_close(object));
    puppet_write(endpoint, PAGE, 5);
    WANT_NUMBER(memory[PAGE], 5);
}

const struct suite_test sharing_tests[] = {
    TEST(what_one_writes_another_reads),
    TEST(handle_is_sent_in_a_message),
    TEST(several_addresses_of_one_task),
    TEST(pages_outlive_their_mapping),
    TEST(longer_than_memory),
    TEST(handle_is_not_needed),
    TESTS_END,
};
