// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_requests.c
// sources: tests/host/memsrv_badges.c tests/host/memsrv_clients.c
// sources: tests/host/memsrv_touch.c tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c
// sources: tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address
/* memsrv over the real core, with tasks that ask it for anything: right requests, wrong ones and
 * garbage. (Without ASan, whose shadow stands where memsrv has its own memory.)
 * MEMSRV_OPERATIONS and MEMSRV_SEED in the environment: how many requests (40,000), and which; MEMSRV_COMPARE: how
 * seldom memsrv's books are compared with the core's (once in 20 steps). */
#include "../../ukernel/ipc.h"
#include "draw.h"
#include "entry.h"
#include "memsrv_clients.h"
#include "memsrv_image.h"
#include "memsrv_machine.h"
#include "memsrv_requests.h"
#include <handoff/mem.h>
#include <handoff/names.h>
#include <stdlib.h>
#include <string.h>

/* Of memsrv's own, which its headers would declare along with names that the core has too. */
extern struct buddy frames;
uint64_t buddy_free_frames(struct buddy *buddy);
const char *buddy_check(const struct buddy *buddy);
uint64_t ledger_total(void);
uint64_t own_count(void);
uint64_t own_spares(void);

static unsigned long requests, wanted, faults, asked_of_label[HF_MEM_COUNT];
static bool ending;
static struct task *init;

/* ---- requests ---- */

/* What is done with objects and pagers takes a handle to one: who has it uses it. */
static uint32_t draw_label(const struct task *task, const struct client *client) {
    static const uint32_t common[] = {HF_MEM_MAP, HF_MEM_MAP,   HF_MEM_UNMAP, HF_MEM_PROTECT,
                                      HF_MEM_MAP, HF_MEM_UNMAP, HF_MEM_FORK,  HF_MEM_PROTECT};
    static const uint32_t objects[] = {HF_MEM_OBJECT_MAP, HF_MEM_OBJECT_MAP, HF_MEM_OBJECT_HANDLE, HF_MEM_OBJECT_STAT};
    static const uint32_t pagers[] = {HF_MEM_OBJECT_MAP,   HF_MEM_PAGER_NEXT, HF_MEM_PAGER_NEXT,
                                      HF_MEM_PAGER_SUPPLY, HF_MEM_PAGER_PASS, HF_MEM_PAGER_REFUSE};
    const unsigned choice = (unsigned)draw(8);
    if (choice < 2 && draw_handle(task, HF_VIA_PAGER)) return pagers[client->id ? 3 + draw(3) : draw(3)];
    if (choice == 2 && draw_handle(task, HF_VIA_OBJECT)) return objects[draw(4)];
    return choice < 6 ? common[draw(8)] : 1 + (uint32_t)draw(HF_MEM_COUNT + 1);
}

static bool is_task_handle(const struct task *task, unsigned slot) {
    const struct handle *handle = &task->handles[slot];
    return handle->kind == HF_HANDLE_ENDPOINT && handle->object == task->handles[HF_SLOT_MEMSRV].object &&
           memsrv_via(handle->badge) == HF_VIA_TASK;
}

/* Tasks and endpoints are not needed for ever: ends one, waits for it, and closes its handle, so that
 * nothing of it is left. False when there is nothing of that kind to be done. */
static bool finish_something(struct task *task, struct client *client) {
    unsigned used = 0;
    for (unsigned slot = HF_SLOT_GIVEN; slot < HF_HANDLE_COUNT; slot++) {
        used += task->handles[slot].kind != HF_HANDLE_NONE;
    }
    if (client->finishing == 0 && draw(HF_HANDLE_COUNT) < used) {
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

/* What is waited for may never come. Init must not wait, and others not often. */
static bool may_wait(const struct task *task, uint32_t label) {
    bool waits = label == HF_MEM_WAIT || label == HF_MEM_LOOKUP || label == HF_MEM_PAGER_NEXT;
    return !waits || (task != init && (label == HF_MEM_PAGER_NEXT || draw(3) == 0));
}

/* Init starts others, and ends them; what it loses track of would stay for ever. */
static uint32_t draw_inits_label(uint32_t label) {
    if (draw(4)) return draw(4) ? HF_MEM_SPAWN : HF_MEM_TASK_KILL;
    return client_maps(label) || label == HF_MEM_UNMAP || label == HF_MEM_PROTECT || label == HF_MEM_EXIT ||
                   label == HF_MEM_OBJECT_CREATE || label == HF_MEM_PAGER_CREATE
               ? HF_MEM_STAT
               : label;
}

/* What to ask: for something new where nothing is known to be, and about the old where something is. */
static uint32_t draw_request(const struct task *task, struct client *client) {
    uint32_t label = draw_label(task, client);
    client->asked_place = (unsigned)draw(PLACES);
    if (task == init) {
        label = draw_inits_label(label);
    }
    if (!may_wait(task, label) || (label == HF_MEM_EXIT && draw(6)) ||
        (label == HF_MEM_TASK_KILL && task != init && draw(4))) {
        label = HF_MEM_STAT;
    }
    if (!draw_handle(task, draw_vias(label)) && draw(9)) { /* it has nothing of that kind */
        label = draw_vias(label) & HF_VIA_OBJECT  ? HF_MEM_OBJECT_CREATE
                : draw_vias(label) & HF_VIA_PAGER ? HF_MEM_PAGER_CREATE
                                                  : HF_MEM_STAT;
    }
    const bool known = client->place[client->asked_place] != 0;
    if (client_maps(label) && known) {
        return HF_MEM_UNMAP;
    }
    return (label == HF_MEM_UNMAP || label == HF_MEM_PROTECT) && !known ? HF_MEM_MAP : label;
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

/* A task that there is, mostly; init last of all. */
static uint64_t some_number(void) {
    const hf_frame_t from = draw(MACHINE_FRAMES);
    for (hf_frame_t i = 0; i < MACHINE_FRAMES && draw(200); i++) {
        const hf_frame_t frame = (from + i) % MACHINE_FRAMES;
        const struct task *task = (const void *)machine_ram[frame];
        if (frame_type(frame) == HF_FRAME_TASK && task->mark > 1) return task->mark;
    }
    return 2 + draw(1000);
}

/* What init makes of these would stay until the end, since it belongs to who made it; and what its threads make, too. */
static uint32_t but_for_init(const struct task *task, uint32_t label) {
    bool stays = label == HF_MEM_THREAD || label == HF_MEM_ENDPOINT_CREATE || label == HF_MEM_OBJECT_CREATE ||
                 label == HF_MEM_PAGER_CREATE || label == HF_MEM_REGISTER || client_maps(label);
    return task == init && stays ? HF_MEM_STAT : label;
}

/* A request to memsrv, drawn. */
static void ask_memsrv(struct task *task, struct client *client) {
    struct frame_registers *registers = &task->registers;
    const uint32_t label = but_for_init(task, draw_request(task, client));
    const unsigned handle = draw(30) ? draw_handle(task, draw_vias(label)) : draw_handle(task, ~0u);
    const struct known known = {.number = label == HF_MEM_TASK_KILL || draw(2) ? some_number() : task->mark,
                                .address = client_address(client),
                                .id = client->id};
    registers->rsi = label;
    draw_words(task, label, &known);
    if (label == HF_MEM_UNMAP || label == HF_MEM_PROTECT) {
        take_mapped(registers, client);
    }
    if (draw(60) == 0 && task != init) {
        registers->rsi |= draw(1u << 31) | draw(200) << 32;
    }
    if (client->freed != 0 && label == HF_MEM_MAP) { /* one page, just there */
        registers->rdx = client->freed;
        registers->r10 = HF_PAGE_SIZE;
        registers->r8 = HF_READ;
        registers->r9 = HF_MAP_FIXED;
    }
    client->asked_length = registers->r10;
    client->asked_to_write = registers->r8 & HF_WRITE;
    client->asked_at = registers->rdx;
    client->label = (uint32_t)registers->rsi;
    if (label < HF_MEM_COUNT) asked_of_label[label]++;
    requests++;
    registers->rdi = handle ? handle : HF_SLOT_MEMSRV;
    (void)world_call(task, HF_CALL_CALL);
}

/* ---- page faults ---- */

/* Mostly where it may: what else it does ends it. */
static void touch(struct task *task, const struct client *client) {
    static const uint64_t writable[] = {0x40002000, 0x40003000, 0x40004000, 0x7fffc000, 0x7fff8000};
    const unsigned at = (unsigned)draw(PLACES), way = (unsigned)draw(3);
    const uint64_t anywhere = client_address(client);
    task->registers.rbp = (anywhere + draw(HF_PAGE_SIZE)) & ~(draw(8) ? 7ull : 0); /* looked at when it is ended */
    if (draw(8) == 0 && anywhere < 1ull << 47) {
        faults += memsrv_touch(task, anywhere + draw(HF_PAGE_SIZE), way, draw(100) ? VECTOR_PAGE_FAULT : 13);
    } else if (draw(2)) {
        faults += memsrv_touch(task, writable[draw(5)] + draw(HF_PAGE_SIZE), draw(2), VECTOR_PAGE_FAULT);
    } else if (client->place[at] && client->length[at] >= HF_PAGE_SIZE) {
        const uint64_t address = client->place[at] + draw(client->length[at] / HF_PAGE_SIZE) * HF_PAGE_SIZE;
        faults += memsrv_touch(task, address, way == 1 && client->writable[at], VECTOR_PAGE_FAULT);
    }
}

/* ---- one thing after the other ---- */

static struct task *ready_task(void) {
    static struct task *found[256];
    unsigned count = 0;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES && count < 256; frame++) {
        if (frame_type(frame) == HF_FRAME_TASK) {
            struct task *task = (void *)machine_ram[frame];
            if (task->cr3 != memsrv->cr3 && task->state == HF_TASK_READY) {
                found[count++] = task;
            }
        }
    }
    return count ? found[draw(count)] : NULL;
}

/* The number of a task that there is beside init, or 0. */
static uint64_t waiting_task(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        const struct task *task = (const void *)machine_ram[frame];
        if (frame_type(frame) == HF_FRAME_TASK && task != memsrv && task->mark > 1) return task->mark;
    }
    return 0;
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
    /* A run that is about to be zeroed may be FREE still. */
    uint64_t known = buddy_free_frames(&frames) + own_spares() + memsrv_first_frames();
    assert_true(known == sums[HF_FRAME_FREE] ||
                (memsrv_at_work() && (sums[HF_FRAME_FREE] - known) % HF_RUN_FRAMES == 0));
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
        return false;
    }
    client_of(task)->label = 0;
    const uint64_t waiting = waiting_task();
    if (task != init || waiting == 0) {
        end_something(task);
        return true;
    }
    task->registers.rdi = HF_SLOT_MEMSRV;
    task->registers.rsi = HF_MEM_TASK_KILL;
    task->registers.rdx = waiting;
    (void)world_call(task, HF_CALL_CALL);
    return true;
}

static unsigned compare_every; /* so many steps, on average */

static bool step(void) {
    ending = requests >= wanted;
    if (memsrv->state == HF_TASK_RECEIVING && draw(compare_every) == 0) {
        compare_books();
    }
    if (memsrv_at_work() && (ending || draw(2))) { /* its worker has its turns */
        return true;
    }
    if (ending) {
        return end_step();
    }
    struct task *task = ready_task();
    if (task == NULL) {
        return memsrv_at_work();
    }
    init = init ? init : task;
    struct client *client = client_of(task);
    client_take_answer(task, client);
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

static void print_labels(void) {
    static const char *const names[] = {"",
#define X(name, via, text) #name,
                                        HF_MEM_LABEL_LIST(X)
#undef X
    };
    for (unsigned label = 1; label < HF_MEM_COUNT; label++) {
        print_message("%s %lu of %lu%s", names[label], clients_of_label[label], asked_of_label[label],
                      label % 6 && label + 1 < HF_MEM_COUNT ? ", " : "\n");
    }
}

/* The boot module that is no program: what lies below 0x40003000 has a name. */
static const struct {
    uint32_t magic, count;
    struct hf_name entry[2];
    char text[4];
} names = {HF_NAMES_MAGIC, 2, {{0, 0, 32}, {0x40003000, 0, 0}}, "all"};

static void random_requests(void **state) {
    (void)state;
    const unsigned long seed = number_from("MEMSRV_SEED", 1);
    wanted = number_from("MEMSRV_OPERATIONS", 40000);
    compare_every = (unsigned)number_from("MEMSRV_COMPARE", 20);
    draw_state = DRAW_SEED ^ seed << 20;
    print_message("seed %lu\n", seed);
    const struct memsrv_module modules[] = {{"names", &names, sizeof names},
                                            {"memsrv", "no program", 11},
                                            {"init", memsrv_image(), MEMSRV_IMAGE_BYTES},
                                            {"child", memsrv_image(), MEMSRV_IMAGE_BYTES - 100}};
    memsrv_run(modules, 4, step);
    print_message("%lu requests, %lu %% granted, %lu faults; memsrv has %llu frames\n", requests,
                  clients_granted * 100 / (clients_granted + clients_refused + 1), faults,
                  (unsigned long long)own_count());
    print_labels();
    assert_true(ending && memsrv_ended);
    compare_books();
    assert_int_equal(ledger_total(), 0);
    assert_in_range(own_count(), 1, 80);                /* records are used again */
    assert_int_equal(frames_of_type(HF_FRAME_TASK), 2); /* its own, and its worker */
    assert_int_equal(frames_of_type(HF_FRAME_HANDLES), 1);
    assert_int_equal(frames_of_type(HF_FRAME_PML4), 1);
    assert_int_equal(frames_of_type(HF_FRAME_ENDPOINT), 1);
    assert_int_equal(frames_of_type(HF_FRAME_STAGED), 0);
    assert_true(clients_granted * 10 >= (clients_granted + clients_refused) * 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_requests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
