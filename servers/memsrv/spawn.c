#include "spawn.h"

#include <string.h>

#include "around.h"
#include "core.h"
#include "end.h"
#include "own.h"
#include "part.h"
#include "program.h"

/* The first page of a stack while it is put together. */
static uint8_t first_page[HF_PAGE_SIZE] __attribute__((aligned(4096)));
static hf_frame_t first_page_frame;

void spawn_init(void) { first_page_frame = own_frame(first_page); }

/* The request's strings: argument_count + 1 of them, each ended, and nothing else. */
static bool strings_valid(const struct hf_spawn *request) {
    unsigned ends = 0;
    for (uint32_t i = 0; i < request->string_bytes; i++) {
        ends += request->strings[i] == 0;
    }
    return ends == request->argument_count + 1 && request->strings[request->string_bytes - 1] == 0;
}

static bool request_valid(const struct hf_spawn *request, size_t bytes) {
    return bytes >= offsetof(struct hf_spawn, strings) && request->string_bytes > 0 &&
           request->string_bytes <= HF_SPAWN_STRINGS &&
           bytes >= offsetof(struct hf_spawn, strings) + request->string_bytes &&
           request->argument_count <= HF_SPAWN_ARGUMENTS && request->handle_count <= HF_SPAWN_HANDLES &&
           request->priority <= 255 && !(request->flags & ~(uint32_t)HF_SPAWN_INSPECT) && strings_valid(request);
}

static void add_gift(struct spawn *spawn, unsigned slot, const struct task *from, uint32_t handle) {
    spawn->gift[spawn->gift_count++] = (struct hf_operation){.code = HF_OP_HANDLE_PUT,
                                                             .level = HF_PUT_COPY,
                                                             .rights = HF_RIGHTS_SAME,
                                                             .count = slot,
                                                             .frame = from->handles,
                                                             .address = handle};
}

hf_status_t spawn_prepare(struct task *parent, const struct hf_spawn *request, size_t bytes, struct spawn *spawn) {
    if (!request_valid(request, bytes)) return HF_BAD_ARGUMENT;
    if (request->priority > parent->priority || ((request->flags & HF_SPAWN_INSPECT) && !parent->inspect)) {
        return HF_DENIED;
    }
    *spawn = (struct spawn){
        .parent = parent,
        .request = request,
        .priority = request->priority ? request->priority : parent->priority,
        .quota = request->quota,
    };
    spawn->given = request->handle_count;
    if (request->console) {
        add_gift(spawn, HF_SLOT_CONSOLE, parent, request->console);
    }
    for (uint32_t i = 0; i < request->handle_count; i++) {
        add_gift(spawn, HF_SLOT_GIVEN + i, parent, request->handles[i]);
    }
    return HF_OK;
}

/* ---- The parts of a task ---- */

static hf_status_t make_handles(struct task *task, const struct spawn *spawn) {
    struct hf_result result;
    hf_status_t status = part_object(task, HF_OP_HANDLES_CREATE, &task->handles, NULL);
    if (status != HF_OK) {
        return status;
    }
    core_must(core_put(task->handles, HF_SLOT_MEMSRV, HF_PUT_ENDPOINT, task_endpoint, task_badge(task, BADGE_SELF),
                       HF_RIGHT_CALL, NULL));
    for (unsigned i = 0; i < spawn->gift_count && status == HF_OK; i++) {
        struct hf_operation put = spawn->gift[i];
        put.object = task->handles;
        status = core_do(&put, &result);
    }
    return status;
}

static hf_status_t add_image(struct task *task, const struct program *program) {
    for (unsigned i = 0; i < program->image.count; i++) {
        const struct image_segment *segment = &program->image.segment[i];
        uint64_t end = segment->start + segment->memory_bytes;
        hf_status_t status =
            part_region(task, segment->start & ~(HF_PAGE_SIZE - 1), (end + HF_PAGE_SIZE - 1) & ~(HF_PAGE_SIZE - 1),
                        segment->rights, &backing_image, (struct backing_data){.image = program, .segment = i});
        if (status != HF_OK) return status;
    }
    return HF_OK;
}

static hf_status_t add_regions(struct task *task, const struct program *program) {
    const struct backing_data none = {0};
    hf_status_t status = add_image(task, program);
    if (status == HF_OK) {
        status = part_region(task, task->place.guard_start, task->place.stack_start, HF_READ, &backing_guard, none);
    }
    if (status == HF_OK) {
        status =
            part_region(task, task->place.stack_start, task->place.stack_end, HF_READ | HF_WRITE, &backing_stack, none);
    }
    return status;
}

/* struct hf_start, argv and the strings stand at the stack's end, in its first
 * page. Returns their address, which is where the stack pointer starts too. */
static uint64_t write_start(const struct spawn *spawn, const struct place *place) {
    const struct hf_spawn *request = spawn->request;
    uint64_t argc = request->argument_count + 1ul;
    size_t bytes = sizeof(struct hf_start) + (argc + 1) * sizeof(uint64_t) + request->string_bytes;
    size_t at = (HF_PAGE_SIZE - bytes) & ~15ul;
    uint64_t address = place->stack_end - HF_PAGE_SIZE + at;
    struct hf_start *start = (void *)(first_page + at);
    uint64_t *argv = (void *)(start + 1);
    char *strings = (char *)(argv + argc + 1);

    memset(first_page, 0, sizeof(first_page));
    *start = (struct hf_start){argc, address + sizeof(*start), place->buffer, spawn->given};
    memcpy(strings, request->strings, request->string_bytes);
    uint64_t text = address + (uint64_t)((uint8_t *)strings - (uint8_t *)start);
    for (uint64_t i = 0; i < argc; i++) {
        argv[i] = text;
        size_t length = strlen(strings) + 1;
        text += length;
        strings += length;
    }
    return address;
}

static hf_status_t build(struct task *task, const struct spawn *spawn, const struct program *program) {
    hf_frame_t stack;
    hf_status_t status = make_handles(task, spawn);
    if (status == HF_OK) {
        status = aspace_create(&task->aspace, &task->ledger);
    }
    if (status == HF_OK) {
        status = add_regions(task, program);
    }
    if (status == HF_OK) {
        status = part_buffer(task, task->place.buffer);
    }
    uint64_t start = write_start(spawn, &task->place);
    if (status == HF_OK) {
        status = part_page(task, task->place.stack_end - HF_PAGE_SIZE, first_page_frame, &stack);
    }
    const struct hf_registers registers = {.rip = program->image.entry, .rsp = start, .rdi = start};
    return status == HF_OK ? part_task(task, &registers) : status;
}

static hf_status_t open_ledger(struct task *task, const struct spawn *spawn) {
    struct quota *quota;
    if (!spawn->parent) {
        quota = quota_root(buddy_free_frames(&frames));
        if (quota) ledger_open(&task->ledger, quota, true);
        return quota ? HF_OK : HF_NO_MEMORY;
    }
    const struct ledger *parents = &spawn->parent->ledger;
    if (spawn->quota == 0) {
        ledger_open(&task->ledger, quota_share(parents->quota), false);
        task_join(task, parents->quota);
        return HF_OK;
    }
    hf_status_t status = quota_make(parents->quota, spawn->quota, parents->leave, &quota);
    if (status == HF_OK) {
        ledger_open(&task->ledger, quota, true);
        task_join(task, parents->quota);
    }
    return status;
}

hf_status_t spawn_do(const struct spawn *spawn, struct task **made) {
    const struct program *program = program_find(spawn->request->strings);
    if (!program) {
        return HF_NOT_FOUND;
    }
    if (program->status != HF_OK) return program->status;
    struct task *task = task_new(spawn->parent);
    if (!task) return spawn->parent ? task_why_not(spawn->parent) : HF_NO_MEMORY;
    strncpy(task->name, program->name, HF_NAME_BYTES - 1);
    task->priority = spawn->priority;
    task->inspect = !spawn->parent || (spawn->request->flags & HF_SPAWN_INSPECT);
    place_choose(&task->place);
    around_start(task, task->place.stack_end - HF_PAGE_SIZE);
    hf_status_t status = open_ledger(task, spawn);
    if (status == HF_OK) {
        status = pager_serve_task(task, spawn->pager);
    }
    if (status == HF_OK) {
        status = build(task, spawn, program);
    }
    if (status != HF_OK) {
        end_unborn(task);
        return status;
    }
    task->state = TASK_RUNNING;
    *made = task;
    return HF_OK;
}
