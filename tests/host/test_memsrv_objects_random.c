// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_script.c tests/host/memsrv_touch.c
// sources: tests/host/world.c tests/host/memsrv_objects.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address
/* Processes that share objects, at random: each thing that they ask for, and each byte that they see, is
 * compared with a model. In the environment: OBJECT_OPERATIONS, how many (20,000); OBJECT_SEED, not 0. */
#include "memsrv_objects.h"

#include "draw.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROCESSES 5u
#define OBJECTS 5u
#define LONGEST 12u /* pages of an object */
#define WINDOW 40u  /* pages from HERE on, where processes map */
#define NOBODY PROCESSES
#define ORPHAN (PROCESSES + 1)

/* Page of which object, with which rights; what its handle allowed. */
struct place {
    bool used;
    unsigned object, page, rights, allowed;
};

static struct process {
    struct task *task; /* NULL: none */
    unsigned parent;   /* the process that has a handle to it; NOBODY: init */
    hf_handle_t handle;
    unsigned allowed[OBJECTS]; /* by its handle to each, in slot 40 and following; 0: it has none */
    struct place place[WINDOW];
} processes[PROCESSES];

static struct object {
    bool used;
    unsigned owner; /* NOBODY: it has ended */
    unsigned pages;
    uint8_t byte[LONGEST];
    bool touched[LONGEST];
} objects[OBJECTS];

static unsigned long done, good;

/* ---- the model ---- */

static bool is_mapped(unsigned object) {
    for (unsigned i = 0; i < PROCESSES; i++) {
        for (unsigned at = 0; processes[i].task && at < WINDOW; at++) {
            const struct place *place = &processes[i].place[at];
            if (place->used && place->object == object) return true;
        }
    }
    return false;
}

static bool is_alive(unsigned object) {
    return objects[object].used && (objects[object].owner != NOBODY || is_mapped(object));
}

/* Whether all of a range, or nothing of it, is mapped. */
static unsigned used_in(const struct process *process, unsigned at, unsigned count) {
    unsigned used = 0;
    for (unsigned i = at; i < at + count; i++) {
        used += process->place[i].used;
    }
    return used;
}

static unsigned draw_rights(void) {
    static const unsigned all[] = {HF_READ, RW, RX, RW};
    return all[draw(4)];
}

static void judge(hf_status_t got, hf_status_t wanted) {
    assert_int_equal(got, wanted);
    done++;
    good += got == HF_OK;
}

/* ---- processes ---- */

static struct process *any_process(void) {
    struct process *process = &processes[draw(PROCESSES)];
    return process->task ? process : NULL;
}

static struct process *no_process(void) {
    for (unsigned i = 0; i < PROCESSES; i++) {
        if (!processes[i].task) return &processes[i];
    }
    return NULL;
}

static void set_handle(struct process *process, unsigned object, const struct handle *handle, unsigned allowed) {
    process->task->handles[40 + object] = *handle;
    process->allowed[object] = allowed;
}

static void start_process(void) {
    struct process *process = no_process();
    if (!process) return;
    memset(process, 0, sizeof *process);
    process->task = script_spawn(0, &process->handle);
    process->parent = NOBODY;
}

static void fork_process(void) {
    struct process *parent = any_process(), *child = no_process();
    if (!parent || !child) return;
    *child = *parent;
    child->task = objects_fork(parent->task, &child->handle);
    child->parent = (unsigned)(parent - processes);
    for (unsigned slot = HF_SLOT_MEMSRV + 1; slot < 40; slot++) {
        child->task->handles[slot] = (struct handle){0}; /* those to its parent's other children */
    }
    done++;
    good++;
}

static void has_ended(const struct process *process) {
    const unsigned index = (unsigned)(process - processes);
    for (unsigned i = 0; i < OBJECTS; i++) {
        if (objects[i].owner == index) objects[i].owner = NOBODY;
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        if (processes[i].parent == index) processes[i].parent = ORPHAN;
    }
}

static void end_process(struct process *process) {
    uint64_t number = process->task->mark;
    judge(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {number}), HF_OK);
    script_settle();
    assert_null(script_task(number));
    process->task = NULL;
    if (process->parent == NOBODY) {
        (void)script_finish(script_init, process->handle);
    } else if (process->parent != ORPHAN) {
        (void)script_finish(processes[process->parent].task, process->handle);
    }
    has_ended(process);
}

static void end_any_process(void) {
    struct process *process = any_process();
    if (process && draw(3) == 0) end_process(process);
}

/* ---- objects ---- */

static void create_object(void) {
    struct process *process = any_process();
    unsigned object = 0;
    while (object < OBJECTS && is_alive(object)) {
        object++;
    }
    if (!process || object == OBJECTS) return;
    unsigned pages = (unsigned)draw(LONGEST) + 1;
    judge(ASK(process->task, CREATE(pages * PAGE - draw(PAGE))), HF_OK);
    struct handle *made = &process->task->handles[script_word(process->task, 0)];
    objects[object] = (struct object){.used = true, .owner = (unsigned)(process - processes), .pages = pages};
    for (unsigned i = 0; i < PROCESSES; i++) {
        processes[i].allowed[object] = 0;
    }
    set_handle(process, object, made, RWX);
    *made = (struct handle){0};
}

/* As if sent in a message, after a request for one with fewer rights. */
static void pass_handle(void) {
    struct process *from = any_process(), *to = any_process();
    unsigned object = (unsigned)draw(OBJECTS), rights = draw(4) ? draw_rights() : RWX;
    if (!from || !to || !from->allowed[object]) return;
    bool may = !(rights & ~from->allowed[object]);
    hf_status_t wanted = !is_alive(object) ? HF_DEAD : may ? HF_OK : HF_DENIED;
    judge(ASK(from->task, HANDLE(40 + object, rights)), wanted);
    if (wanted != HF_OK) return;
    struct handle *made = &from->task->handles[script_word(from->task, 0)];
    set_handle(to, object, made, rights);
    if (made != &to->task->handles[40 + object]) *made = (struct handle){0};
}

static void want_stat(void) {
    struct process *process = any_process();
    unsigned object = (unsigned)draw(OBJECTS), frames = 0;
    if (!process || !process->allowed[object]) return;
    bool alive = is_alive(object);
    judge(ASK(process->task, STAT(40 + object)), alive ? HF_OK : HF_DEAD);
    for (unsigned page = 0; page < objects[object].pages; page++) {
        frames += objects[object].touched[page];
    }
    if (alive) {
        assert_int_equal(script_word(process->task, 0), objects[object].pages * PAGE);
        assert_int_equal(script_word(process->task, 1), frames);
    }
}

/* ---- mappings ---- */

static hf_status_t foresee_map(const struct process *process, unsigned object, unsigned at, unsigned page,
                               unsigned count, unsigned rights) {
    if (!is_alive(object)) return HF_DEAD;
    if (page + count > objects[object].pages) return HF_BAD_ARGUMENT;
    if (rights & ~process->allowed[object]) return HF_DENIED;
    return used_in(process, at, count) ? HF_EXISTS : HF_OK;
}

static void map_object(void) {
    struct process *process = any_process();
    unsigned object = (unsigned)draw(OBJECTS), count = 1 + (unsigned)draw(6), page = (unsigned)draw(LONGEST);
    unsigned at = (unsigned)draw(WINDOW - count), rights = draw_rights();
    bool now = draw(3) == 0;
    if (!process || !process->allowed[object]) return;
    hf_status_t wanted = foresee_map(process, object, at, page, count, rights);
    judge(ASK(process->task, OBJECT(40 + object, HERE + at * PAGE, count * PAGE, rights,
                                    HF_MAP_FIXED | (now ? HF_MAP_NOW : 0), page * PAGE)),
          wanted);
    for (unsigned i = 0; wanted == HF_OK && i < count; i++) {
        process->place[at + i] = (struct place){true, object, page + i, rights, process->allowed[object]};
        objects[object].touched[page + i] |= now;
    }
}

static void unmap(void) {
    struct process *process = any_process();
    unsigned count = 1 + (unsigned)draw(5), at = (unsigned)draw(WINDOW - count);
    if (!process) return;
    hf_status_t wanted = used_in(process, at, count) == count ? HF_OK : HF_NOT_MAPPED;
    judge(ASK(process->task, UNMAP(HERE + at * PAGE, count * PAGE)), wanted);
    if (wanted == HF_OK) memset(&process->place[at], 0, count * sizeof process->place[0]);
}

static void protect(void) {
    struct process *process = any_process();
    unsigned count = 1 + (unsigned)draw(3), at = (unsigned)draw(WINDOW - count), rights = draw_rights(), forbidden = 0;
    if (!process) return;
    for (unsigned i = at; i < at + count; i++) {
        forbidden |= rights & ~process->place[i].allowed;
    }
    hf_status_t wanted = used_in(process, at, count) < count ? HF_NOT_MAPPED : forbidden ? HF_DENIED : HF_OK;
    judge(ASK(process->task, PROTECT(HERE + at * PAGE, count * PAGE, rights)), wanted);
    for (unsigned i = at; wanted == HF_OK && i < at + count; i++) {
        process->place[i].rights = rights;
    }
}

static void touch(void) {
    struct process *process = any_process();
    unsigned at = (unsigned)draw(WINDOW);
    if (!process || !process->place[at].used) return;
    const struct place *place = &process->place[at];
    struct object *shown = &objects[place->object];
    uint64_t address = HERE + at * PAGE + place->page * 100;
    if (!(place->rights & HF_WRITE) && process->parent == NOBODY && draw(8) == 0) {
        objects_refused(&process->task, process->handle, address, true, HF_REASON_READ_ONLY);
        has_ended(process);
        return;
    }
    if (draw(2) && (place->rights & HF_WRITE)) {
        shown->byte[place->page] = (uint8_t)draw(256);
        objects_write(process->task, address, shown->byte[place->page]);
    } else {
        assert_int_equal(objects_read(process->task, address), shown->byte[place->page]);
    }
    shown->touched[place->page] = true;
    done++;
    good++;
}

/* ---- all of it ---- */

static unsigned long from_environment(const char *name, unsigned long otherwise) {
    const char *wanted = getenv(name);
    return wanted ? strtoul(wanted, NULL, 0) : otherwise;
}

static void test_random(void **state) {
    static void (*const operations[])(void) = {
        touch,   touch,         touch,         touch,       touch,     map_object,  map_object,   map_object,     unmap,
        protect, create_object, start_process, pass_handle, want_stat, pass_handle, fork_process, end_any_process};
    const unsigned long count = from_environment("OBJECT_OPERATIONS", 20000);
    (void)state;
    draw_state = from_environment("OBJECT_SEED", DRAW_SEED);
    printf("seed 0x%llx\n", (unsigned long long)draw_state);
    while (done < count) {
        operations[draw(sizeof operations / sizeof operations[0])]();
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        if (processes[i].task) end_process(&processes[i]);
    }
    printf("%lu operations, %lu %% of them granted\n", done, 100 * good / done);
    assert_true(100 * good / done >= 30);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random, script_before, script_after),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
