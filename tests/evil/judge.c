/* Runs the attacks, and says what came of each. */
#include "judge.h"

#include <mem.h>
#include <stdio.h>
#include <string.h>

unsigned judge_failures;

static const struct attack *attack;
static unsigned number;
static struct hf_task_block tried_block; /* with TASK_SET */
static char first[300];                  /* the first thing that was tried */
static const char *ended;                /* what came of it */
static unsigned tried, bad;

/* The values of a block that TASK_SET would set. */
static void describe_block(char *text, size_t room, const struct hf_task_block *block) {
    const struct {
        const char *name;
        uint64_t value;
    } fields[] = {{"priority", block->priority}, {"aspace", block->aspace},         {"handles", block->handles},
                  {"buffer", block->buffer},     {"operations", block->operations}, {"pager", block->pager},
                  {"memory", block->memory}};
    const struct hf_registers *registers = &block->registers;
    int at = 0;
    text[0] = '\0';
    if (block->fields & HF_TASK_REGISTERS) {
        at = snprintf(text, room, ", rip 0x%lx, rsp 0x%lx, flags 0x%lx, fs base 0x%lx", registers->rip, registers->rsp,
                      registers->rflags, registers->fs_base);
    }
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!(block->fields >> (i + 1) & 1)) continue;
        at += snprintf(text + at, room - (size_t)at, ", %s 0x%lx", fields[i].name, fields[i].value);
    }
    if (block->fields & ~(uint64_t)HF_TASK_FIELDS_ALL) snprintf(text + at, room - (size_t)at, ", unknown fields");
}
_Static_assert(HF_TASK_REGISTERS == 1 && HF_TASK_MEMORY == 1 << 7, "the fields are named in the order of their bits");

static const char *const put_kinds[] = {[HF_PUT_ENDPOINT] = "endpoint",
                                        [HF_PUT_COPY] = "copy",
                                        [HF_PUT_PORTS] = "ports",
                                        [HF_PUT_IRQ] = "interrupt",
                                        [HF_PUT_POWER] = "power"};

/* Two operations have fields of their own meaning. */
static void describe_put(char *text, size_t room, struct hf_operation op) {
    const char *kind = op.level <= HF_PUT_POWER ? put_kinds[op.level] : "nothing";
    snprintf(text, room, "HANDLE_PUT(0x%lx, slot %u, %s 0x%lx, 0x%lx, rights 0x%x)", op.object, op.count, kind,
             op.frame, op.address, op.rights);
}

static void describe_stage(char *text, size_t room, struct hf_operation op) {
    const char *what = op.level == HF_WHOLE_RUN ? "run" : "frame";
    if (op.frame == HF_NO_FRAME && !op.count && !op.address) {
        snprintf(text, room, "STAGE(%s 0x%lx)", what, op.object);
        return;
    }
    snprintf(text, room, "STAGE(%s 0x%lx, %u bytes to 0x%x, from 0x%lx at 0x%x)", what, op.object, op.count,
             (uint32_t)(op.address >> 32), op.frame, (uint32_t)op.address);
}

static void describe_fields(char *text, size_t room, struct hf_operation op) {
    bool known = op.code > HF_OP_NONE && op.code < HF_OP_COUNT;
    unsigned fields = known ? operation_kinds[op.code].fields : 0;
    int at = known ? snprintf(text, room, "%s(0x%lx", operation_kinds[op.code].name, op.object)
                   : snprintf(text, room, "operation %u(0x%lx", op.code, op.object);
    if (fields & HF_LEVEL) at += snprintf(text + at, room - (size_t)at, ", level %u", op.level);
    if (fields & HF_ADDRESS) at += snprintf(text + at, room - (size_t)at, ", address 0x%lx", op.address);
    if (fields & HF_FRAME) at += snprintf(text + at, room - (size_t)at, ", frame 0x%lx", op.frame);
    if (fields & HF_RIGHTS) at += snprintf(text + at, room - (size_t)at, ", rights 0x%x", op.rights);
    if (fields & HF_COUNT) at += snprintf(text + at, room - (size_t)at, ", count %u", op.count);
    if (op.code == HF_OP_TASK_SET) describe_block(text + at, room - (size_t)at, &tried_block);
    at += (int)strlen(text + at);
    snprintf(text + at, room - (size_t)at, ")");
}

static void describe(char *text, size_t room, struct hf_operation op) {
    if (op.code == HF_OP_HANDLE_PUT) {
        describe_put(text, room, op);
    } else if (op.code == HF_OP_STAGE) {
        describe_stage(text, room, op);
    } else {
        describe_fields(text, room, op);
    }
}

/* Every try comes here, with whether it ended well. */
static void record(bool good, const char *what, const char *end) {
    if (tried++ == 0) {
        snprintf(first, sizeof first, "%s", what);
        ended = end;
    }
    if (good) return;
    bad++;
    say("not ok %u %s: %s -> %s\n", number, attack->name, what, end);
}

void saw(bool good, const char *text) { record(good, text, good ? "prevented" : "IT WORKED"); }

void answered(const char *call, hf_status_t status) {
    record(status == attack->expected, call, hf_status_name(status));
}

void must_fault(const char *text, struct answer answer, uint64_t bits) {
    bool good = answer.faulted && answer.error != ~0ul && (answer.error & bits) == bits;
    record(good, text, good ? "page fault" : "NO FAULT");
}

static hf_status_t do_in_a_list(struct hf_operation operation) {
    uint64_t done;
    PAGE_OF_OPERATIONS->task = tried_block;
    PAGE_OF_OPERATIONS->operation[0] = operation;
    hf_status_t status = hf_mmu(1, &done);
    bool nothing_done = done == 0 && PAGE_OF_OPERATIONS->result[0].status == status;
    return nothing_done ? status : HF_OK;
}

void refused_as(hf_status_t expected, struct hf_operation operation) {
    char what[sizeof first];
    struct hf_result result;
    tried_block = PAGE_OF_OPERATIONS->task;
    uint64_t before = look_before(operation.address);
    PAGE_OF_OPERATIONS->task = tried_block;
    hf_status_t status = hf_mmu_one(&operation, &result);
    if (status == expected) status = do_in_a_list(operation);
    bool same = look_all(operation.address) == before;
    describe(what, sizeof what, operation);
    bool refused = status == expected;
    record(refused && same, what, refused && !same ? "AND SOMETHING CHANGED" : hf_status_name(status));
}

void refused(struct hf_operation operation) { refused_as(attack->expected, operation); }

void refused_each(const struct hf_operation *all, unsigned count) {
    for (unsigned i = 0; i < count; i++) refused(all[i]);
}

void refused_set(struct hf_task_block block) {
    PAGE_OF_OPERATIONS->task = block;
    refused(ON(TASK_SET, world.task));
}

static const struct {
    const char *label, *text;
} invariants[] = {
#define X(name, label, text) [MET_##name] = {label, text},
    INVARIANT_LIST(X)
#undef X
};

static void run(const struct attack *next) {
    attack = next;
    number++;
    tried = bad = 0;
    world_build();
    attack->run();
    drain();
    if (!drained()) bad++;
    if (tried == 0 || bad) {
        say("not ok %u %s\n", number, attack->name);
        judge_failures++;
    } else {
        say("ok %u %s: %s", number, attack->name, first);
        if (tried > 1) say(" (and %u more)", tried - 1);
        say(" -> %s [%s]\n", ended, invariants[attack->met].label);
    }
    say("#      %s\n", attack->why);
}

unsigned judge_all(void) {
    const struct attack *const chapters[] = {
        attacks_typed,   attacks_tree,  attacks_counted, attacks_runs,   attacks_half,    attacks_state, attacks_clean,
        attacks_flushed, attacks_names, attacks_queues,  attacks_rights, attacks_devices, attacks_lists};
    for (unsigned i = 0; i < sizeof chapters / sizeof chapters[0]; i++) {
        say("#\n# %s: %s\n", invariants[chapters[i]->met].label, invariants[chapters[i]->met].text);
        for (const struct attack *next = chapters[i]; next->name; next++) run(next);
    }
    return number;
}
