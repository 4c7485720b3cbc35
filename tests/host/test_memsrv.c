// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/aspace.c servers/memsrv/backing.c servers/memsrv/buddy.c servers/memsrv/buddy_table.c
// sources: servers/memsrv/buddy_check.c servers/memsrv/chunk.c servers/memsrv/core.c servers/memsrv/end.c
// sources: servers/memsrv/fault.c servers/memsrv/hold.c servers/memsrv/image.c servers/memsrv/inspect.c servers/memsrv/list.c
// sources: servers/memsrv/last.c servers/memsrv/ledger.c servers/memsrv/main.c servers/memsrv/memory.c
// sources: servers/memsrv/name.c servers/memsrv/own.c servers/memsrv/part.c servers/memsrv/program.c
// sources: servers/memsrv/record.c servers/memsrv/region.c servers/memsrv/serve.c servers/memsrv/spawn.c
// sources: servers/memsrv/task.c servers/memsrv/thread.c servers/memsrv/work.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_requests.c
// sources: tests/host/memsrv_touch.c tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c
// sources: tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address
/* memsrv over the real core, with tasks that ask it for anything: right requests, wrong ones and
 * garbage. (Without ASan, whose shadow stands where memsrv has its own memory.)
 * MEMSRV_OPERATIONS and MEMSRV_SEED in the environment: how many requests (40,000), and which. */
#include "../../ukernel/ipc.h"
#include "draw.h"
#include "entry.h"
#include "memsrv_image.h"
#include "memsrv_machine.h"
#include "memsrv_requests.h"
#include <handoff/mem.h>
#include <stdlib.h>
#include <string.h>

/* Of memsrv's own, which its headers would declare along with names that the core has too. */
extern struct buddy frames;
uint64_t buddy_free_frames(struct buddy *buddy);
const char *buddy_check(const struct buddy *buddy);
uint64_t ledger_total(void);
uint64_t own_count(void);

/* ---- tasks, as they see themselves ---- */

#define CLIENTS 64u
#define PLACES 6u

struct client {
    hf_serial_t serial;                     /* 0: the record is free */
    uint64_t cr3;                           /* by which its threads are known */
    bool alone;                             /* it has had none, and is none */
    uint64_t place[PLACES], length[PLACES]; /* what it has mapped, perhaps */
    uint32_t label;                         /* of its call under way */
    uint64_t asked_length;
    unsigned asked_place;            /* which of them the call is about */
    uint64_t asked_at, freed;        /* the call's address; where nothing is any more */
    unsigned finishing, finish_step; /* a handle, and how far that has got */
};

static struct client clients[CLIENTS];
static unsigned long requests, wanted, granted, refused, faults, spawned;
static bool ending;
static struct task *init;

/* A task that was not seen before: with others in its address space it is not alone, nor are they. */
static struct client new_client(const struct task *task) {
    struct client client = {.serial = task->serial, .cr3 = task->cr3, .alone = true};
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i].serial != 0 && clients[i].cr3 == task->cr3) {
            client.alone = clients[i].alone = false;
        }
    }
    return client;
}

static struct client *client_of(const struct task *task) {
    struct client *unused = NULL;
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i].serial == task->serial) {
            return &clients[i];
        }
        unused = clients[i].serial == 0 ? &clients[i] : unused;
    }
    if (unused == NULL) {
        memset(clients, 0, sizeof clients);
        unused = clients;
    }
    *unused = new_client(task);
    return unused;
}

/* What the last call brought. */
static void take_answer(struct task *task, struct client *client) {
    const uint32_t status = (uint32_t)task->registers.rsi;
    if (client->label == 0) {
        return;
    }
    if (task->registers.rax == HF_OK && status == HF_OK) {
        granted++;
        spawned += client->label == HF_MEM_SPAWN || client->label == HF_MEM_THREAD;
        if (client->label == HF_MEM_MAP) {
            client->place[client->asked_place] = task->registers.rdx;
            client->length[client->asked_place] = client->asked_length;
        } else if (client->label == HF_MEM_UNMAP) {
            client->place[client->asked_place] = 0;
            client->freed = client->asked_at;
        }
    } else {
        refused++;
        if (client->label == HF_MEM_MAP && status == HF_EXISTS && client->asked_at == client->freed && client->alone) {
            fail_msg("%#llx was unmapped, and something is there", (unsigned long long)client->freed);
        }
        if (task->registers.rax == HF_OK && status >= HF_STATUS_COUNT) {
            fail_msg("label %u is answered by %u", client->label, status);
        }
    }
    client->freed = client->label == HF_MEM_MAP ? 0 : client->freed;
    client->label = 0;
}

/* An address where something may be. */
static uint64_t some_address(const struct client *client) {
    static const uint64_t places[] = {0x40000000, 0x40001000,     0x40002000,    0x40003000, 0x7fefc000,
                                      0x7fffc000, 0x7fffb000,     0x7fffe000,    0x7fffd000, 0,
                                      0x10000,    0x7ffffffff000, 0x800000000000};
    if (draw(3) == 0) {
        return places[draw(sizeof places / sizeof places[0])];
    }
    const unsigned at = (unsigned)draw(PLACES);
    const uint64_t pages = client->length[at] / HF_PAGE_SIZE + 1;
    return client->place[at] ? client->place[at] + draw(pages) * HF_PAGE_SIZE : 0x80000000 + draw(64) * HF_PAGE_SIZE;
}

static bool is_task_handle(const struct task *task, unsigned slot) {
    const struct handle *handle = &task->handles[slot];
    return slot >= HF_SLOT_GIVEN && handle->kind == HF_HANDLE_ENDPOINT &&
           handle->object == task->handles[HF_SLOT_MEMSRV].object;
}

static uint64_t some_task_handle(const struct task *task) {
    const unsigned from = (unsigned)draw(HF_HANDLE_COUNT);
    for (unsigned i = 0; i < HF_HANDLE_COUNT; i++) {
        const unsigned slot = (from + i) % HF_HANDLE_COUNT;
        if (is_task_handle(task, slot)) {
            return slot;
        }
    }
    return HF_SLOT_MEMSRV;
}

static uint32_t draw_label(void) {
    static const uint32_t common[] = {HF_MEM_MAP, HF_MEM_MAP,   HF_MEM_UNMAP, HF_MEM_PROTECT,
                                      HF_MEM_MAP, HF_MEM_UNMAP, HF_MEM_STAT,  HF_MEM_PROTECT};
    return draw(4) ? common[draw(8)] : 1 + (uint32_t)draw(HF_MEM_COUNT + 1);
}

/* Tasks and endpoints are not needed for ever: ends one, waits for it, and closes its handle, so that
 * nothing of it is left. False when there is nothing of that kind to be done. */
static bool finish_something(struct task *task, struct client *client) {
    unsigned used = 0;
    for (unsigned slot = HF_SLOT_GIVEN; slot < HF_HANDLE_COUNT; slot++) {
        used += task->handles[slot].kind != HF_HANDLE_NONE;
    }
    if (client->finishing == 0 && draw(HF_HANDLE_COUNT / 2) < used) {
        client->finishing = HF_SLOT_GIVEN + (unsigned)draw(HF_HANDLE_COUNT - HF_SLOT_GIVEN);
        client->finish_step = is_task_handle(task, client->finishing) ? 0 : 2;
    }
    if (client->finishing == 0) {
        return false;
    }
    static const uint32_t labels[] = {HF_MEM_KILL, HF_MEM_WAIT};
    const unsigned at = client->finish_step++;
    task->registers.rdi = client->finishing;
    if (at < 2) {
        task->registers.rsi = client->label = labels[at];
        (void)world_call(task, HF_CALL_CALL);
    } else {
        client->finishing = 0;
        (void)world_call(task, HF_CALL_HANDLE_CLOSE);
    }
    return true;
}

/* Exactly what was mapped once, mostly; or the middle of it. */
static void take_mapped(struct frame_registers *registers, struct client *client) {
    const unsigned at = client->asked_place;
    const uint64_t pages = client->length[at] / HF_PAGE_SIZE;
    if (client->place[at] == 0 || draw(6) == 0) {
        return;
    }
    registers->rdx = client->place[at];
    registers->r10 = client->length[at];
    if (pages > 2 && draw(3) == 0) {
        registers->rdx += HF_PAGE_SIZE;
        registers->r10 = (1 + draw(pages - 2)) * HF_PAGE_SIZE;
    }
}

/* What to ask: for something new where nothing is known to be, and about the old where something is. */
static uint32_t draw_request(const struct task *task, struct client *client) {
    uint32_t label = draw_label();
    client->asked_place = (unsigned)draw(PLACES);
    if (task == init && draw(4)) {
        return draw(12) ? HF_MEM_SPAWN : HF_MEM_TASK_KILL;
    }
    if (task == init && (label == HF_MEM_MAP || label == HF_MEM_UNMAP || label == HF_MEM_PROTECT)) {
        return HF_MEM_STAT; /* what it lost track of would stay for ever */
    }
    if ((label == HF_MEM_EXIT && (task == init || draw(6))) || (label == HF_MEM_TASK_KILL && draw(4)) ||
        (label == HF_MEM_WAIT && (task == init || draw(3)))) {
        label = HF_MEM_STAT;
    }
    const bool known = client->place[client->asked_place] != 0;
    if (label == HF_MEM_MAP && known) {
        return HF_MEM_UNMAP;
    }
    return (label == HF_MEM_UNMAP || label == HF_MEM_PROTECT) && !known ? HF_MEM_MAP : label;
}

/* A request to memsrv, drawn. */
static void ask_memsrv(struct task *task, struct client *client) {
    struct frame_registers *registers = &task->registers;
    const uint32_t label = draw_request(task, client);
    const bool about_task = label == HF_MEM_WAIT || label == HF_MEM_KILL;
    const uint64_t handle = about_task != (draw(30) == 0) ? some_task_handle(task) : HF_SLOT_MEMSRV;
    registers->rsi = label;
    registers->rdx = label == HF_MEM_MAP && draw(6) ? 0 : some_address(client);
    registers->r10 = client->asked_length = draw_length();
    registers->r8 = draw_rights();
    registers->r9 = draw(10) ? (draw(4) == 0) * HF_MAP_NOW : draw(16);
    if (label == HF_MEM_UNMAP || label == HF_MEM_PROTECT) {
        take_mapped(registers, client);
    }
    if (label == HF_MEM_TASK_KILL) {
        registers->rdx = 2 + draw(spawned + 2);
    } else if (label == HF_MEM_TASKS || label == HF_MEM_IMAGES) {
        registers->rdx = draw(8);
    } else if (label == HF_MEM_SPAWN && task->buffer) {
        draw_spawn(task);
    } else if (label == HF_MEM_THREAD) {
        draw_thread(task);
    } else if ((label == HF_MEM_REGISTER || label == HF_MEM_LOOKUP) && task->buffer) {
        draw_name(task);
    }
    if (draw(60) == 0 && task != init) {
        registers->rsi |= draw(1u << 31) | draw(200) << 32;
    }
    if (client->freed != 0 && label == HF_MEM_MAP) { /* one page, just there */
        registers->rdx = client->freed;
        registers->r10 = client->asked_length = HF_PAGE_SIZE;
        registers->r8 = HF_READ;
        registers->r9 = HF_MAP_FIXED;
    }
    client->asked_at = registers->rdx;
    client->label = (uint32_t)registers->rsi;
    requests++;
    registers->rdi = handle;
    (void)world_call(task, HF_CALL_CALL);
}

/* ---- page faults ---- */

static void touch(struct task *task, const struct client *client) {
    const uint64_t address = some_address(client) + draw(HF_PAGE_SIZE), way = draw(3);
    const bool sensible = address >= 0x10000 && address < HF_USER_END;
    if (address < 1ull << 47 && (sensible || draw(4) == 0)) {
        faults += memsrv_touch(task, address, (unsigned)way, draw(100) ? VECTOR_PAGE_FAULT : 13);
    }
}

/* ---- one thing after the other ---- */

static struct task *ready_task(void) {
    static struct task *found[256];
    unsigned count = 0;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES && count < 256; frame++) {
        if (frame_type(frame) == HF_FRAME_TASK) {
            struct task *task = (void *)machine_ram[frame];
            if (task != memsrv && task->state == HF_TASK_READY) {
                found[count++] = task;
            }
        }
    }
    return count ? found[draw(count)] : NULL;
}

static uint64_t frames_of_type(enum hf_frame_type type) {
    uint64_t count = 0;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        count += frame_type(frame) == type;
    }
    return count;
}

/* memsrv's books and the core's say the same, whenever memsrv waits. */
static void compare_books(void) {
    const char *wrong = world_broken();
    if (wrong == NULL) {
        wrong = buddy_check(&frames);
    }
    if (wrong != NULL) {
        fail_msg("after %lu requests: %s", requests, wrong);
    }
    uint64_t sums[HF_FRAME_TYPE_COUNT] = {0};
    frame_sum(sums);
    assert_int_equal(buddy_free_frames(&frames) + memsrv_first_frames(), sums[HF_FRAME_FREE]);
}

static void end_something(struct task *task) {
    task->registers.rdi = HF_SLOT_MEMSRV;
    task->registers.rsi = HF_MEM_EXIT;
    task->registers.rdx = 0;
    (void)world_call(task, HF_CALL_CALL);
}

/* In the end each task that runs exits; init last, when it has ended those that wait for ever. */
static bool end_step(void) {
    struct task *task = ready_task();
    if (task == NULL) {
        return memsrv->state == HF_TASK_READY;
    }
    client_of(task)->label = 0;
    if (task != init) {
        end_something(task);
    } else if (wanted < 2 * spawned + 20) {
        task->registers.rdi = HF_SLOT_MEMSRV;
        task->registers.rsi = HF_MEM_TASK_KILL;
        task->registers.rdx = ++wanted;
        wanted += wanted == 1;
        task->registers.rdx = wanted;
        (void)world_call(task, HF_CALL_CALL);
    } else {
        end_something(task);
    }
    return true;
}

static bool step(void) {
    if (requests >= wanted && !ending) {
        ending = true;
        wanted = 1;
    }
    if (memsrv->state == HF_TASK_RECEIVING && draw(20) == 0) {
        compare_books();
    }
    if (ending) {
        return end_step();
    }
    struct task *task = ready_task();
    if (task == NULL) {
        return memsrv->state == HF_TASK_READY;
    }
    init = init ? init : task;
    struct client *client = client_of(task);
    take_answer(task, client);
    if (finish_something(task, client)) {
        return true;
    }
    if (task == init || draw(3)) {
        ask_memsrv(task, client);
    } else {
        touch(task, client);
    }
    return true;
}

static unsigned long number_from(const char *name, unsigned long usual) {
    const char *given = getenv(name);
    return given != NULL ? strtoul(given, NULL, 0) : usual;
}

static void random_requests(void **state) {
    (void)state;
    const unsigned long seed = number_from("MEMSRV_SEED", 1);
    wanted = number_from("MEMSRV_OPERATIONS", 40000);
    draw_state = DRAW_SEED ^ seed << 20;
    print_message("seed %lu\n", seed);
    const struct memsrv_module modules[] = {{"memsrv", "no program", 11},
                                            {"init", memsrv_image(), MEMSRV_IMAGE_BYTES},
                                            {"child", memsrv_image(), MEMSRV_IMAGE_BYTES - 100}};
    memsrv_run(modules, 3, step);
    print_message("%lu requests, %lu %% granted, %lu faults, %lu tasks; memsrv has %llu frames\n", requests,
                  granted * 100 / (granted + refused + 1), faults, spawned, (unsigned long long)own_count());
    assert_true(ending && memsrv_ended);
    compare_books();
    assert_int_equal(ledger_total(), 0);
    assert_in_range(own_count(), 1, 60); /* records are used again */
    assert_int_equal(frames_of_type(HF_FRAME_TASK), 1);
    assert_int_equal(frames_of_type(HF_FRAME_HANDLES), 1);
    assert_int_equal(frames_of_type(HF_FRAME_PML4), 1);
    assert_int_equal(frames_of_type(HF_FRAME_ENDPOINT), 1);
    assert_int_equal(frames_of_type(HF_FRAME_STAGED), 0);
    assert_true(granted * 10 >= (granted + refused) * 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_requests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
