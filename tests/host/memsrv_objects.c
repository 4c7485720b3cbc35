#include "memsrv_objects.h"

#include <string.h>

struct task *maker, *user;
hf_handle_t maker_handle, user_handle, object;

void objects_start(uint64_t length, uint64_t quota) {
    maker = script_spawn(quota, &maker_handle);
    user = script_spawn(0, &user_handle);
    assert_int_equal(ASK(maker, CREATE(length)), HF_OK);
    object = (hf_handle_t)script_word(maker, 0);
}

void objects_kill(struct task **task, hf_handle_t handle) {
    struct hf_exit how = script_kill(script_init, handle);
    *task = NULL;
    assert_int_equal(how.how, HF_EXIT_KILLED);
    assert_int_equal(how.left.pages + how.left.shared + how.left.tables + how.left.objects + how.left.records, 0);
}

void objects_end(void) {
    if (user) objects_kill(&user, user_handle);
    if (maker) objects_kill(&maker, maker_handle);
}

hf_handle_t objects_copy(const struct task *from, hf_handle_t handle, struct task *to) {
    hf_handle_t slot = 20;
    while (to->handles[slot].kind != HF_HANDLE_NONE) {
        slot++;
    }
    to->handles[slot] = from->handles[handle];
    return slot;
}

hf_handle_t objects_pass(struct task *to, unsigned rights) {
    assert_int_equal(ASK(maker, HANDLE(object, rights)), HF_OK);
    return objects_copy(maker, (hf_handle_t)script_word(maker, 0), to);
}

struct task *objects_fork(struct task *task, hf_handle_t *handle) {
    assert_int_equal(ASK(task, .label = HF_MEM_FORK, .word = {0x40001000, 0x7000, 0}), HF_OK);
    *handle = (hf_handle_t)script_word(task, 0);
    return script_task(script_word(task, 1));
}

uint8_t *objects_page(const struct task *task, uint64_t address) {
    uint64_t table = task->cr3 >> HF_PAGE_SHIFT;
    for (unsigned level = HF_LEVEL_PML4; level >= HF_LEVEL_PT; level--) {
        uint64_t entry = ((const uint64_t *)(const void *)machine_ram[table])[address >> (3 + 9 * level) & 511];
        if (!(entry & 1)) return NULL;
        table = (entry & 0x000ffffffffff000ull) >> HF_PAGE_SHIFT;
    }
    return machine_ram[table];
}

static uint8_t *touched(struct task *task, uint64_t address, bool write) {
    for (unsigned faults = 0; script_touch(task, address, write); faults++) {
        assert_true(faults < 3);
        script_settle();
        assert_int_equal(task->state, HF_TASK_READY);
    }
    return objects_page(task, address) + address % PAGE;
}

uint8_t objects_read(struct task *task, uint64_t address) { return *touched(task, address, false); }

void objects_write(struct task *task, uint64_t address, uint8_t byte) { *touched(task, address, true) = byte; }

void objects_refused(struct task **task, hf_handle_t handle, uint64_t address, bool write, enum hf_reason reason) {
    assert_true(script_touch(*task, address, write));
    struct hf_exit how = script_finish(script_init, handle);
    *task = NULL;
    assert_int_equal(how.how, HF_EXIT_FAULT);
    assert_int_equal(how.reason, reason);
    assert_int_equal(how.left.pages + how.left.shared + how.left.tables + how.left.objects + how.left.records, 0);
}

uint64_t objects_frames(struct task *task, hf_handle_t handle) {
    assert_int_equal(ASK(task, STAT(handle)), HF_OK);
    return script_word(task, 1);
}

uint64_t objects_length(struct task *task, hf_handle_t handle) {
    assert_int_equal(ASK(task, STAT(handle)), HF_OK);
    return script_word(task, 0);
}
