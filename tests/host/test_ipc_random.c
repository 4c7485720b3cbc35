// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/ipc_model.c tests/host/ipc_world.c tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Random calls of several tasks, made in the core and in the plain model of ipc_model.c, and compared
 * after each. IPC_OPERATIONS and IPC_SEED in the environment: how many (60,000), and which. */
#include "draw.h"
#include "entry.h"
#include "ipc_model.h"
#include "ipc_world.h"
#include <stdlib.h>
#include <string.h>

static const unsigned table_of[MODEL_TASKS] = {0, 0, 1, 1, 2, 3, 4, 5};
static const unsigned owner_of[MODEL_TABLES] = {0, 2, 4, 5, 6, 7}; /* whose table it was made for */

static unsigned long granted, refused, answered, asked, step;
static bool holding;
static struct frame_registers at_fault[MODEL_TASKS];
static uint64_t serial_of_endpoint[MODEL_ENDPOINTS];

#define FAILED(format, ...) fail_msg("step %lu: " format, step __VA_OPT__(, ) __VA_ARGS__)
#define MUST(condition, task) \
    do { \
        if (!(condition)) { \
            FAILED("task %u: %s", (unsigned)(task), #condition); \
        } \
    } while (0)

static unsigned receive_slot(int task) { return buffer_of((unsigned)task)->receive_slot; }

static unsigned any_slot(int task) {
    const uint64_t result_register = tasks[task]->registers.rsi;
    return (unsigned)(holding ? result_register : tag_handle(result_register));
}

static struct model_handle *table(unsigned task) { return model_tables[model_tasks[task].table]; }

/* ---- setting up ---- */

static void set_task(unsigned i) {
    const bool paged = i % 2 == 0;
    asker_page.task = (struct hf_task_block){
        .fields = HF_TASK_ASPACE | HF_TASK_HANDLES | HF_TASK_PRIORITY | HF_TASK_BUFFER | HF_TASK_PAGER,
        .priority = draw(4),
        .aspace = WORLD_FREE,
        .handles = frame_of_table(owner_of[table_of[i]]),
        .buffer = frame_of_buffer(i),
        .pager = paged ? frame_of_endpoint(0) : HF_NO_FRAME,
        .pager_badge = 0xf0000u + i,
    };
    assert_int_equal(operate(HF_OP_TASK_SET, frame_of_task(i)), HF_OK);
    model_tasks[i].pager = paged ? 0 : NOBODY;
}

static void put_endpoint(unsigned table_number, unsigned slot, unsigned endpoint) {
    const unsigned rights = draw(12) ? HF_RIGHTS_ALL : (unsigned)draw(HF_RIGHTS_ALL + 1);
    const struct hf_operation put = {.code = HF_OP_HANDLE_PUT,
                                     .level = HF_PUT_ENDPOINT,
                                     .rights = (uint16_t)rights,
                                     .count = slot,
                                     .object = frame_of_table(owner_of[table_number]),
                                     .address = draw(6) ? draw(1u << 30) : 0,
                                     .frame = frame_of_endpoint(endpoint)};
    if (model_tables[table_number][slot].kind != HF_HANDLE_NONE) {
        return;
    }
    assert_int_equal(ask(&put), HF_OK);
    model_tables[table_number][slot] = (struct model_handle){.kind = HF_HANDLE_ENDPOINT,
                                                             .rights = rights,
                                                             .endpoint = (int)endpoint,
                                                             .generation = model_endpoints[endpoint].generation,
                                                             .badge = put.address};
}

static void start_both(void) {
    ipc_start(MODEL_TASKS, MODEL_ENDPOINTS);
    memset(model_tasks, 0, sizeof model_tasks);
    memset(model_endpoints, 0, sizeof model_endpoints);
    memset(model_tables, 0, sizeof model_tables);
    model_receive_slot = receive_slot;
    model_any_slot = any_slot;
    for (unsigned i = 0; i < MODEL_TASKS; i++) {
        assert_int_equal(operate(HF_OP_TASK_STOP, frame_of_task(i)), HF_OK);
        set_task(i);
        model_tasks[i].state = IS_STOPPED;
        model_tasks[i].table = table_of[i];
        model_tasks[i].in_hand = NOBODY;
    }
    for (unsigned j = 0; j < MODEL_ENDPOINTS; j++) {
        serial_of_endpoint[j] = endpoints[j]->serial;
        for (unsigned t = 0; t < MODEL_TABLES; t++) {
            memset(machine_ram[frame_of_table(owner_of[t])] + SLOT(j) * sizeof(struct handle), 0,
                   sizeof(struct handle));
            put_endpoint(t, SLOT(j), j);
        }
    }
}

/* ---- comparing ---- */

static void compare_message(unsigned i) {
    const struct frame_registers *got = &tasks[i]->registers;
    const struct model_message *want = &model_tasks[i].found;
    if (want->fault && !want->arrived) {
        MUST(memcmp(got, &at_fault[i], sizeof *got) == 0, i);
        return;
    }
    MUST(got->rax == want->status, i);
    if (!want->arrived) {
        return;
    }
    const uint32_t label = want->bits ? (uint32_t)HF_LABEL_NOTIFICATION : want->label;
    MUST(got->rdx == want->word, i);
    MUST((uint32_t)got->rsi == label, i);
    MUST(tag_bytes(got->rsi) == want->bytes, i);
    MUST(tag_handle(got->rsi) == want->handle, i);
    for (unsigned at = 0; at < want->bytes; at++) {
        MUST(buffer_of(i)->bytes[at] == (uint8_t)want->word, i);
    }
}

/* Who sent it, and through what, which a reply doesn't tell. */
static void compare_sender(unsigned i) {
    const struct frame_registers *got = &tasks[i]->registers;
    const struct model_message *want = &model_tasks[i].found;
    if (want->call) {
        MUST(got->rdi == want->badge, i);
        MUST(got->rbx == tasks[want->from]->serial, i);
    }
}

static const uint8_t states[] = {[RUNS] = HF_TASK_READY,
                                 [SENDS] = HF_TASK_SENDING,
                                 [RECEIVES] = HF_TASK_RECEIVING,
                                 [WAITS_FOR_REPLY] = HF_TASK_WAITING,
                                 [IS_STOPPED] = HF_TASK_STOPPED};

static void compare_task(unsigned i) {
    struct model_task *it = &model_tasks[i];
    MUST(tasks[i]->state == states[it->state], i);
    if (it->in_hand >= 0) {
        MUST(tasks[i]->caller == tasks[it->in_hand], i);
        MUST(tasks[i]->effective >= tasks[it->in_hand]->effective, i);
    } else {
        MUST(tasks[i]->caller == (it->in_hand == GONE ? GONE_CALL : NO_CALL), i);
        MUST(tasks[i]->effective == tasks[i]->priority, i);
    }
    if (it->state == WAITS_FOR_REPLY) {
        MUST(tasks[i]->server == tasks[it->server], i);
    }
    if (it->woken) {
        compare_message(i);
        compare_sender(i);
        answered += it->found.arrived;
        it->woken = false;
    }
}

static void compare_queue(const struct task_queue *queue, const int *want, unsigned count) {
    const struct task *at = queue->first;
    for (unsigned i = 0; i < count; i++, at = at->next) {
        MUST(at == tasks[want[i]], want[i]);
    }
    MUST(at == NULL, 0);
}

static void compare_handle(unsigned number, unsigned slot) {
    const struct handle *got = (const struct handle *)(void *)machine_ram[frame_of_table(owner_of[number])] + slot;
    const struct model_handle *want = &model_tables[number][slot];
    MUST(got->kind == want->kind, slot);
    if (want->kind == HF_HANDLE_ENDPOINT) {
        const bool alive = want->generation == model_endpoints[want->endpoint].generation;
        MUST(got->rights == want->rights && got->badge == want->badge, slot);
        MUST(got->object == (uint64_t)endpoints[want->endpoint], slot);
        MUST((got->serial == serial_of_endpoint[want->endpoint]) == alive, slot);
    }
}

static void compare_all(void) {
    for (unsigned i = 0; i < MODEL_TASKS; i++) {
        compare_task(i);
    }
    for (unsigned j = 0; j < MODEL_ENDPOINTS; j++) {
        const struct model_endpoint *want = &model_endpoints[j];
        MUST(endpoints[j]->bits == want->bits, j);
        compare_queue(&endpoints[j]->senders, want->senders, want->sender_count);
        compare_queue(&endpoints[j]->receivers, want->receivers, want->receiver_count);
    }
    for (unsigned number = 0; number < MODEL_TABLES; number++) {
        for (unsigned slot = 1; slot < HF_HANDLE_COUNT; slot++) {
            compare_handle(number, slot);
        }
    }
    const char *wrong = step % 64 == 0 ? world_broken() : NULL;
    wrong = wrong != NULL ? wrong : ipc_broken();
    if (wrong != NULL) {
        FAILED("%s", wrong);
    }
}

/* ---- drawing ---- */

static unsigned slot_of_kind(unsigned task, enum hf_handle_kind kind) {
    const unsigned from = (unsigned)draw(HF_HANDLE_COUNT);
    for (unsigned i = 0; i < HF_HANDLE_COUNT && draw(200) != 0; i++) {
        const unsigned slot = (from + i) % HF_HANDLE_COUNT;
        if (slot != 0 && table(task)[slot].kind == kind) {
            return slot;
        }
    }
    return (unsigned)draw(HF_HANDLE_COUNT + 2);
}

static unsigned any_endpoint(unsigned task) {
    return draw(8) ? SLOT((unsigned)draw(MODEL_ENDPOINTS)) : slot_of_kind(task, HF_HANDLE_ENDPOINT);
}

static struct model_message draw_message(unsigned task) {
    struct model_message message = {.label = (uint32_t)draw(1u << 31), .word = draw(1ull << 40)};
    message.bytes = draw(4) ? 0 : (unsigned)draw(40);
    message.handle = draw(4) ? 0 : slot_of_kind(task, HF_HANDLE_ENDPOINT);
    switch (draw(60)) {
    case 0:
        message.label |= HF_LABEL_CORE;
        break;
    case 1:
        message.bytes = HF_MESSAGE_BYTES + 1 + (unsigned)draw(1000);
        break;
    }
    if (message.bytes <= HF_MESSAGE_BYTES) {
        memset(buffer_of(task)->bytes, (uint8_t)message.word, message.bytes);
    }
    return message;
}

static hf_status_t core_sends(unsigned task, uint64_t number, unsigned slot, const struct model_message *message) {
    tasks[task]->registers.rdx = message->word;
    return sends(task, number, slot, message->label | (uint64_t)message->bytes << 32 | (uint64_t)message->handle << 48);
}

static void same(unsigned task, uint64_t number, hf_status_t core, hf_status_t model) {
    if (core != model) {
        FAILED("task %u, call %#llx: %u instead of %u", task, (unsigned long long)number, core, model);
    }
    if (core == HF_OK || core == WAITS) {
        granted++;
    } else {
        refused++;
    }
    asked += core == WAITS;
    MUST(processor.current ? processor.current->effective >= processor.top : processor.top < 0, task);
}

/* Half of the tasks mostly serve, and the others mostly ask. */
static uint64_t draw_number(unsigned task) {
    static const uint64_t serving[] = {HF_CALL_RECEIVE,    HF_CALL_RECEIVE, HF_CALL_REPLY_HELD,
                                       HF_CALL_REPLY_HELD, HF_CALL_CALL,    HF_CALL_NOTIFY};
    static const uint64_t asking[] = {HF_CALL_CALL, HF_CALL_CALL,    HF_CALL_CALL,
                                      HF_CALL_CALL, HF_CALL_RECEIVE, HF_CALL_NOTIFY};
    static const uint64_t call_in_hand[] = {HF_CALL_REPLY,         HF_CALL_REPLY, HF_CALL_REPLY_RECEIVE,
                                            HF_CALL_REPLY_RECEIVE, HF_CALL_HOLD,  HF_CALL_CALL};
    if (draw(60) == 0) {
        return HF_CALL_HANDLE_CLOSE;
    }
    if ((model_tasks[task].in_hand == NOBODY) == (draw(30) == 0)) {
        return call_in_hand[draw(6)];
    }
    return task % 2 ? serving[draw(6)] : asking[draw(6)];
}

static hf_status_t model_makes(int task, uint64_t number, unsigned slot, const struct model_message *message,
                               bool wait) {
    holding = number == HF_CALL_HOLD;
    switch (number) {
    case HF_CALL_CALL:
        return model_call(task, slot, message, wait);
    case HF_CALL_RECEIVE:
        return model_receive(task, slot, wait);
    case HF_CALL_REPLY:
        return model_reply(task, message);
    case HF_CALL_REPLY_RECEIVE:
        return model_reply_receive(task, slot, message, wait);
    case HF_CALL_HOLD:
        return model_hold(task, slot);
    case HF_CALL_REPLY_HELD:
        return model_reply_held(task, slot, message);
    case HF_CALL_NOTIFY:
        return model_notify(task, slot);
    default:
        return model_close(task, slot);
    }
}

/* One call in the core, then in the model. */
static void make_a_call(unsigned task) {
    const uint64_t number = draw_number(task);
    const bool waits = number == HF_CALL_CALL || number == HF_CALL_RECEIVE || number == HF_CALL_REPLY_RECEIVE;
    const bool wait = !waits || draw(12) != 0;
    struct model_message message = draw_message(task);
    unsigned slot = any_endpoint(task);
    buffer_of((unsigned)draw(MODEL_TASKS))->receive_slot = draw(3) ? HF_SLOT_ANY : (uint32_t)draw(40);
    if (number == HF_CALL_HOLD) {
        slot = draw(2) ? HF_SLOT_ANY : (unsigned)draw(HF_HANDLE_COUNT + 2);
    } else if (number == HF_CALL_REPLY_HELD || (number == HF_CALL_HANDLE_CLOSE && draw(2))) {
        slot = slot_of_kind(task, HF_HANDLE_REPLY);
    }
    if (number == HF_CALL_REPLY_HELD) {
        message = (struct model_message){.label = message.label & ~HF_LABEL_CORE, .word = message.word};
    }
    const hf_status_t core = core_sends(task, wait ? number : number | HF_NOWAIT, slot, &message);
    same(task, number, core, model_makes((int)task, number, slot, &message, wait));
}

static void fault(unsigned task) {
    const struct model_task *it = &model_tasks[task];
    if (it->pager == NOBODY) {
        return;
    }
    if (processor.current != tasks[task]) {
        schedule_remove(tasks[task]);
        if (processor.current) {
            schedule_ready_first(processor.current);
        }
    }
    processor.current = tasks[task];
    memset(&tasks[task]->registers, (int)draw(256), sizeof tasks[task]->registers);
    tasks[task]->registers.vector = VECTOR_PAGE_FAULT;
    tasks[task]->fault_address = draw(1ull << 40);
    at_fault[task] = tasks[task]->registers;
    const bool alive = tasks[task]->pager.serial == serial_of_endpoint[0];
    assert_true(ipc_raise(tasks[task]));
    schedule();
    if (alive) {
        model_fault((int)task, tasks[task]->fault_address);
    } else {
        model_tasks[task].state = IS_STOPPED;
    }
}

static void stop_or_start(unsigned task) {
    struct model_task *it = &model_tasks[task];
    if (it->state != IS_STOPPED) {
        assert_int_equal(operate(HF_OP_TASK_STOP, frame_of_task(task)), HF_OK);
        model_stop((int)task);
        return;
    }
    if (draw(4) == 0) {
        set_task(task);
    }
    assert_int_equal(operate(HF_OP_TASK_START, frame_of_task(task)), HF_OK);
    it->state = RUNS;
}

static void replace_task(unsigned task) {
    if (model_tasks[task].state != IS_STOPPED) {
        return;
    }
    assert_int_equal(operate(HF_OP_TASK_DESTROY, frame_of_task(task)), HF_OK);
    model_destroy_task((int)task);
    const struct hf_operation stage = {.code = HF_OP_STAGE, .object = frame_of_buffer(task), .frame = HF_NO_FRAME};
    assert_int_equal(ask(&stage), HF_OK);
    assert_int_equal(operate(HF_OP_TASK_CREATE, frame_of_task(task)), HF_OK);
    set_task(task);
}

static void replace_endpoint(unsigned endpoint) {
    assert_int_equal(operate(HF_OP_ENDPOINT_DESTROY, frame_of_endpoint(endpoint)), HF_OK);
    model_destroy_endpoint((int)endpoint);
    assert_int_equal(operate(HF_OP_ENDPOINT_CREATE, frame_of_endpoint(endpoint)), HF_OK);
    serial_of_endpoint[endpoint] = endpoints[endpoint]->serial;
}

/* The dead handles go, and new ones come. */
static void renew_handles(unsigned number) {
    for (unsigned j = 0; j < MODEL_ENDPOINTS; j++) {
        struct model_handle *handle = &model_tables[number][SLOT(j)];
        if (handle->kind == HF_HANDLE_ENDPOINT) {
            handle->kind = HF_HANDLE_NONE;
            ((struct handle *)(void *)machine_ram[frame_of_table(owner_of[number])])[SLOT(j)].kind = HF_HANDLE_NONE;
        }
        put_endpoint(number, SLOT(j), j);
    }
}

/* Tables must not fill up with copies that nobody needs. */
static void thin_out(unsigned number) {
    struct handle *handles = (void *)machine_ram[frame_of_table(owner_of[number])];
    for (unsigned slot = MODEL_ENDPOINTS + 1; slot < HF_HANDLE_COUNT; slot++) {
        if (model_tables[number][slot].kind == HF_HANDLE_ENDPOINT && draw(2) == 0) {
            model_tables[number][slot].kind = HF_HANDLE_NONE;
            handles[slot].kind = HF_HANDLE_NONE;
        }
    }
}

static void one_step(void) {
    const unsigned task = (unsigned)draw(MODEL_TASKS);
    const uint64_t way = draw(200);
    if (way == 0) {
        replace_endpoint((unsigned)draw(MODEL_ENDPOINTS));
    } else if (way < 10) {
        renew_handles((unsigned)draw(MODEL_TABLES));
    } else if (way < 12) {
        thin_out((unsigned)draw(MODEL_TABLES));
    } else if (way < 15) {
        replace_task(task);
    } else if (way < 26 || model_tasks[task].state == IS_STOPPED) {
        stop_or_start(task);
    } else if (model_tasks[task].state == RUNS && way < 36) {
        fault(task);
    } else if (model_tasks[task].state == RUNS) {
        make_a_call(task);
    }
}

static unsigned long number_from(const char *name, unsigned long usual) {
    const char *wanted = getenv(name);
    return wanted != NULL ? strtoul(wanted, NULL, 0) : usual;
}

static void random_calls(void **state) {
    (void)state;
    const unsigned long count = number_from("IPC_OPERATIONS", 60000), seed = number_from("IPC_SEED", 1);
    draw_state = DRAW_SEED ^ seed << 20;
    print_message("seed %lu\n", seed);
    start_both();
    for (step = 0; granted + refused < count; step++) {
        one_step();
        compare_all();
    }
    print_message("%lu calls, %lu %% granted, %lu messages arrived\n", granted + refused,
                  granted * 100 / (granted + refused), answered);
    assert_true(granted * 10 >= (granted + refused) * 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_calls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
