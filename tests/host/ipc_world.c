#include "ipc_world.h"

#include <stdio.h>
#include <string.h>

struct task *tasks[TASKS_MOST];
struct endpoint *endpoints[ENDPOINTS_MOST];

static unsigned task_count, endpoint_count;
static char wrong[160];

#define ROOT WORLD_FREE

hf_frame_t frame_of_endpoint(unsigned endpoint) { return ROOT + 1 + endpoint; }

hf_frame_t frame_of_task(unsigned task) { return ROOT + 1 + ENDPOINTS_MOST + 3 * task; }

hf_frame_t frame_of_table(unsigned task) { return frame_of_task(task) + 1; }

hf_frame_t frame_of_buffer(unsigned task) { return frame_of_task(task) + 2; }

struct hf_buffer *buffer_of(unsigned task) {
    return (void *)machine_ram[frame_of_buffer(task)];
}

hf_status_t operate(enum hf_operation_code code, hf_frame_t object) {
    return ask(&(struct hf_operation){.code = (uint8_t)code, .object = object});
}

static void make(unsigned i) {
    assert_int_equal(operate(HF_OP_HANDLES_CREATE, frame_of_table(i)), HF_OK);
    for (unsigned j = 0; j < endpoint_count; j++) {
        const struct hf_operation put = {.code = HF_OP_HANDLE_PUT,
                                         .level = HF_PUT_ENDPOINT,
                                         .rights = HF_RIGHTS_ALL,
                                         .count = SLOT(j),
                                         .object = frame_of_table(i),
                                         .address = BADGE(i, j),
                                         .frame = frame_of_endpoint(j)};
        assert_int_equal(ask(&put), HF_OK);
    }
    const struct hf_operation stage = {.code = HF_OP_STAGE, .object = frame_of_buffer(i), .frame = HF_NO_FRAME};
    assert_int_equal(ask(&stage), HF_OK);
    assert_int_equal(operate(HF_OP_TASK_CREATE, frame_of_task(i)), HF_OK);
    asker_page.task = (struct hf_task_block){
        .fields = HF_TASK_ASPACE | HF_TASK_HANDLES | HF_TASK_PRIORITY | HF_TASK_BUFFER,
        .priority = 10 + i,
        .aspace = ROOT,
        .handles = frame_of_table(i),
        .buffer = frame_of_buffer(i),
    };
    assert_int_equal(operate(HF_OP_TASK_SET, frame_of_task(i)), HF_OK);
    assert_int_equal(operate(HF_OP_TASK_START, frame_of_task(i)), HF_OK);
    tasks[i] = (void *)machine_ram[frame_of_task(i)];
}

void ipc_start(unsigned count, unsigned endpoint_number) {
    world_start(NULL);
    task_count = count;
    endpoint_count = endpoint_number;
    make_aspace(ROOT);
    for (unsigned j = 0; j < endpoint_count; j++) {
        assert_int_equal(operate(HF_OP_ENDPOINT_CREATE, frame_of_endpoint(j)), HF_OK);
        endpoints[j] = (void *)machine_ram[frame_of_endpoint(j)];
    }
    for (unsigned i = 0; i < count; i++) {
        make(i);
    }
    ipc_check(__FILE__, __LINE__);
}

hf_status_t sends(unsigned task, uint64_t number, uint64_t handle, uint64_t tag) {
    tasks[task]->registers.rdi = handle;
    tasks[task]->registers.rsi = tag;
    return world_call(tasks[task], number);
}

hf_status_t makes(unsigned task, uint64_t number, uint64_t handle, uint32_t label, uint64_t word) {
    tasks[task]->registers.rdx = word;
    return sends(task, number, handle, label);
}

/* ---- Whether it all fits together ---- */

static bool fits(bool condition, const char *text, unsigned task) {
    if (!condition && wrong[0] == 0) {
        snprintf(wrong, sizeof wrong, "task %u: %s", task, text);
    }
    return condition;
}

/* How often the task is in the queue, whose links must be right. */
static unsigned times_in(const struct task_queue *queue, const struct task *task) {
    unsigned times = 0, length = 0;
    for (const struct task *at = queue->first, *before = NULL; at != NULL; before = at, at = at->next) {
        const hf_frame_t frame = frame_of(at);
        if (!fits(length++ < TASKS_MOST, "a queue has no end", 0) ||
            !fits(frame_type(frame) == HF_FRAME_TASK, "a queue has something that is no task", (unsigned)frame) ||
            !fits(before == NULL || at->previous == before, "a queue's links don't match", (unsigned)frame) ||
            !fits(at->next != NULL || queue->last == at, "a queue ends elsewhere", (unsigned)frame)) {
            return times;
        }
        times += at == task;
    }
    return times;
}

static bool exists(unsigned task) { return frame_is(frame_of_task(task), HF_FRAME_TASK); }

static unsigned times_ready(const struct task *task) {
    unsigned times = task == processor.current;
    for (unsigned priority = 0; priority < PRIORITIES; priority++) {
        if (processor.ready[priority].first != NULL) {
            const unsigned found = times_in(&processor.ready[priority], task);
            times += found;
            fits(found == 0 || task->effective == priority, "is READY under another priority", priority);
        }
    }
    return times;
}

static void check_task(unsigned i) {
    const struct task *task = tasks[i];
    unsigned sending = 0, receiving = 0, in_hand = 0, held = 0;
    for (unsigned j = 0; j < endpoint_count; j++) {
        if (frame_is(frame_of_endpoint(j), HF_FRAME_ENDPOINT)) {
            sending += times_in(&endpoints[j]->senders, task);
            receiving += times_in(&endpoints[j]->receivers, task);
        }
    }
    for (unsigned other = 0; other < task_count; other++) {
        if (exists(other)) {
            in_hand += tasks[other]->caller == task;
            held += times_in(&tasks[other]->held, task);
        }
    }
    fits(times_ready(task) == (task->state == HF_TASK_READY), "READY and not once in a queue for that", i);
    fits(sending == (task->state == HF_TASK_SENDING), "SENDING and not once among an endpoint's senders", i);
    fits(receiving == (task->state == HF_TASK_RECEIVING), "RECEIVING and not once among the receivers", i);
    fits(in_hand + held == (task->state == HF_TASK_WAITING), "WAITING and not once in hand or held", i);
    if (task->state == HF_TASK_WAITING) {
        fits(exists(((unsigned)frame_of(task->server) - (unsigned)frame_of_task(0)) / 3), "its server is gone", i);
        fits(task->server->caller == task || held == 1, "is not where its server has it", i);
    }
    fits(task->effective >= task->priority, "has less than its own priority", i);
}

const char *ipc_broken(void) {
    int64_t top = -1;
    wrong[0] = 0;
    for (unsigned i = 0; i < task_count; i++) {
        if (exists(i)) {
            check_task(i);
        }
    }
    for (unsigned priority = 0; priority < PRIORITIES; priority++) {
        const bool any = processor.ready[priority].first != NULL;
        top = any ? (int64_t)priority : top;
        fits(any == (processor.map[priority / 64] >> (priority % 64) & 1), "the map of priorities is wrong", priority);
    }
    fits(processor.top == top, "the top priority is wrong", (unsigned)processor.top);
    for (unsigned j = 0; j < endpoint_count; j++) {
        if (frame_is(frame_of_endpoint(j), HF_FRAME_ENDPOINT)) {
            fits(endpoints[j]->senders.first == NULL || endpoints[j]->receivers.first == NULL,
                 "senders and receivers wait at one endpoint", j);
            fits(endpoints[j]->bits == 0 || endpoints[j]->receivers.first == NULL, "bits wait for receivers", j);
        }
    }
    return wrong[0] ? wrong : NULL;
}

void ipc_check(const char *file, int line) {
    const char *links = ipc_broken();
    const char *text = links != NULL ? links : world_broken();
    if (text != NULL) {
        print_error("%s:%d: %s\n", file, line, text);
        _fail(file, line);
    }
}
