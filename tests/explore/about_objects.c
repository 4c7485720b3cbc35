#include "list.h"

#define WITH_MESSAGES (EXPLORE_CALLS == CALLS_ALL) /* what handles and endpoints are for */

static void add_setting(hf_frame_t task, unsigned fields, hf_frame_t value, hf_frame_t operations) {
    ADD(HF_OP_TASK_SET, .object = task);
    struct call *call = &list.calls[list.count - 1];
    call->fields = (uint16_t)fields;
    call->value = value;
    call->operations = operations;
}

static void about_setting(hf_frame_t task) {
    static const uint16_t fields[] = {HF_TASK_ASPACE, HF_TASK_HANDLES, HF_TASK_BUFFER, HF_TASK_OPERATIONS};
    EACH_NAME(i) {
        EACH(f, fields) add_setting(task, fields[f], list.names[i], list.names[i]);
        add_setting(task, HF_TASK_BUFFER | HF_TASK_OPERATIONS, list.names[i], list.names[i]);
        add_setting(task, HF_TASK_BUFFER | HF_TASK_OPERATIONS, HF_NO_FRAME, list.names[i]);
        add_setting(task, HF_TASK_BUFFER | HF_TASK_OPERATIONS, list.names[i], HF_NO_FRAME);
        add_setting(task, HF_TASK_BUFFER | HF_TASK_MEMORY, list.names[i], HF_NO_FRAME);
        if (!is(list.names[i], HF_FRAME_ENDPOINT)) add_setting(task, HF_TASK_PAGER, list.names[i], HF_NO_FRAME);
    }
    add_setting(task, HF_TASK_PRIORITY, HF_NO_FRAME, HF_NO_FRAME);
    add_setting(task, HF_TASK_REGISTERS, HF_USER_END, 0); /* the instruction pointer */
    add_setting(task, HF_TASK_FIELDS_ALL + 1, 0, 0);
    ADD(HF_OP_TASK_STOP, .object = task);
    set_how(CALL_BY_ITSELF);
}

static void about_handles(hf_frame_t table) {
    EACH_NAME(i) {
        ADD(HF_OP_HANDLES_COPY, .object = table, .frame = list.names[i]);
        ADD(HF_OP_HANDLE_PUT, .rights = HF_RIGHT_RECEIVE, .count = 1, .object = table, .frame = list.names[i]);
    }
    ADD(HF_OP_HANDLE_PUT, .rights = HF_RIGHT_GRANT, .count = 0, .object = table, .level = HF_PUT_POWER);
    ADD(HF_OP_HANDLE_PUT, .rights = HF_RIGHT_GRANT, .count = 1, .object = table, .level = HF_PUT_POWER);
}

/* Whether one more of these may be made. */
static bool has_room(enum hf_frame_type type) {
    for (hf_frame_t frame = 0; EXPLORE_CALLS == CALLS_USERS && frame < MACHINE_FRAMES; frame++) {
        if (is(frame, type)) return false;
    }
    return true;
}

static void add_creation(uint8_t code, hf_frame_t frame, enum hf_frame_type type) {
    if (!is(frame, HF_FRAME_FREE) || has_room(type)) ADD(code, .object = frame);
}

void about_objects(hf_frame_t frame) {
    static const uint8_t alone[] = {HF_OP_TASK_GET,     HF_OP_TASK_START,      HF_OP_TASK_STOP,
                                    HF_OP_TASK_DESTROY, HF_OP_HANDLES_DESTROY, HF_OP_ENDPOINT_DESTROY};
    EACH(i, alone) ADD(alone[i], .object = frame);
    add_creation(HF_OP_TASK_CREATE, frame, HF_FRAME_TASK);
    add_creation(HF_OP_HANDLES_CREATE, frame, HF_FRAME_HANDLES);
    if (WITH_MESSAGES) ADD(HF_OP_ENDPOINT_CREATE, .object = frame);
    if (is(frame, HF_FRAME_TASK)) about_setting(frame);
    if (is(frame, HF_FRAME_HANDLES) && WITH_MESSAGES) about_handles(frame);
}
