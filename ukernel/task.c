/* Tasks: what memsrv asks about them. */
#include "fpu.h"
#include "ipc.h"
#include "mmu.h"
#include "segment.h"

#define WAKE_LIMIT 64u /* callers that one operation lets go on */

/* CF PF AF ZF SF TF DF OF: what ring 3 may have in its flags (Intel SDM vol. 1, 3.4.3). */
#define FLAGS_ALLOWED 0xdd5ul

hf_status_t mmu_task_create(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct task *task = mmu_create(mmu, op->object, HF_FRAME_TASK);
    if (!task) return HF_AGAIN;
    task->registers.cs = SEGMENT_USER_CODE;
    task->registers.ss = SEGMENT_USER_DATA;
    task->registers.rflags = FLAGS_OF_RING3;
    task->serial = result->value[0] = serial_next();
    task->handles = handle_none;
    fpu_init_task(task);
    return HF_OK;
}

/* ---- TASK_SET ---- */

static hf_status_t check_registers(const struct hf_registers *registers) {
    bool user = registers->rip < HF_USER_END && registers->rsp <= HF_USER_END && registers->fs_base < HF_USER_END;
    if (!user) return HF_BAD_ADDRESS;
    return (registers->rflags & ~(FLAGS_ALLOWED | FLAGS_OF_RING3)) ? HF_BAD_ARGUMENT : HF_OK;
}

static hf_status_t check_aspace(hf_frame_t aspace) {
    if (aspace == HF_NO_FRAME) return HF_OK;
    if (!frame_is(aspace, HF_FRAME_PML4)) return HF_BAD_FRAME;
    return aspace_runnable(aspace) ? HF_OK : HF_NOT_READY;
}

static hf_status_t check_handles(hf_frame_t handles) {
    return handles == HF_NO_FRAME || frame_is(handles, HF_FRAME_HANDLES) ? HF_OK : HF_BAD_FRAME;
}

static hf_status_t check_page(hf_frame_t frame) {
    if (frame == HF_NO_FRAME) return HF_OK;
    if (!frame_has_content(frame)) return HF_BAD_FRAME;
    /* The same frame may become buffer and operation page. */
    return frame_entry(frame)->refs >= UINT32_MAX - 1 ? HF_TOO_BIG : HF_OK;
}

static hf_status_t check_pager(hf_frame_t frame) {
    const struct endpoint *endpoint = endpoint_in(frame);
    return frame == HF_NO_FRAME || (endpoint && endpoint->serial) ? HF_OK : HF_BAD_FRAME;
}

/* The first status that is not HF_OK, of those whose field is to be set. */
static hf_status_t check_block(const struct hf_task_block *block) {
    const hf_status_t checks[] = {
        check_registers(&block->registers), block->priority < PRIORITIES ? HF_OK : HF_BAD_ARGUMENT,
        check_aspace(block->aspace),        check_handles(block->handles),
        check_page(block->buffer),          check_page(block->operations),
        check_pager(block->pager),          block->memory <= 1 ? HF_OK : HF_BAD_ARGUMENT,
    };
    if (block->fields & ~(uint64_t)HF_TASK_FIELDS_ALL) return HF_BAD_ARGUMENT;
    for (unsigned i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if ((block->fields >> i & 1) && checks[i] != HF_OK) return checks[i];
    }
    return HF_OK;
}
_Static_assert(HF_TASK_REGISTERS == 1 && HF_TASK_MEMORY == 1 << 7, "checks[] is in the order of the fields' bits");

/* The general registers stand in both structures in the same order. */
#define GENERAL_BYTES offsetof(struct hf_registers, rip)
_Static_assert(GENERAL_BYTES == offsetof(struct frame_registers, vector), "the same registers");

static void set_registers(struct task *task, const struct hf_registers *from) {
    copy_bytes(&task->registers, from, GENERAL_BYTES);
    task->registers.vector = 0;
    task->registers.rip = from->rip;
    task->registers.rsp = from->rsp;
    task->registers.rflags = (from->rflags & FLAGS_ALLOWED) | FLAGS_OF_RING3;
    task_set_fs_base(task, from->fs_base);
}

static void set_priority(struct task *task, uint8_t priority) {
    const struct task *caller = task->caller;
    bool raised = caller != NO_CALL && caller != GONE_CALL && caller->effective > priority;
    task->priority = priority;
    task->effective = raised ? caller->effective : priority;
}

static void set_aspace(struct task *task, hf_frame_t aspace) {
    if (task->cr3) frame_entry(task->cr3 >> HF_PAGE_SHIFT)->refs--;
    task->cr3 = aspace == HF_NO_FRAME ? 0 : aspace << HF_PAGE_SHIFT;
    if (task->cr3) frame_entry(aspace)->refs++;
}

static void set_handles(struct task *task, hf_frame_t handles) {
    if (task->handles != handle_none) frame_entry(frame_of(task->handles))->refs--;
    task->handles = handles == HF_NO_FRAME ? handle_none : frame_pointer(handles);
    if (handles != HF_NO_FRAME) frame_entry(handles)->refs++;
}

/* Exchanges a page that the core uses for the task; the new one is counted already. Returns
 * the old one if it became FREE, else HF_NO_FRAME. */
static hf_frame_t set_page(void **page, hf_frame_t frame) {
    void *old = *page;
    *page = frame == HF_NO_FRAME ? NULL : frame_pointer(frame);
    return old && frame_unuse(frame_of(old)) ? frame_of(old) : HF_NO_FRAME;
}

static void set_pager(struct task *task, const struct hf_task_block *block) {
    const struct endpoint *endpoint = endpoint_in(block->pager);
    task->pager = (struct handle){.badge = block->pager_badge};
    if (!endpoint) return;
    task->pager.kind = HF_HANDLE_ENDPOINT;
    task->pager.object = (uint64_t)endpoint;
    task->pager.serial = endpoint->serial;
}

static void set_block(struct task *task, const struct hf_task_block *block, struct hf_result *result) {
    uint64_t fields = block->fields;
    /* Both new pages are counted before an old one goes: they may be the same. */
    if ((fields & HF_TASK_BUFFER) && block->buffer != HF_NO_FRAME) frame_use(block->buffer);
    if ((fields & HF_TASK_OPERATIONS) && block->operations != HF_NO_FRAME) frame_use(block->operations);
    if (fields & HF_TASK_REGISTERS) set_registers(task, &block->registers);
    if (fields & HF_TASK_PRIORITY) set_priority(task, (uint8_t)block->priority);
    if (fields & HF_TASK_ASPACE) set_aspace(task, block->aspace);
    if (fields & HF_TASK_HANDLES) set_handles(task, block->handles);
    if (fields & HF_TASK_BUFFER) result->value[0] = set_page((void **)&task->buffer, block->buffer);
    if (fields & HF_TASK_OPERATIONS) result->value[1] = set_page((void **)&task->operations, block->operations);
    if (fields & HF_TASK_PAGER) set_pager(task, block);
    if (fields & HF_TASK_MEMORY) task->memory = (uint8_t)block->memory;
    if (fields & HF_TASK_MARK) task->mark = block->mark;
}

hf_status_t mmu_task_set(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct hf_operation_page *page;
    struct task *task = frame_pointer(op->object);
    if (task->state != HF_TASK_STOPPED || task->dying) return HF_NOT_READY;
    hf_status_t status = mmu_spill(mmu, &page);
    if (status != HF_OK) return status;
    struct hf_task_block block = page->task; /* read once: ring 3 may change it meanwhile */
    status = check_block(&block);
    if (status != HF_OK) return status;
    /* commit */
    result->value[0] = result->value[1] = HF_NO_FRAME;
    set_block(task, &block, result);
    return HF_OK;
}

/* ---- TASK_GET ---- */

static hf_frame_t frame_or_none(const void *object) { return object ? frame_of(object) : HF_NO_FRAME; }

static hf_frame_t waits_for(const struct task *task) {
    bool queued = task->state == HF_TASK_SENDING || task->state == HF_TASK_RECEIVING;
    if (queued) return frame_of(task->queued_at);
    return task->state == HF_TASK_WAITING ? frame_of(task->server) : HF_NO_FRAME;
}

hf_status_t mmu_task_get(struct mmu *mmu, const struct hf_operation *op, struct hf_result *) {
    struct hf_operation_page *page;
    const struct task *task = frame_pointer(op->object);
    const struct frame_registers *registers = &task->registers;
    hf_status_t status = mmu_spill(mmu, &page);
    if (status != HF_OK) return status;
    page->task = (struct hf_task_block){
        .fields = HF_TASK_FIELDS_ALL,
        .registers = {.rip = registers->rip,
                      .rflags = registers->rflags,
                      .rsp = registers->rsp,
                      .fs_base = task->fs_base},
        .priority = task->priority,
        .aspace = task->cr3 ? task->cr3 >> HF_PAGE_SHIFT : HF_NO_FRAME,
        .handles = task->handles == handle_none ? HF_NO_FRAME : frame_of(task->handles),
        .buffer = frame_or_none(task->buffer),
        .operations = frame_or_none(task->operations),
        .pager = frame_or_none((const void *)task->pager.object),
        .pager_badge = task->pager.badge,
        .memory = task->memory,
        .mark = task->mark,
        .serial = task->serial,
        .state = task->state,
        .waits_for = waits_for(task),
        .ticks = task->ticks,
    };
    copy_bytes(&page->task.registers, registers, GENERAL_BYTES);
    return HF_OK;
}

/* ---- Running and ending ---- */

hf_status_t mmu_task_start(struct mmu *, const struct hf_operation *op, struct hf_result *) {
    struct task *task = frame_pointer(op->object);
    if (task->state != HF_TASK_STOPPED || task->dying || !task->cr3) return HF_NOT_READY;
    /* commit */
    schedule_ready(task);
    return HF_OK;
}

hf_status_t mmu_task_stop(struct mmu *mmu, const struct hf_operation *op, struct hf_result *) {
    struct task *task = frame_pointer(op->object);
    if (task == mmu->task) return HF_BAD_ARGUMENT;
    if (task->state == HF_TASK_STOPPED) return HF_NOT_READY;
    /* commit */
    if (task->state == HF_TASK_READY) {
        schedule_remove(task);
    } else {
        ipc_cancel(task);
    }
    task->state = HF_TASK_STOPPED;
    return HF_OK;
}

hf_status_t mmu_task_destroy(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct task *task = frame_pointer(op->object);
    if (task->state != HF_TASK_STOPPED) return HF_NOT_READY;
    if (!mmu_take_entries(mmu, WAKE_LIMIT)) return HF_AGAIN;
    /* commit */
    task->dying = 1;
    if (!ipc_abandon(task, WAKE_LIMIT - 1)) return HF_AGAIN;
    set_aspace(task, HF_NO_FRAME);
    set_handles(task, HF_NO_FRAME);
    result->value[0] = set_page((void **)&task->buffer, HF_NO_FRAME);
    result->value[1] = set_page((void **)&task->operations, HF_NO_FRAME);
    frame_release(op->object);
    return HF_OK;
}
