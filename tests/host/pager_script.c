#include "pager_script.h"

#include <string.h>

struct task *pager, *client;
hf_handle_t pager_handle, client_handle, pager_own;

void give_pager(struct task *task) { task->handles[PAGER_GIVEN] = pager->handles[pager_own]; }

void start_pager(void) {
    pager = script_spawn(0, &pager_handle);
    assert_int_equal(ASK(pager, .label = HF_MEM_PAGER_CREATE), HF_OK);
    pager_own = (hf_handle_t)script_word(pager, 0);
    assert_int_equal(ASK(pager, .label = HF_MEM_MAP, .word = {PAGER_OWN, 2 * HF_PAGE_SIZE, RW, HF_MAP_FIXED}), HF_OK);
    touch_page(pager, PAGER_OWN, true);
    memset(page_at(pager, PAGER_OWN), 0x5a, HF_PAGE_SIZE);
    client = new_client(0, RW, &client_handle);
}

static void kill_empty(hf_handle_t handle) {
    struct hf_exit how = script_kill(script_init, handle);
    assert_int_equal(how.how, HF_EXIT_KILLED);
    assert_int_equal(how.left.objects + how.left.pages + how.left.tables + how.left.shared + how.left.records, 0);
}

void end_pager(void) {
    if (client_handle) kill_empty(client_handle);
    if (pager_handle) kill_empty(pager_handle);
    script_init->handles[PAGER_GIVEN] = (struct handle){0};
}

struct task *new_client(uint64_t quota, unsigned rights, hf_handle_t *handle) {
    struct task *task = script_spawn(quota, handle);
    give_pager(task);
    assert_int_equal(ASK(task, .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP,
                         .word = {PAGER_PLACE, PAGER_PAGES * HF_PAGE_SIZE, rights, HF_MAP_FIXED, PAGER_OFFSET}),
                     HF_OK);
    return task;
}

hf_status_t spawn_through_pager(uint64_t quota) {
    static const char name[] = "child";
    struct hf_spawn spawn = {.quota = quota, .string_bytes = sizeof name};
    memcpy(spawn.strings, name, sizeof name);
    return ASK(script_init, .to = PAGER_GIVEN, .label = HF_MEM_SPAWN, .bytes = &spawn,
               .count = offsetof(struct hf_spawn, strings) + sizeof name);
}

struct task *new_client_of_all(uint64_t quota, hf_handle_t *handle) {
    give_pager(script_init);
    assert_int_equal(spawn_through_pager(quota), HF_OK);
    *handle = (hf_handle_t)script_word(script_init, 0);
    return script_task(script_word(script_init, 1));
}

struct hf_pager_request got_request(struct task *asker) {
    struct hf_pager_request request;
    assert_int_equal(script_answer(asker), HF_OK);
    memcpy(&request, asker->buffer->bytes, sizeof request);
    return request;
}

struct hf_pager_request next_request(void) {
    SEND(pager, NEXT);
    return got_request(pager);
}

uint8_t *page_at(const struct task *task, uint64_t address) {
    uint64_t table = task->cr3 >> HF_PAGE_SHIFT, entry = 0;
    for (unsigned level = HF_LEVEL_PML4; level >= HF_LEVEL_PT; level--) {
        entry = ((const uint64_t *)(const void *)machine_ram[table])[address >> (3 + 9 * level) & 511];
        if (!(entry & 1)) return NULL;
        table = (entry & 0x000ffffffffff000ull) >> HF_PAGE_SHIFT;
        if (level == HF_LEVEL_PD && (entry & 1 << 7)) return machine_ram[table + (address >> HF_PAGE_SHIFT) % 512];
    }
    return machine_ram[table];
}

void touch_page(struct task *task, uint64_t address, bool write) {
    assert_true(script_touch(task, address, write));
    script_settle();
}

struct hf_task_info info_of(uint64_t number) {
    for (uint64_t cursor = 0;;) {
        assert_int_equal(ASK(script_init, .label = HF_MEM_TASKS, .word = {cursor}), HF_OK);
        cursor = script_word(script_init, 0);
        for (unsigned i = 0; i < script_word(script_init, 1); i++) {
            struct hf_task_info info;
            memcpy(&info, script_init->buffer->bytes + i * sizeof info, sizeof info);
            if (info.number == number) return info;
        }
        assert_int_not_equal(cursor, 0);
    }
}

bool is_waiting(const struct task *task) {
    struct hf_task_info info = info_of(task->mark);
    return info.state == HF_INFO_WAITING && info.waits_for == pager->mark;
}

void has_ended(hf_handle_t handle, enum hf_reason reason) {
    struct hf_exit how = script_finish(script_init, handle);
    assert_int_equal(how.how, HF_EXIT_FAULT);
    assert_int_equal(how.reason, reason);
    assert_int_equal(how.left.objects + how.left.pages + how.left.tables + how.left.shared + how.left.records, 0);
}
