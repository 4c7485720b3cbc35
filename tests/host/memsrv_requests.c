#include "memsrv_requests.h"

#include "draw.h"
#include "world.h"
#include <handoff/mem.h>
#include <string.h>

/* ---- handles ---- */

static unsigned via_of(const struct task *task, unsigned slot) {
    const struct handle *handle = &task->handles[slot], *own = &task->handles[HF_SLOT_MEMSRV];
    bool memsrvs = handle->kind == HF_HANDLE_ENDPOINT && handle->object == own->object;
    return memsrvs ? memsrv_via(handle->badge) : 0;
}

unsigned draw_handle(const struct task *task, unsigned vias) {
    const unsigned from = (unsigned)draw(HF_HANDLE_COUNT);
    for (unsigned i = 0; i < HF_HANDLE_COUNT; i++) {
        const unsigned slot = (from + i) % HF_HANDLE_COUNT;
        if (via_of(task, slot) & vias) return slot;
    }
    return 0;
}

unsigned draw_vias(uint32_t label) {
    static const unsigned vias[HF_MEM_COUNT] = {
#define X(name, via, text) [HF_MEM_##name] = (via),
        HF_MEM_LABEL_LIST(X)
#undef X
    };
    return label < HF_MEM_COUNT ? vias[label] : HF_VIA_SELF;
}

/* Any that it has, or 0; one to an endpoint of its own, or of another's. */
static uint32_t draw_slot(const struct task *task) {
    const unsigned from = (unsigned)draw(HF_HANDLE_COUNT);
    for (unsigned i = 0; i < HF_HANDLE_COUNT; i++) {
        const unsigned slot = (from + i) % HF_HANDLE_COUNT;
        if (slot >= HF_SLOT_GIVEN && task->handles[slot].kind != HF_HANDLE_NONE) return slot;
    }
    return 0;
}

static uint32_t draw_endpoint(const struct task *task) {
    for (unsigned slot = HF_SLOT_GIVEN; slot < HF_HANDLE_COUNT; slot++) {
        if (task->handles[slot].kind == HF_HANDLE_ENDPOINT && via_of(task, slot) == 0) return slot;
    }
    return draw_slot(task);
}

/* ---- mappings ---- */

uint64_t draw_rights(void) {
    static const uint64_t good[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};
    return draw(15) == 0 ? draw(20) : good[draw(4)];
}

uint64_t draw_length(void) {
    switch (draw(12)) {
    case 0:
        return draw(2) ? draw(1ull << 36) : (draw(1ull << 40) << draw(24)) | 1ull << 47; /* long, or too long */
    case 1:
        return draw(3);
    case 2:
        return draw(draw(8) ? 60 : 900) * HF_PAGE_SIZE;
    default:
        return draw(24) * HF_PAGE_SIZE + (draw(3) ? 0 : draw(HF_PAGE_SIZE));
    }
}

static void draw_map(struct frame_registers *registers) {
    static const uint64_t sensible[] = {
        0, 0, 0, 0, HF_MAP_NOW, HF_MAP_NOW, HF_MAP_SMALL, HF_MAP_GUARD, HF_MAP_LARGE, HF_MAP_LARGE | HF_MAP_NOW};
    registers->r8 = draw_rights();
    registers->r9 = draw(12) ? sensible[draw(sizeof sensible / sizeof sensible[0])] : draw(64);
    if ((registers->r9 & HF_MAP_LARGE) && draw(2)) {
        registers->r10 = (1 + draw(2)) * HF_RUN_SIZE + draw(3) * HF_PAGE_SIZE;
    }
}

static void draw_object_map(struct frame_registers *registers, const struct known *known) {
    registers->rdx = draw(5) ? 0 : known->address;
    registers->r10 = draw(8) ? (1 + draw(3)) * HF_PAGE_SIZE : draw_length();
    registers->r8 = draw_rights();
    registers->r9 = draw(6) ? 0 : draw(4);
    registers->r12 = draw(8) ? draw(3) * HF_PAGE_SIZE : draw(1ull << 40) << draw(24);
}

/* ---- new tasks ---- */

static void draw_spawn(struct task *task) {
    struct hf_spawn *spawn = (void *)task->buffer->bytes;
    static const char strings[] = "child\0argument";
    memset(spawn, 0, sizeof *spawn);
    *spawn = (struct hf_spawn){.quota = draw(3) ? 0 : draw(60), .argument_count = 1, .string_bytes = sizeof strings};
    memcpy(spawn->strings, draw(20) ? strings : "nobody\0argument", sizeof strings);
    uint64_t bytes = offsetof(struct hf_spawn, strings) + sizeof strings;
    switch (draw(12)) {
    case 0:
    case 3:
        spawn->handle_count = (uint32_t)draw(draw(9) ? 4 : 10);
        for (unsigned i = 0; i < HF_SPAWN_HANDLES; i++) {
            spawn->handles[i] = draw(20) ? draw_slot(task) : (uint32_t)draw(200);
        }
        break;
    case 1:
        for (unsigned i = 0; i < 12; i++) { /* damage */
            ((uint8_t *)spawn)[draw(bytes)] = (uint8_t)draw(256);
        }
        break;
    case 2:
        bytes = draw(HF_MESSAGE_BYTES);
        break;
    }
    task->registers.rsi |= bytes << 32;
}

static void draw_name(struct task *task) {
    struct frame_registers *registers = &task->registers;
    const bool look_up = (uint32_t)registers->rsi == HF_MEM_LOOKUP;
    static const char *const names[] = {"console", "timer", "a", "", "longer than any name that there can be"};
    const char *name = names[draw(5) ? draw(3) : draw(5)];
    strcpy((char *)task->buffer->bytes, name);
    registers->rsi |= (strlen(name) + (draw(40) ? 1 : draw(3))) << 32;
    registers->rdx = look_up ? draw(12) == 0 : draw(6) ? draw_endpoint(task) : draw(1u << 20);
}

static void draw_thread(struct task *task) {
    struct frame_registers *registers = &task->registers;
    static const uint64_t wrong[] = {HF_USER_END, 1ull << 47, 1ull << 63, UINT64_MAX};
    uint64_t *fields[] = {&registers->rdx, &registers->r8, &registers->r9};
    for (unsigned i = 0; i < 3; i++) {
        *fields[i] = draw(30) ? draw(HF_USER_END) : wrong[draw(4)];
    }
}

static void draw_fork(struct frame_registers *registers) {
    registers->rdx = draw(20) ? 0x40001000 : draw(1ull << 40) << draw(24);
    registers->r10 = draw(20) ? 0x7fffc000 : draw(1ull << 40) << draw(24);
    registers->r8 = draw(20) ? 0 : draw(1ull << 40) << draw(24);
}

/* ---- everything ---- */

/* With bytes, which stand in the task's buffer. */
static void draw_bytes(struct task *task, uint32_t label) {
    if (!task->buffer) return;
    if (label == HF_MEM_SPAWN) {
        draw_spawn(task);
    } else if (label == HF_MEM_REGISTER || label == HF_MEM_LOOKUP) {
        draw_name(task);
    }
}

void draw_words(struct task *task, uint32_t label, const struct known *known) {
    struct frame_registers *registers = &task->registers;
    registers->rdx = draw(4) ? 0 : known->number; /* in most a task, 0 being the one that asks */
    registers->r10 = known->address;
    registers->r8 = draw_rights();
    registers->r9 = draw(16);
    registers->r12 = draw(2) * draw(1ull << 40);
    switch (label) {
    case HF_MEM_MAP:
    case HF_MEM_UNMAP:
    case HF_MEM_PROTECT:
        registers->rdx = label == HF_MEM_MAP && draw(6) ? 0 : known->address;
        registers->r10 = draw_length();
        draw_map(registers);
        break;
    case HF_MEM_OBJECT_MAP:
        draw_object_map(registers, known);
        break;
    case HF_MEM_OBJECT_CREATE:
        registers->rdx = draw_length();
        break;
    case HF_MEM_OBJECT_HANDLE:
        registers->rdx = draw_rights();
        break;
    case HF_MEM_PAGER_SUPPLY:
    case HF_MEM_PAGER_PASS:
    case HF_MEM_PAGER_REFUSE:
        registers->rdx = draw(9) ? known->id : draw(50);
        break;
    case HF_MEM_NAME_OF:
        registers->rdx = known->address;
        break;
    case HF_MEM_TASK_KILL:
        registers->rdx = known->number;
        break;
    case HF_MEM_TASKS:
    case HF_MEM_IMAGES:
        registers->rdx = draw(8);
        break;
    case HF_MEM_THREAD:
        draw_thread(task);
        break;
    case HF_MEM_FORK:
        draw_fork(registers);
        break;
    default:
        draw_bytes(task, label);
    }
}
