/* Each request with everything wrong that it can be given. */
#include "objects.h"

static void create_refused(void) {
    hf_handle_t object = 77;
    WANT_STATUS(mem_object_create(0, &object), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_create(HF_USER_END, &object), HF_TOO_BIG);
    WANT_STATUS(mem_object_create(SIZE_MAX, &object), HF_TOO_BIG);
    WANT_NUMBER(object, 77);
}

static void length_is_in_pages(void) {
    uint64_t length = 0, frames = 1;
    WANT_OK(mem_object_stat(new_object(1), &length, &frames));
    WANT_NUMBER(length, PAGE);
    WANT_NUMBER(frames, 0);
    WANT_OK(mem_object_stat(new_object(3 * PAGE), &length, &frames));
    WANT_NUMBER(length, 3 * PAGE);
    WANT_OK(mem_object_stat(new_object(3 * PAGE + 1), &length, &frames));
    WANT_NUMBER(length, 4 * PAGE);
}

static void table_is_full(void) {
    hf_handle_t object = new_object(PAGE), more = 0;
    hf_status_t status = HF_OK;
    while (status == HF_OK) {
        more = HF_SLOT_ANY;
        status = hf_handle_copy(object, HF_RIGHT_CALL, 0, &more);
    }
    WANT_STATUS(mem_object_create(PAGE, &more), HF_NO_MEMORY);
    WANT_STATUS(mem_object_handle(object, HF_READ, &more), HF_NO_MEMORY);
    WANT_NUMBER(frames_of(object), 0);
}

static void what_is_no_object(void) {
    hf_handle_t endpoint = new_endpoint(), less = 0;
    uint64_t length, frames;
    void *at = NULL;
    WANT_STATUS(mem_object_map(HF_SLOT_MEMSRV, 0, PAGE, HF_READ, 0, &at), HF_BAD_HANDLE);
    WANT_STATUS(mem_object_handle(HF_SLOT_MEMSRV, HF_READ, &less), HF_BAD_HANDLE);
    WANT_STATUS(mem_object_stat(HF_SLOT_MEMSRV, &length, &frames), HF_BAD_HANDLE);
    WANT_OK(hf_handle_close(endpoint));
    WANT_STATUS(mem_object_map(endpoint, 0, PAGE, HF_READ, 0, &at), HF_BAD_HANDLE);
    WANT_STATUS(mem_object_stat(endpoint, &length, &frames), HF_BAD_HANDLE);
    hf_handle_t object = new_object(PAGE);
    WANT_STATUS(mem_kill(object), HF_BAD_HANDLE);
    struct hf_message map = {.label = HF_MEM_MAP, .word = {0, PAGE, HF_READ}};
    WANT_OK(hf_call(object, &map));
    WANT_NUMBER(map.label, HF_BAD_HANDLE);
}

static void map_refused(void) {
    hf_handle_t object = new_object(4 * PAGE);
    void *at = (void *)0x100000000000, *zero = NULL, *odd = (char *)at + 1,
         *taken = (void *)((uintptr_t)puppet & ~(PAGE - 1));
    WANT_STATUS(mem_object_map(object, 0, 0, HF_READ, 0, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 0, 4 * PAGE + 1, HF_READ, 0, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 3 * PAGE, PAGE + 1, HF_READ, 0, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 4 * PAGE, PAGE, HF_READ, 0, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 1, PAGE, HF_READ, 0, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 0 - PAGE, 2 * PAGE, HF_READ, 0, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 0, SIZE_MAX, HF_READ, 0, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 0, PAGE, HF_WRITE, 0, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 0, PAGE, RWX, 0, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 0, PAGE, HF_READ, HF_MAP_GUARD, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 0, PAGE, HF_READ, HF_MAP_LARGE, &at), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_map(object, 0, PAGE, HF_READ, HF_MAP_FIXED, &zero), HF_BAD_ADDRESS);
    WANT_STATUS(mem_object_map(object, 0, PAGE, HF_READ, HF_MAP_FIXED, &odd), HF_BAD_ADDRESS);
    WANT_STATUS(mem_object_map(object, 0, PAGE, HF_READ, HF_MAP_FIXED, &taken), HF_EXISTS);
    WANT_NUMBER((uintptr_t)at, 0x100000000000);
    WANT_OK(mem_object_map(object, 0, PAGE, HF_READ, HF_MAP_FIXED, &at));
    WANT_STATUS(mem_object_map(object, 0, PAGE, HF_READ, HF_MAP_FIXED, &at), HF_EXISTS);
}

const struct suite_test request_tests[] = {
    TEST(create_refused),    TEST(length_is_in_pages), TEST(table_is_full),
    TEST(what_is_no_object), TEST(map_refused),        TESTS_END,
};
