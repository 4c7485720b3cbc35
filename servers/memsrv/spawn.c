#include "spawn.h"

#include <string.h>

#include "core.h"
#include "own.h"
#include "program.h"

/* Where a task's stack and IPC buffer stand: above every image, below every
 * mapping, and under one page table. The guard makes an overflow a fault with a name. */
#define BUFFER_ADDRESS 0x7fffe000ul
#define STACK_END 0x7fffd000ul
#define STACK_START (STACK_END - 0x100000ul)
#define GUARD_START (STACK_START - 0x10000ul)

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
    if (request->quota > parent->ledger.quota) return HF_QUOTA;
    *spawn = (struct spawn){
        .parent = parent,
        .request = request,
        .priority = request->priority ? request->priority : parent->priority,
        .quota = request->quota ? request->quota : parent->ledger.quota,
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

static hf_status_t take_object(struct task *task, enum hf_operation_code code, hf_frame_t *object) {
    hf_frame_t frame;
    hf_status_t status = ledger_take(&task->ledger, LEDGER_OBJECTS, &frame);
    if (status == HF_OK) {
        core_must(core_object(code, frame, NULL));
        *object = frame;
    }
    return status;
}

static hf_status_t make_handles(struct task *task, const struct spawn *spawn) {
    struct hf_result result;
    hf_status_t status = take_object(task, HF_OP_HANDLES_CREATE, &task->handles);
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

static hf_status_t add_region(struct task *task, uint64_t start, uint64_t end, unsigned rights,
                              const struct backing *backing, struct backing_data data) {
    return region_add(&task->aspace.regions,
                      &(struct region){.start = start, .end = end, .rights = rights, .backing = backing, .data = data});
}

static hf_status_t add_image(struct task *task, const struct program *program) {
    for (unsigned i = 0; i < program->image.count; i++) {
        const struct image_segment *segment = &program->image.segment[i];
        uint64_t end = segment->start + segment->memory_bytes;
        hf_status_t status =
            add_region(task, segment->start & ~(HF_PAGE_SIZE - 1), (end + HF_PAGE_SIZE - 1) & ~(HF_PAGE_SIZE - 1),
                       segment->rights, &backing_image, (struct backing_data){program, i});
        if (status != HF_OK) return status;
    }
    return HF_OK;
}

static hf_status_t add_regions(struct task *task, const struct program *program) {
    const struct backing_data none = {0};
    hf_status_t status = add_image(task, program);
    if (status == HF_OK) {
        status = add_region(task, GUARD_START, STACK_START, HF_READ, &backing_guard, none);
    }
    if (status == HF_OK) {
        status = add_region(task, STACK_START, STACK_END, HF_READ | HF_WRITE, &backing_stack, none);
    }
    if (status == HF_OK) {
        status =
            add_region(task, BUFFER_ADDRESS, BUFFER_ADDRESS + HF_PAGE_SIZE, HF_READ | HF_WRITE, &backing_buffer, none);
    }
    return status;
}

/* A page with the content of one of memsrv's own, or zeroed. */
static hf_status_t map_page(struct task *task, uint64_t address, hf_frame_t source, hf_frame_t *page) {
    hf_frame_t frame;
    hf_status_t status = ledger_take(&task->ledger, LEDGER_PAGES, &frame);
    if (status != HF_OK) {
        return status;
    }
    core_must(core_stage(frame, source, 0, source == HF_NO_FRAME ? 0 : HF_PAGE_SIZE, 0));
    status = aspace_map(&task->aspace, address, frame, HF_READ | HF_WRITE);
    if (status != HF_OK) {
        core_must(core_object(HF_OP_RELEASE, frame, NULL));
        ledger_give(&task->ledger, LEDGER_PAGES, frame);
        return status;
    }
    *page = frame;
    return HF_OK;
}

/* struct hf_start, argv and the strings stand at the stack's end, in its first
 * page. Returns their address, which is where the stack pointer starts too. */
static uint64_t write_start(const struct spawn *spawn) {
    const struct hf_spawn *request = spawn->request;
    uint64_t argc = request->argument_count + 1ul;
    size_t bytes = sizeof(struct hf_start) + (argc + 1) * sizeof(uint64_t) + request->string_bytes;
    size_t at = (HF_PAGE_SIZE - bytes) & ~15ul;
    uint64_t address = STACK_END - HF_PAGE_SIZE + at;
    struct hf_start *start = (void *)(first_page + at);
    uint64_t *argv = (void *)(start + 1);
    char *strings = (char *)(argv + argc + 1);

    memset(first_page, 0, sizeof(first_page));
    *start = (struct hf_start){argc, address + sizeof(*start), BUFFER_ADDRESS, spawn->given};
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

static hf_status_t make_task(struct task *task, const struct spawn *spawn, const struct program *program,
                             uint64_t start) {
    hf_status_t status = take_object(task, HF_OP_TASK_CREATE, &task->task);
    if (status != HF_OK) {
        return status;
    }
    OPERATION_PAGE->task = (struct hf_task_block){
        .fields = HF_TASK_FIELDS_ALL & ~(uint64_t)(HF_TASK_OPERATIONS | HF_TASK_MEMORY),
        .registers = {.rip = program->image.entry, .rsp = start, .rdi = start},
        .priority = spawn->priority,
        .aspace = task->aspace.root,
        .handles = task->handles,
        .buffer = task->buffer,
        .pager = task_endpoint,
        .pager_badge = task_badge(task, BADGE_FAULT),
        .mark = task->number,
    };
    core_must(core_object(HF_OP_TASK_SET, task->task, NULL));
    core_must(core_object(HF_OP_TASK_START, task->task, NULL));
    return HF_OK;
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
        status = map_page(task, BUFFER_ADDRESS, HF_NO_FRAME, &task->buffer);
    }
    uint64_t start = write_start(spawn);
    if (status == HF_OK) {
        status = map_page(task, STACK_END - HF_PAGE_SIZE, first_page_frame, &stack);
    }
    return status == HF_OK ? make_task(task, spawn, program, start) : status;
}

hf_status_t spawn_do(const struct spawn *spawn, struct task **made) {
    const struct program *program = program_find(spawn->request->strings);
    if (!program) {
        return HF_NOT_FOUND;
    }
    if (program->status != HF_OK) return program->status;
    struct task *task = task_new(spawn->parent);
    if (!task) return HF_NO_MEMORY;
    strncpy(task->name, program->name, HF_NAME_BYTES - 1);
    task->priority = spawn->priority;
    task->ledger.quota = spawn->quota;
    task->inspect = !spawn->parent || (spawn->request->flags & HF_SPAWN_INSPECT);
    hf_status_t status = build(task, spawn, program);
    if (status != HF_OK) {
        task_abandon(task);
        return status;
    }
    task->state = TASK_RUNNING;
    *made = task;
    return HF_OK;
}
