#include "memsrv_requests.h"

#include "draw.h"
#include <handoff/mem.h>
#include <string.h>

uint64_t draw_rights(void) {
    static const uint64_t good[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};
    return draw(15) == 0 ? draw(20) : good[draw(3)];
}

uint64_t draw_length(void) {
    switch (draw(12)) {
    case 0:
        return draw(1ull << 40) << draw(24);
    case 1:
        return draw(3);
    case 2:
        return draw(draw(8) ? 60 : 900) * HF_PAGE_SIZE;
    default:
        return draw(24) * HF_PAGE_SIZE + (draw(3) ? 0 : draw(HF_PAGE_SIZE));
    }
}

void draw_spawn(struct task *task) {
    struct hf_spawn *spawn = (void *)task->buffer->bytes;
    static const char strings[] = "child\0argument";
    memset(spawn, 0, sizeof *spawn);
    *spawn = (struct hf_spawn){.quota = draw(3) ? 0 : draw(60), .argument_count = 1, .string_bytes = sizeof strings};
    memcpy(spawn->strings, draw(20) ? strings : "nobody\0argument", sizeof strings);
    uint64_t bytes = offsetof(struct hf_spawn, strings) + sizeof strings;
    switch (draw(12)) {
    case 0:
        spawn->handle_count = (uint32_t)draw(10);
        for (unsigned i = 0; i < HF_SPAWN_HANDLES; i++) {
            spawn->handles[i] = 100 + (uint32_t)draw(30);
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

void draw_name(struct task *task) {
    struct frame_registers *registers = &task->registers;
    const bool look_up = (uint32_t)registers->rsi == HF_MEM_LOOKUP;
    static const char *const names[] = {"console", "timer", "a", "", "longer than any name that there can be"};
    const char *name = names[draw(5) ? draw(3) : draw(5)];
    strcpy((char *)task->buffer->bytes, name);
    registers->rsi |= (strlen(name) + draw(40) / 39) << 32 | (draw(40) ? 1ull << 32 : 0);
    registers->rdx = look_up ? draw(12) == 0 : draw(draw(6) ? HF_HANDLE_COUNT : 1u << 20);
}

void draw_thread(struct task *task) {
    struct frame_registers *registers = &task->registers;
    static const uint64_t wrong[] = {HF_USER_END, 1ull << 47, 1ull << 63, UINT64_MAX};
    uint64_t *fields[] = {&registers->rdx, &registers->r8, &registers->r9};
    for (unsigned i = 0; i < 3; i++) {
        *fields[i] = draw(30) ? draw(HF_USER_END) : wrong[draw(4)];
    }
}
