#include "handle.h"

#include "device.h"
#include "ipc.h"
#include "mmu.h"

struct handle handle_none[HF_HANDLE_COUNT];

struct handle *handle_in(const struct task *task, uint64_t slot) {
    return slot > 0 && slot < HF_HANDLE_COUNT ? &task->handles[slot] : NULL;
}

hf_status_t handle_free_slot(const struct handle *table, unsigned *slot) {
    if (table == handle_none) {
        return HF_NO_MEMORY;
    }
    if (*slot != HF_SLOT_ANY) {
        if (*slot == 0 || *slot >= HF_HANDLE_COUNT) {
            return HF_BAD_HANDLE;
        }
        return table[*slot].kind == HF_HANDLE_NONE ? HF_OK : HF_EXISTS;
    }
    /* From above: low slots are those that programs agree on by number. */
    for (unsigned i = HF_HANDLE_COUNT - 1; i > 0; i--) {
        if (table[i].kind == HF_HANDLE_NONE) {
            *slot = i;
            return HF_OK;
        }
    }
    return HF_NO_MEMORY;
}

hf_status_t handle_endpoint(const struct task *task, uint64_t slot, unsigned right, struct endpoint **endpoint,
                            hf_badge_t *badge) {
    const struct handle *handle = handle_in(task, slot);
    if (!handle || handle->kind != HF_HANDLE_ENDPOINT) {
        return HF_BAD_HANDLE;
    }
    if (!(handle->rights & right)) {
        return HF_DENIED;
    }
    *endpoint = (struct endpoint *)handle->object;
    *badge = handle->badge;
    return endpoint_alive(*endpoint, handle->serial) ? HF_OK : HF_DEAD;
}

hf_status_t handle_use(const struct task *task, uint64_t slot, enum hf_handle_kind kind,
                       const struct handle **handle) {
    *handle = handle_in(task, slot);
    if (!*handle || (*handle)->kind != kind) {
        return HF_BAD_HANDLE;
    }
    return ((*handle)->rights & HF_RIGHT_USE) ? HF_OK : HF_DENIED;
}

hf_status_t handle_copy(struct task *task) {
    const struct handle *handle = handle_in(task, task->registers.rdi);
    uint64_t rights = task->registers.rsi;
    hf_badge_t badge = task->registers.rdx;
    uint64_t wanted = task->registers.r10;

    if (!handle || handle->kind == HF_HANDLE_NONE || handle->kind == HF_HANDLE_REPLY) {
        return HF_BAD_HANDLE;
    }
    if (rights > HF_RIGHTS_ALL || wanted > HF_SLOT_ANY) {
        return HF_BAD_ARGUMENT;
    }
    if ((rights & ~(uint64_t)handle->rights) || (badge && !(handle->rights & HF_RIGHT_MINT))) {
        return HF_DENIED;
    }
    unsigned slot = (unsigned)wanted;
    hf_status_t status = handle_free_slot(task->handles, &slot);
    if (status != HF_OK) {
        return status;
    }
    /* commit */
    task->handles[slot] = *handle;
    task->handles[slot].rights = (uint8_t)rights;
    if (badge) {
        task->handles[slot].badge = badge;
    }
    task->registers.rsi = slot;
    return HF_OK;
}

hf_status_t handle_close(struct task *task) {
    struct handle *handle = handle_in(task, task->registers.rdi);
    if (!handle || handle->kind == HF_HANDLE_NONE) {
        return HF_BAD_HANDLE;
    }
    if (handle->kind == HF_HANDLE_REPLY) {
        return ipc_drop_held(task, handle);
    }
    /* commit */
    handle->kind = HF_HANDLE_NONE;
    return HF_OK;
}

hf_status_t mmu_handles_create(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    (void)result;
    if (!only_object(operation)) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_FREE)) {
        return HF_BAD_FRAME;
    }
    if (!mmu_take_object(mmu, operation->object)) {
        return HF_AGAIN;
    }
    /* commit */
    frame_claim(operation->object, HF_FRAME_HANDLES);
    zero_page(frame_pointer(operation->object));
    return HF_OK;
}

hf_status_t mmu_handles_destroy(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    (void)mmu;
    (void)result;
    if (!only_object(operation)) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_HANDLES)) {
        return HF_BAD_FRAME;
    }
    if (frame_entry(operation->object)->refs != 0) {
        return HF_NOT_EMPTY;
    }
    /* commit */
    frame_release(operation->object);
    return HF_OK;
}

/* Makes the handle that an operation describes, without putting it anywhere. */
static hf_status_t make_endpoint(const struct hf_operation *operation, struct handle *made) {
    struct endpoint *endpoint = endpoint_in(operation->frame);
    if (!endpoint || endpoint->serial == 0) {
        return HF_BAD_FRAME;
    }
    *made = (struct handle){.object = (uint64_t)endpoint, .serial = endpoint->serial,
                            .badge = operation->address, .kind = HF_HANDLE_ENDPOINT, .rights = (uint8_t)operation->rights};
    return HF_OK;
}

static hf_status_t make_copy(const struct hf_operation *operation, struct handle *made) {
    const struct handle *table = handles_in(operation->frame);
    if (!table) {
        return HF_BAD_FRAME;
    }
    if (operation->address == 0 || operation->address >= HF_HANDLE_COUNT) {
        return HF_BAD_HANDLE;
    }
    *made = table[operation->address];
    if (made->kind == HF_HANDLE_NONE || made->kind == HF_HANDLE_REPLY) {
        return HF_BAD_HANDLE;
    }
    unsigned rights = operation->rights == HF_RIGHTS_SAME ? made->rights : operation->rights;
    if (!(made->rights & HF_RIGHT_GRANT) || (rights & ~(unsigned)made->rights)) {
        return HF_DENIED;
    }
    made->rights = (uint8_t)rights;
    return HF_OK;
}

static hf_status_t make_ports(const struct hf_operation *operation, struct handle *made) {
    if (!device_ports_grantable(operation->frame, operation->address)) {
        return HF_DENIED;
    }
    *made = (struct handle){.object = operation->frame, .serial = operation->address, .kind = HF_HANDLE_PORTS,
                             .rights = (uint8_t)operation->rights};
    return HF_OK;
}

static hf_status_t make_irq(const struct hf_operation *operation, struct handle *made) {
    if (operation->address) {
        return HF_BAD_ARGUMENT;
    }
    if (!device_irq_grantable(operation->frame)) {
        return HF_DENIED;
    }
    *made = (struct handle){.object = operation->frame, .kind = HF_HANDLE_IRQ, .rights = (uint8_t)operation->rights};
    return HF_OK;
}

static hf_status_t make_power(const struct hf_operation *operation, struct handle *made) {
    *made = (struct handle){.kind = HF_HANDLE_POWER, .rights = (uint8_t)operation->rights};
    return operation->frame || operation->address ? HF_BAD_ARGUMENT : HF_OK;
}

static hf_status_t (*const makers[])(const struct hf_operation *, struct handle *) = {
    [HF_PUT_ENDPOINT] = make_endpoint, [HF_PUT_COPY] = make_copy,   [HF_PUT_PORTS] = make_ports,
    [HF_PUT_IRQ] = make_irq,           [HF_PUT_POWER] = make_power,
};

hf_status_t mmu_handle_put(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    struct handle made;
    struct handle *table = handles_in(operation->object);
    unsigned slot = operation->count;

    bool same = operation->level == HF_PUT_COPY && operation->rights == HF_RIGHTS_SAME;
    if (operation->level >= sizeof(makers) / sizeof(makers[0]) || (operation->rights > HF_RIGHTS_ALL && !same)) {
        return HF_BAD_ARGUMENT;
    }
    if (!table) {
        return HF_BAD_FRAME;
    }
    hf_status_t status = makers[operation->level](operation, &made);
    if (status == HF_OK && !mmu_take_entries(mmu, slot == HF_SLOT_ANY ? HF_HANDLE_COUNT : 1)) {
        status = HF_AGAIN;
    }
    if (status == HF_OK) {
        status = handle_free_slot(table, &slot);
    }
    if (status != HF_OK) {
        return status;
    }
    /* commit */
    table[slot] = made;
    result->detail = slot;
    return HF_OK;
}
