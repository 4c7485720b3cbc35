/* Tasks that do whatever comes to their mind, and what we do with them. */
#include "random.h"

#define CALL_OF_MOB 2u

/* ---- what runs in the tasks: it has no data of its own but its stack */

static const uint64_t places[] = {AT(0),
                                  AT(1),
                                  AT(2),
                                  AT(7),
                                  BIG,
                                  BIG + 5 * HF_PAGE_SIZE,
                                  NEXT_GIGABYTE,
                                  0,
                                  HF_USER_END,
                                  0xffff800000000000,
                                  0xffffffff80000000,
                                  1ul << 47};
#define PLACES (sizeof places / sizeof places[0])

static uint64_t stirred(uint64_t seed) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^ seed << 17;
}

static void touch(uint64_t seed) {
    volatile uint64_t *at = (volatile uint64_t *)places[seed % PLACES];
    if (seed >> 32 & 1) {
        *at = seed;
    } else {
        (void)*at;
    }
}

/* What the processor refuses, and what makes it keep state for the task. */
static void odd_instruction(uint64_t seed) {
    switch (seed >> 8 & 7) {
    case 0:
        __asm__ volatile("int3");
        break;
    case 1:
        __asm__ volatile("ud2");
        break;
    case 2:
        __asm__ volatile("hlt");
        break;
    case 3:
        __asm__ volatile("cli");
        break;
    case 4:
        __asm__ volatile("mov %%cr3, %%rax" ::: "rax");
        break;
    case 5:
        __asm__ volatile("pushfq; orq $0x40400, (%%rsp); popfq" ::: "memory", "cc");
        break;
    default:
        __asm__ volatile("fninit; fld1; fstp %%st(0)" ::: "memory");
        break;
    }
}

/* Every call but those that reach outside: writing to ports. */
static void call_somehow(uint64_t seed) {
    uint64_t number = seed >> 8 & 31, handle = seed >> 16 & 15;
    struct hf_message message = {.label = (uint32_t)(seed >> 20 & 0xff), .word = {seed}};
    if (number == HF_CALL_PORT_OUT) number = HF_CALL_YIELD;
    if (seed & 1 << 30) message.bytes = (uint16_t)(seed >> 40);
    if (seed & 1ul << 31) message.handle = seed >> 36 & 15;
    if (number <= HF_CALL_RECEIVE && (seed >> 44 & 7)) number |= HF_NOWAIT; /* or it might wait for ever */
    if (seed & 1ul << 33) {
        either_way(hf_stub_exchange(number, (hf_handle_t)handle, &message, &message, NULL));
    } else {
        either_way(hf_stub_plain(number, handle, seed >> 34 & 15, seed >> 38 & 7, HF_SLOT_ANY, NULL));
    }
}

/* After a few deeds it calls us: so nobody runs for long. */
static void mob_main(uint64_t seed) {
    struct hf_message message;
    do {
        for (unsigned deeds = 0; deeds < 8; deeds++) {
            seed = stirred(seed | 1);
            uint64_t what = seed >> 50 & 31;
            if (what == 0) odd_instruction(seed);
            if (what == 1) touch(seed >> 3);
            if (what > 1) call_somehow(seed);
        }
        message = (struct hf_message){.label = CALL_OF_MOB, .word = {seed}};
    } while (hf_call(1, &message) == HF_OK);
    __builtin_trap();
}

/* ---- what we do ---- */

/* The PIT wakes us when all the others only wait, or one never stops. */
void mob_init(void) {
    must(PUT(boot->handles, PIT_PORTS, PORTS, PIT_CHANNEL_0, PIT_PORT_COUNT, HF_RIGHT_USE));
    must(PUT(boot->handles, PIT_INTERRUPT, IRQ, PIT_LINE, 0, HF_RIGHT_USE));
    must(PUT(boot->handles, PIT_NOTIFY, ENDPOINT, client_endpoint, 1, HF_RIGHT_NOTIFY));
    pit_start(PIT_PORTS);
    if (hf_irq_bind(PIT_INTERRUPT, PIT_NOTIFY) != HF_OK) give_up("the PIT can't be bound");
}

void mob_registers(struct hf_task_block *block, uint64_t seed) {
    static const uint64_t flags[] = {0, 0, 0, 0, 0, 0x100 /* TF */, 0x400 /* DF */, 0x4000 /* NT: refused */};
    uint64_t fields = block->fields;
    client_registers(block, mob_main, seed);
    block->registers.rflags = DRAW_FROM(flags);
    block->registers.fs_base = seed % 3 ? 0 : WINDOW;
    block->fields = fields;
}

struct mob_count mob_count;

static void count(const struct hf_message *message) {
    mob_count.calls += message->label == CALL_OF_MOB;
    mob_count.faults += message->label == HF_LABEL_FAULT;
    mob_count.exceptions += message->label == HF_LABEL_EXCEPTION;
    mob_count.ticks += message->label == HF_LABEL_NOTIFICATION;
}

#define OPERATIONS_MOST 3u

/* Some operations, then the reply, then the next call. */
static hf_status_t answer_with_operations(struct hf_message *message) {
    struct hf_operation operations[OPERATIONS_MOST];
    uint64_t length = draw_below(OPERATIONS_MOST + 1), done;
    for (unsigned i = 0; i < OPERATIONS_MOST; i++) operations[i] = invent();
    invent_block(operations[0].object);
    __builtin_memcpy(PAGE_OF_OPERATIONS->operation, operations, sizeof operations);
    hf_status_t status = hf_irq_ack(PIT_INTERRUPT); /* who waits must be woken */
    if (status != HF_OK || !toy_task_is_ready()) return hf_reply(message);
    return hf_mmu_reply_receive(length, &done, LISTENING, message, NULL);
}

/* Somewhere else: at the beginning, with other numbers. */
static hf_status_t restart(hf_frame_t task) {
    struct hf_message nothing = {0};
    struct hf_result result;
    hf_status_t status = do_listed(ON(TASK_STOP, task), &result);
    struct hf_task_block block = {.fields = HF_TASK_REGISTERS};
    mob_registers(&block, draw());
    PAGE_OF_OPERATIONS->task = block;
    if (status == HF_OK) status = do_listed(ON(TASK_SET, task), &result);
    if (status == HF_OK) either_way(do_listed(ON(TASK_START, task), &result));
    return hf_reply(&nothing);
}

/* What a fault at one of its places needs, in whatever aspace it was. */
static hf_status_t supply(uint64_t address) {
    struct hf_message nothing = {0};
    struct hf_result result;
    hf_frame_t frame = toy_of(HF_FRAME_FREE), home = toy_home();
    hf_status_t status = do_listed(STAGED(frame), &result);
    if (status == HF_OK) either_way(do_listed(MAPPED(home, address & ~(HF_PAGE_SIZE - 1), frame, READ_WRITE), &result));
    return hf_reply(&nothing);
}

/* Each of these may be refused: the task may be gone, and so may the call. */
static hf_status_t answer(struct hf_message *message, hf_badge_t badge) {
    bool fault = message->label == HF_LABEL_FAULT, exception = message->label == HF_LABEL_EXCEPTION;
    uint64_t address = message->word[HF_FAULT_ADDRESS];
    hf_handle_t held = HF_SLOT_ANY;
    *message = (struct hf_message){.word = {draw()}};
    switch (draw_below(8)) {
    case 0:
        return hf_hold(&held);
    case 1:
        return hf_reply(message);
    case 2:
        return HF_OK; /* later */
    case 3:
    case 4:
        return answer_with_operations(message);
    default:
        if (fault && address >= WINDOW && address < HF_USER_END) return supply(address);
        return fault || exception ? restart(badge) : hf_reply(message);
    }
}

static hf_status_t receive(struct hf_message *message, struct hf_sender *sender) {
    either_way(hf_irq_ack(PIT_INTERRUPT));
    hf_status_t status =
        toy_task_is_ready() ? hf_receive(LISTENING, message, sender) : hf_receive_nowait(LISTENING, message, sender);
    if (status == HF_OK) count(message);
    return status;
}

static bool is_tick(hf_status_t status, const struct hf_message *message) {
    return status == HF_OK && message->label == HF_LABEL_NOTIFICATION;
}

/* Held calls, and whatever else has come into our table. */
static void close_some_handle(void) { either_way(hf_handle_close((hf_handle_t)(1 + draw_below(LISTENING - 1)))); }

/* Takes one call and answers it; false when none came. The first tick may be an old one; after the
 * second, whoever runs has had a millisecond. */
static bool serve(void) {
    struct hf_message message = {0};
    struct hf_sender sender = {0};
    hf_status_t status = receive(&message, &sender);
    if (is_tick(status, &message)) {
        status = receive(&message, &sender);
        if (is_tick(status, &message)) toys_stop_ready_tasks();
    }
    bool came = status == HF_OK && !is_tick(status, &message);
    if (came || status == HF_BAD_CALL) either_way(answer(&message, sender.badge));
    return came;
}

void mob_listen(void) {
    for (unsigned rounds = 16; rounds > 0 && serve(); rounds--) continue;
    close_some_handle();
}
