#define _GNU_SOURCE
#include "memsrv_machine.h"

#include "schedule.h"
#include <errno.h>
#include <mmu.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void memsrv_main(const struct hf_boot *boot);

struct task *memsrv;
bool memsrv_ended;

/* Frames for what memsrv has from the beginning: objects, tables, modules; all of run 0. */
enum { ROOT = WORLD_FREE, TASK_FRAME, HANDLES_FRAME, BUFFER_FRAME, OPERATIONS_FRAME, FIRST_OTHER };

static hf_frame_t next_frame;
static int ram_file = -1;
static bool (*driver)(void);
static jmp_buf finished;

/* ---- RAM that can be seen at two addresses ---- */

static void show(uint64_t address, hf_frame_t frame, int protection) {
    void *at = mmap((void *)address, HF_PAGE_SIZE, protection, MAP_SHARED | MAP_FIXED, ram_file,
                    (off_t)(frame * HF_PAGE_SIZE));
    assert_ptr_equal(at, (void *)address);
}

static void share_ram(void) {
    if (ram_file < 0) {
        ram_file = memfd_create("ram", 0);
        assert_int_equal(ftruncate(ram_file, sizeof machine_ram), 0);
        void *at = mmap(machine_ram, sizeof machine_ram, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ram_file, 0);
        assert_ptr_equal(at, machine_ram);
    }
}

/* ---- memsrv's calls ---- */

static uint64_t tag_of(const struct hf_message *message) {
    uint64_t tag;
    memcpy(&tag, message, sizeof tag);
    return tag;
}

static void put_message(const struct hf_message *message) {
    struct frame_registers *registers = &memsrv->registers;
    registers->rsi = tag_of(message);
    registers->rdx = message->word[0];
    registers->r10 = message->word[1];
    registers->r8 = message->word[2];
    registers->r9 = message->word[3];
    registers->r12 = message->word[4];
    registers->r13 = message->word[5];
}

static hf_status_t get_message(struct hf_message *message, struct hf_sender *sender) {
    const struct frame_registers *registers = &memsrv->registers;
    if (registers->rax == HF_OK) {
        memcpy(message, &registers->rsi, sizeof registers->rsi);
        message->word[0] = registers->rdx;
        message->word[1] = registers->r10;
        message->word[2] = registers->r8;
        message->word[3] = registers->r9;
        message->word[4] = registers->r12;
        message->word[5] = registers->r13;
        *sender = (struct hf_sender){registers->rdi, registers->rbx};
    }
    return (hf_status_t)registers->rax;
}

/* memsrv's worker, which is in memsrv's address space: NULL until there is one. */
static struct task *worker(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        struct task *task = (void *)machine_ram[frame];
        if (frame_type(frame) == HF_FRAME_TASK && task != memsrv && task->cr3 == memsrv->cr3) {
            return task;
        }
    }
    return NULL;
}

bool memsrv_at_work(void) {
    const struct task *task = worker();
    return memsrv->state != HF_TASK_RECEIVING || (task != NULL && task->state == HF_TASK_READY);
}

#define WORKER_SLOT 2u

/* It calls memsrv; that is all it does. */
static void let_worker_call(void) {
    struct task *task = worker();
    if (task != NULL && task->state == HF_TASK_READY) {
        task->registers.rdi = WORKER_SLOT;
        task->registers.rsi = 0;
        (void)world_call(task, HF_CALL_CALL);
    }
}

/* A call of memsrv's; the others go on until it comes back, and its worker after them. */
static hf_status_t call(uint64_t number, uint64_t handle) {
    memsrv->registers.rdi = handle;
    hf_status_t status = world_call(memsrv, number);
    while (status == HF_STATUS_COUNT && memsrv->state != HF_TASK_READY) {
        if (!driver()) {
            longjmp(finished, 1);
        }
        if (memsrv->state != HF_TASK_READY) {
            let_worker_call();
        }
    }
    return (hf_status_t)memsrv->registers.rax;
}

hf_status_t hf_receive(hf_handle_t from, struct hf_message *message, struct hf_sender *sender) {
    (void)call(HF_CALL_RECEIVE, from);
    return get_message(message, sender);
}

hf_status_t hf_reply_receive(hf_handle_t from, struct hf_message *message, struct hf_sender *sender) {
    put_message(message);
    (void)call(HF_CALL_REPLY_RECEIVE, from);
    return get_message(message, sender);
}

hf_status_t hf_reply(const struct hf_message *message) {
    put_message(message);
    return call(HF_CALL_REPLY, 0);
}

/* What its worker would do, which is simulated here. */
hf_status_t hf_call(hf_handle_t to, struct hf_message *message) {
    (void)to;
    (void)message;
    return HF_BAD_CALL;
}

void hf_yield(void) {}

/* memsrv calls nobody: what it asks is refused. */
hf_status_t hf_call_nowait(hf_handle_t to, struct hf_message *message) {
    put_message(message);
    const hf_status_t status = call(HF_CALL_CALL | HF_NOWAIT, to);
    assert_int_not_equal(status, HF_OK);
    return status;
}

hf_status_t hf_hold(hf_handle_t *reply) {
    const hf_status_t status = call(HF_CALL_HOLD, *reply);
    *reply = (hf_handle_t)memsrv->registers.rsi;
    return status;
}

hf_status_t hf_reply_held(hf_handle_t reply, const struct hf_message *message) {
    put_message(message);
    return call(HF_CALL_REPLY_HELD, reply);
}

hf_status_t hf_handle_close(hf_handle_t handle) { return call(HF_CALL_HANDLE_CLOSE, handle); }

hf_status_t hf_mmu(uint64_t count, uint64_t *done) {
    memsrv->registers.r14 = count;
    const hf_status_t status = call(HF_CALL_MMU, 0);
    *done = memsrv->registers.r14;
    return status;
}

hf_status_t hf_mmu_reply_receive(uint64_t count, uint64_t *done, hf_handle_t from, struct hf_message *message,
                                 struct hf_sender *sender) {
    put_message(message);
    memsrv->registers.r14 = count;
    const hf_status_t status = call(HF_CALL_MMU_REPLY_RECEIVE, from);
    *done = memsrv->registers.r14;
    return status == HF_OK ? get_message(message, sender) : status;
}

hf_status_t hf_port_in(hf_handle_t handle, uint16_t port, unsigned size, uint32_t *value) {
    (void)handle;
    (void)port;
    (void)size;
    *value = UINT32_MAX;
    return HF_OK;
}

hf_status_t hf_port_out(hf_handle_t handle, uint16_t port, unsigned size, uint32_t value) {
    (void)handle;
    (void)port;
    (void)size;
    putc((int)value, stderr);
    return HF_OK;
}

hf_status_t hf_power(hf_handle_t power, unsigned code) {
    (void)power;
    (void)code;
    memsrv_ended = true;
    longjmp(finished, 1);
}

/* ---- memsrv's own mappings ---- */

static void install_and_map(uint64_t address, hf_frame_t frame) {
    struct hf_operation map = {.code = HF_OP_MAP,
                               .level = HF_LEVEL_PT,
                               .rights = HF_READ | HF_WRITE,
                               .object = ROOT,
                               .address = address,
                               .frame = frame};
    while (ask(&map) == HF_NO_TABLE) {
        GRANTED(.code = HF_OP_TABLE_INSTALL, .level = (uint8_t)result.detail, .object = ROOT, .address = address,
                .frame = next_frame++);
    }
    assert_int_equal(result.status, HF_OK);
}

/* A page of memsrv's image, which the machine has no frame for until it is asked about. */
static void give_frame(uint64_t address) {
    const hf_frame_t frame = next_frame++;
    GRANTED(.code = HF_OP_STAGE, .object = frame, .frame = HF_NO_FRAME);
    memcpy(machine_ram[frame], (const void *)address, HF_PAGE_SIZE);
    install_and_map(address, frame);
    show(address, frame, PROT_READ | PROT_WRITE);
}

static hf_status_t one(const struct hf_operation *operation, struct hf_result *answer) {
    uint64_t words[4];
    memcpy(words, operation, sizeof words);
    memsrv->registers.rsi = words[1];
    memsrv->registers.rdx = words[2];
    memsrv->registers.r10 = words[3];
    const hf_status_t status = call(HF_CALL_MMU_ONE, words[0]);
    const uint64_t answers[] = {memsrv->registers.rdi, memsrv->registers.rsi, memsrv->registers.rdx,
                                memsrv->registers.r10};
    memcpy(answer, answers, sizeof answers);
    return status;
}

hf_status_t hf_mmu_one(const struct hf_operation *operation, struct hf_result *answer) {
    hf_status_t status = one(operation, answer);
    if (operation->object != ROOT || status != HF_OK) {
        return status;
    }
    if (operation->code == HF_OP_MAP) {
        show(operation->address, operation->frame, PROT_READ | ((operation->rights & HF_WRITE) ? PROT_WRITE : 0));
    } else if (operation->code == HF_OP_UNMAP) {
        show(operation->address, 0, PROT_NONE);
    } else if (operation->code == HF_OP_TRANSLATE && !(answer->value[0] & 1)) {
        give_frame(operation->address);
        status = one(operation, answer);
    }
    return status;
}

/* ---- boot ---- */

static struct hf_boot information;

/* In order; one with gaps before it closes the range before. */
static void add_range(hf_frame_t first, hf_frame_t end, enum hf_range_kind kind) {
    struct hf_boot_map *map = &information.map;
    if (first == end) {
        return;
    }
    map->count -= map->count > 0 && map->range[map->count - 1].first == first;
    map->range[map->count++] = (struct hf_boot_range){first, kind};
    map->range[map->count++] = (struct hf_boot_range){end, HF_RANGE_NONE};
}

/* Pinned USER frames with the module's bytes. */
static void load_module(const struct memsrv_module *module) {
    const uint64_t frames = (module->length + HF_PAGE_SIZE - 1) / HF_PAGE_SIZE;
    struct hf_boot_module *entry = &information.module[information.module_count++];
    *entry = (struct hf_boot_module){.first = next_frame, .bytes = module->length};
    strcpy(entry->name, module->name);
    for (uint64_t i = 0; i < frames; i++) {
        const size_t left = module->length - i * HF_PAGE_SIZE;
        const hf_frame_t frame = next_frame++;
        memset(machine_ram[frame], 0, HF_PAGE_SIZE);
        memcpy(machine_ram[frame], (const uint8_t *)module->bytes + i * HF_PAGE_SIZE,
               left < HF_PAGE_SIZE ? left : HF_PAGE_SIZE);
        machine_headers[0].busy++; /* FREE until now */
        frame_boot_set(frame, HF_FRAME_USER, HF_FRAME_PINNED);
    }
}

/* How many frames of run 0 are kept for tables and image pages of memsrv's. */
#define KEPT 24u
static hf_frame_t first_free;

static void describe(const struct memsrv_module *modules, unsigned count) {
    memset(&information, 0, sizeof information);
    next_frame = FIRST_OTHER;
    for (unsigned i = 0; i < count; i++) {
        load_module(&modules[i]);
    }
    add_range(FIRST_OTHER, next_frame, HF_RANGE_MODULE);
    first_free = next_frame + KEPT;
    add_range(next_frame, first_free, HF_RANGE_MEMSRV);
    add_range(first_free, 2 * MACHINE_RUN, HF_RANGE_FREE);
    add_range(2 * MACHINE_RUN, 3 * MACHINE_RUN, HF_RANGE_CORE);
    add_range(4 * MACHINE_RUN, MACHINE_FRAMES, HF_RANGE_FREE);
    information.magic = HF_BOOT_MAGIC;
    information.version = HF_BOOT_VERSION;
    information.map.total_ram = (MACHINE_FRAMES - MACHINE_RUN) * HF_PAGE_SIZE;
    information.aspace = ROOT;
    information.task = TASK_FRAME;
    information.handles = HANDLES_FRAME;
    strcpy(information.command_line, "quiet addresses=fixed");
}

uint64_t memsrv_first_frames(void) { return first_free - next_frame; }

static void make_memsrv(void) {
    make_aspace(ROOT);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = HANDLES_FRAME);
    memsrv = make_task(TASK_FRAME, ROOT, HANDLES_FRAME, 200);
    for (hf_frame_t frame = BUFFER_FRAME; frame <= OPERATIONS_FRAME; frame++) {
        GRANTED(.code = HF_OP_STAGE, .object = frame, .frame = HF_NO_FRAME);
    }
    install_and_map(HF_MEMSRV_BUFFER, BUFFER_FRAME);
    install_and_map(HF_MEMSRV_OPERATIONS, OPERATIONS_FRAME);
    show(HF_MEMSRV_BUFFER, BUFFER_FRAME, PROT_READ | PROT_WRITE);
    show(HF_MEMSRV_OPERATIONS, OPERATIONS_FRAME, PROT_READ | PROT_WRITE);
    asker_page.task = (struct hf_task_block){.fields = HF_TASK_BUFFER | HF_TASK_OPERATIONS | HF_TASK_MEMORY,
                                             .buffer = BUFFER_FRAME,
                                             .operations = OPERATIONS_FRAME,
                                             .memory = 1};
    GRANTED(.code = HF_OP_TASK_SET, .object = TASK_FRAME);
    GRANTED(.code = HF_OP_TASK_START, .object = TASK_FRAME);
}

static void show_information(void) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    void *at = mmap((void *)HF_BOOT_INFO, sizeof information, PROT_READ | PROT_WRITE, flags, -1, 0);
    assert_ptr_equal(at, (void *)HF_BOOT_INFO);
    memcpy(at, &information, sizeof information);
}

void memsrv_run(const struct memsrv_module *modules, unsigned count, bool (*step)(void)) {
    share_ram();
    world_start(NULL);
    describe(modules, count);
    make_memsrv();
    show_information();
    driver = step;
    memsrv_ended = false;
    if (setjmp(finished) == 0) {
        memsrv_main((const struct hf_boot *)HF_BOOT_INFO);
    }
}
