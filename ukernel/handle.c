#include "device.h"
#include "ipc.h"
#include "mmu.h"

struct handle handle_none[HF_HANDLE_COUNT];

static bool can_be_copied(const struct handle *handle) {
    return handle && handle->kind != HF_HANDLE_NONE && handle->kind != HF_HANDLE_REPLY;
}

hf_status_t handle_free_slot(const struct handle *table, uint64_t *slot) {
    if (table == handle_none) return HF_NO_MEMORY;
    if (*slot != HF_SLOT_ANY) {
        if (*slot == 0 || *slot >= HF_HANDLE_COUNT) return HF_BAD_HANDLE;
        return table[*slot].kind == HF_HANDLE_NONE ? HF_OK : HF_EXISTS;
    }
    /* From above: low slots are those that programs agree on by number. */
    for (*slot = HF_HANDLE_COUNT - 1; *slot > 0; --*slot) {
        if (table[*slot].kind == HF_HANDLE_NONE) return HF_OK;
    }
    return HF_NO_MEMORY;
}

hf_status_t handle_use(const struct task *task, uint64_t slot, enum hf_handle_kind kind, const struct handle **handle) {
    *handle = handle_in(task, slot);
    if (!*handle || (*handle)->kind != kind) return HF_BAD_HANDLE;
    return ((*handle)->rights & HF_RIGHT_USE) ? HF_OK : HF_DENIED;
}

hf_status_t handle_sendable(const struct task *task, uint64_t slot, const struct handle **handle) {
    *handle = handle_in(task, slot);
    if (!can_be_copied(*handle)) return HF_BAD_HANDLE;
    return ((*handle)->rights & HF_RIGHT_GRANT) ? HF_OK : HF_DENIED;
}

hf_status_t call_handle_copy(struct task *task) {
    const struct handle *handle = handle_in(task, task->registers.rdi);
    uint64_t rights = task->registers.rsi, slot = task->registers.r10;
    hf_badge_t badge = task->registers.rdx;
    if (!can_be_copied(handle)) return HF_BAD_HANDLE;
    if (rights > HF_RIGHTS_ALL) return HF_BAD_ARGUMENT;
    bool more = (rights & ~(uint64_t)handle->rights) || (badge && !(handle->rights & HF_RIGHT_MINT));
    if (more) return HF_DENIED;
    hf_status_t status = handle_free_slot(task->handles, &slot);
    if (status != HF_OK) return status;
    /* commit */
    struct handle copy = *handle;
    copy.rights = (uint8_t)rights;
    copy.badge = badge ? badge : handle->badge;
    task->handles[slot] = copy;
    task->registers.rsi = slot;
    return HF_OK;
}

hf_status_t call_handle_close(struct task *task) {
    struct handle *handle = handle_in(task, task->registers.rdi);
    if (!handle || handle->kind == HF_HANDLE_NONE) return HF_BAD_HANDLE;
    if (handle->kind == HF_HANDLE_REPLY) return ipc_drop_held(task, handle);
    /* commit */
    handle->kind = HF_HANDLE_NONE;
    return HF_OK;
}

hf_status_t mmu_handles_create(struct mmu *mmu, const struct hf_operation *op, struct hf_result *) {
    return mmu_create(mmu, op->object, HF_FRAME_HANDLES) ? HF_OK : HF_AGAIN;
}

hf_status_t mmu_handles_destroy(struct mmu *, const struct hf_operation *op, struct hf_result *) {
    if (frame_entry(op->object)->refs != 0) return HF_NOT_EMPTY;
    /* commit */
    frame_release(op->object);
    return HF_OK;
}

static bool is_empty(const struct handle *table) {
    unsigned any = HF_HANDLE_NONE;
#pragma GCC unroll 16
    for (unsigned slot = 0; slot < HF_HANDLE_COUNT; slot++) any |= table[slot].kind;
    return any == HF_HANDLE_NONE;
}

hf_status_t mmu_handles_copy(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    const struct handle *from = handles_in(op->frame);
    struct handle *to = frame_pointer(op->object);
    if (!from) return HF_BAD_FRAME;
    if (!is_empty(to)) return HF_NOT_EMPTY;
    if (!mmu_take_page(mmu)) return HF_AGAIN;
#pragma GCC unroll 8
    /* commit */
    for (unsigned slot = 0; slot < HF_HANDLE_COUNT; slot++) {
        if (!(from[slot].rights & HF_RIGHT_GRANT) || !can_be_copied(&from[slot])) continue;
        to[slot] = from[slot];
        result->detail++;
    }
    return HF_OK;
}

/* ---- HANDLE_PUT: the handle that an operation describes, not put anywhere yet. Its
 * ---- kind, rights and badge are filled in for the common case. */

static hf_status_t make_endpoint(const struct hf_operation *op, struct handle *made) {
    struct endpoint *endpoint = endpoint_in(op->frame);
    if (!endpoint || endpoint->serial == 0) return HF_BAD_FRAME;
    made->kind = HF_HANDLE_ENDPOINT;
    made->object = (uint64_t)endpoint;
    made->serial = endpoint->serial;
    made->badge = op->address;
    return HF_OK;
}

static hf_status_t make_copy(const struct hf_operation *op, struct handle *made) {
    const struct handle *table = handles_in(op->frame);
    uint64_t slot = op->address;
    if (!table) return HF_BAD_FRAME;
    if (slot == 0 || slot >= HF_HANDLE_COUNT || !can_be_copied(&table[slot])) return HF_BAD_HANDLE;
    unsigned rights = op->rights == HF_RIGHTS_SAME ? table[slot].rights : op->rights;
    *made = table[slot];
    if (!(made->rights & HF_RIGHT_GRANT) || (rights & ~(unsigned)made->rights)) return HF_DENIED;
    made->rights = (uint8_t)rights;
    return HF_OK;
}

static hf_status_t make_ports(const struct hf_operation *op, struct handle *made) {
    made->kind = HF_HANDLE_PORTS;
    made->object = op->frame;
    made->serial = op->address;
    return device_ports_grantable(op->frame, op->address) ? HF_OK : HF_DENIED;
}

static hf_status_t make_irq(const struct hf_operation *op, struct handle *made) {
    made->kind = HF_HANDLE_IRQ;
    made->object = op->frame;
    if (op->address) return HF_BAD_ARGUMENT;
    return device_irq_grantable(op->frame) ? HF_OK : HF_DENIED;
}

static hf_status_t make_power(const struct hf_operation *op, struct handle *made) {
    made->kind = HF_HANDLE_POWER;
    return op->frame || op->address ? HF_BAD_ARGUMENT : HF_OK;
}

static hf_status_t (*const makers[])(const struct hf_operation *, struct handle *) = {
    [HF_PUT_ENDPOINT] = make_endpoint, [HF_PUT_COPY] = make_copy,   [HF_PUT_PORTS] = make_ports,
    [HF_PUT_IRQ] = make_irq,           [HF_PUT_POWER] = make_power,
};

hf_status_t mmu_handle_put(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct handle *table = frame_pointer(op->object);
    struct handle made = {.rights = (uint8_t)op->rights};
    uint64_t slot = op->count;
    if (op->level >= sizeof(makers) / sizeof(makers[0])) return HF_BAD_ARGUMENT;
    bool same = op->level == HF_PUT_COPY && op->rights == HF_RIGHTS_SAME;
    if (op->rights > HF_RIGHTS_ALL && !same) return HF_BAD_ARGUMENT;
    hf_status_t status = makers[op->level](op, &made);
    unsigned visited = slot == HF_SLOT_ANY ? HF_HANDLE_COUNT : 1;
    if (status == HF_OK && !mmu_take_entries(mmu, visited)) status = HF_AGAIN;
    if (status == HF_OK) status = handle_free_slot(table, &slot);
    if (status != HF_OK) return status;
    /* commit */
    table[slot] = made;
    result->detail = (uint32_t)slot;
    return HF_OK;
}
