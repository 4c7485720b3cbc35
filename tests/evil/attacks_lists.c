/* Attacks by lists of operations: how much one entry does, what is left when it stops in the
 * middle, and lists that change while they run. */
#include "judge.h"

static struct hf_operation *const list = PAGE_OF_OPERATIONS->operation;

static void list_too_long(void) {
    const uint64_t counts[] = {HF_OPERATIONS + 1, 128, 1ul << 32, ~0ul};
    uint64_t done = 1;
    for (unsigned i = 0; i < 4; i++) {
        list[0] = ON(RELEASE, world.staged);
        answered("a list of more operations than there is room for", hf_mmu(counts[i], &done));
        saw(done == 0 && look_frame(world.staged).type == HF_FRAME_STAGED, "... none of which may be done");
    }
}

static void list_of_too_much(void) {
    uint64_t done;
    hf_frame_t first = pool_run(1);
    must(STAGED(first));
    for (unsigned i = 0; i < HF_OPERATIONS; i++) list[i] = STAGED(first + 1 + i);
    answered("fill 64 pages in one entry", hf_mmu(HF_OPERATIONS, &done));
    saw(done == 16 && look_run(first).busy == 17, "... of which 16 are done, and counted");
}

static void list_of_runs(void) {
    uint64_t done;
    for (unsigned i = 0; i < POOL_RUNS; i++) list[i] = STAGED_RUN(pool_run(i));
    answered("zero four runs in one entry", hf_mmu(POOL_RUNS, &done));
    saw(done == 0 && look_run(pool_run(1)).state == HF_RUN_FREE, "... of which the first has been begun");
}

static void spill_twice(void) {
    uint64_t done;
    list[0] = ON(TASK_GET, world.task);
    list[1] = ON(TRANSLATE, world.aspace, .address = WINDOW);
    answered("two operations that answer in the page's second half", hf_mmu(2, &done));
    saw(done == 1 && PAGE_OF_OPERATIONS->task.aspace == world.aspace, "... the first answer stands");
}

static void stop_in_the_middle(void) {
    uint64_t done;
    list[0] = ON(RELEASE, world.staged);
    list[1] = MAPPED(world.aspace, AT(AT_FREE), world.pt, READ_WRITE);
    list[2] = LEAF(UNMAP, world.aspace, AT(AT_PAGE));
    answered("a good operation, a bad one, and a good one", hf_mmu(3, &done));
    saw(done == 1 && look_frame(world.page).type == HF_FRAME_USER && look_frame(world.staged).type == HF_FRAME_FREE,
        "... only the first is done");
}

static void unknown_operations(void) {
    const uint8_t codes[] = {HF_OP_NONE, HF_OP_COUNT, HF_OP_COUNT + 1, 127, 128, 254, 255};
    for (unsigned i = 0; i < sizeof codes; i++)
        refused((struct hf_operation){.code = codes[i], .object = world.aspace});
}

static void try_unused(unsigned code, unsigned field, struct hf_operation op) {
    op.code = (uint8_t)code;
    if (!(operation_kinds[code].fields & field)) refused(op);
}

static void fields_without_meaning(void) {
    for (unsigned code = HF_OP_NONE + 1; code < HF_OP_COUNT; code++) {
        try_unused(code, HF_LEVEL, (struct hf_operation){.level = 1});
        try_unused(code, HF_RIGHTS, (struct hf_operation){.rights = 0x8000});
        try_unused(code, HF_COUNT, (struct hf_operation){.count = 1u << 31});
        try_unused(code, HF_ADDRESS, (struct hf_operation){.address = 1});
        try_unused(code, HF_FRAME, (struct hf_operation){.frame = 1ul << 63});
    }
}

static void unknown_calls(void) {
    const uint64_t numbers[] = {0,
                                HF_CALL_COUNT,
                                255,
                                HF_CALL_YIELD | HF_NOWAIT,
                                HF_CALL_MMU | HF_NOWAIT,
                                0x200,
                                HF_CALL_CLOCK | 1ul << 32,
                                1ul << 63 | HF_CALL_CLOCK,
                                ~0ul};
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        answered("a call that doesn't exist, or with bits that mean nothing",
                 hf_stub_plain(numbers[i], 0, 0, 0, 0, NULL));
    }
}

static hf_frame_t own_frame(uint64_t address) {
    return (look_entry(boot->aspace, address, HF_LEVEL_PT) & ENTRY_FRAME) >> HF_PAGE_SHIFT;
}

/* What another operation of the list makes of the page that the list stands in. */
static void change_the_running_list(void) {
    hf_frame_t page = own_frame(HF_MEMSRV_OPERATIONS);
    REFUSED_EACH(COPIED(page, world.staged), STAGED(page), ON(RELEASE, page), TABLE(PT, world.aspace, BIG, page),
                 ON(ENDPOINT_CREATE, page));
}

/* What is read as an operation was one when the list began: the results are behind it by then. */
static void read_the_running_list(void) {
    uint64_t done;
    hf_frame_t page = own_frame(HF_MEMSRV_OPERATIONS);
    list[0] = COPIED(world.free, page);
    list[1] = ON(RELEASE, world.staged);
    list[2] = MAPPED(world.aspace, AT(AT_FREE), world.task, READ_WRITE);
    answered("a list that copies itself, frees a page, and does something bad", hf_mmu(3, &done));
    saw(done == 2, "... which is found when its turn comes");
}

static void reply_without_call(void) {
    struct hf_message message = {0};
    uint64_t done = 1;
    list[0] = ON(RELEASE, world.staged);
    answered("a list and a reply, without a call in hand", hf_mmu_reply_receive(1, &done, LISTENING, &message, NULL));
    saw(done == 0 && look_frame(world.staged).type == HF_FRAME_STAGED, "... the list isn't run");
    answered("a reply without a call in hand", hf_reply(&message));
    hf_handle_t held = HF_SLOT_ANY;
    answered("hold without a call in hand", hf_hold(&held));
}

static void receive_with_call_in_hand(void) {
    struct hf_message message = {0};
    client_start();
    answered("receive, while a call waits to be answered", hf_receive_nowait(LISTENING, &message, NULL));
    saw(look_task(world.client)->state == HF_TASK_WAITING, "... whose caller still waits");
}

static void reply_after_a_refusal(void) {
    struct hf_message message = {0};
    uint64_t done;
    client_start();
    list[0] = MAPPED(world.aspace, AT(AT_FREE), world.pt, READ_WRITE);
    answered("a bad list and a reply", hf_mmu_reply_receive(1, &done, LISTENING, &message, NULL));
    saw(look_task(world.client)->state == HF_TASK_WAITING, "... which isn't delivered");
}

/* The list ends the very endpoint at which its reply would then receive. */
static void end_what_is_received_from(void) {
    struct hf_message message = {0};
    uint64_t done;
    must(PUT(boot->handles, 20, ENDPOINT, world.endpoint, 0, HF_RIGHT_RECEIVE));
    client_start();
    list[0] = ON(ENDPOINT_DESTROY, world.endpoint);
    answered("destroy an endpoint, reply, and receive from it", hf_mmu_reply_receive(1, &done, 20, &message, NULL));
    saw(done == 1 && look_task(world.client)->state == HF_TASK_WAITING, "... nothing is delivered");
}

/* The list ends the caller to whom its reply would go. */
static void end_who_is_replied_to(void) {
    struct hf_message message = {0};
    uint64_t done;
    client_start();
    list[0] = ON(TASK_STOP, world.client);
    list[1] = ON(TASK_DESTROY, world.client);
    list[2] = COPIED(world.client, world.code);
    list[3] = MAPPED(world.second, AT(AT_FREE), world.client, HF_READ);
    list[4] = ON(ENDPOINT_DESTROY, world.endpoint);
    list[5] = ON(RELEASE, world.staged);
    list[6] = ON(RELEASE, world.staged);
    answered("destroy the caller, fill its frame, and reply to it",
             hf_mmu_reply_receive(7, &done, LISTENING, &message, NULL));
    bool gone = hf_reply(&message) == HF_OK;
    must(LEAF(UNMAP, world.aspace, AT(AT_CODE))); /* what it was filled from must be all that is in it */
    saw(gone && done == 6 && look_content(world.client, 8) == 0, "... and no reply is written there");
}

/* The list begins the faulting task anew, so that its fault is over before the answer. */
static void answer_a_fault_that_is_over(void) {
    struct hf_message message = {0};
    uint64_t done;
    client_start();
    client_fault(AT(AT_FREE));
    client_prepare();
    list[0] = ON(TASK_STOP, world.client);
    list[1] = ON(TASK_SET, world.client);
    list[2] = ON(TASK_START, world.client);
    hf_status_t status = hf_mmu_reply_receive(3, &done, LISTENING, &message, NULL);
    saw(status == HF_OK && done == 3 && client_has_called(&message), "begin a task anew, and answer its last fault");
}

const struct attack attacks_lists[] = {
    ATTACK(list_too_long, BOUNDED, BAD_ARGUMENT, "more operations than a page holds: the core would read the next one"),
    ATTACK(list_of_too_much, BOUNDED, AGAIN, "64 pages to fill: interrupts would be off all the while"),
    ATTACK(list_of_runs, BOUNDED, AGAIN, "8 MiB to zero"),
    ATTACK(spill_twice, COMMITTED, BAD_ARGUMENT, "two answers for one place"),
    ATTACK(stop_in_the_middle, COMMITTED, BAD_FRAME, "what comes after a refused operation"),
    ATTACK(unknown_operations, COMMITTED, BAD_CALL, "operations that don't exist"),
    ATTACK(fields_without_meaning, COMMITTED, BAD_ARGUMENT, "every field that an operation does not use, not zero"),
    ATTACK(unknown_calls, COMMITTED, BAD_CALL, "calls that don't exist"),
    ATTACK(change_the_running_list, TYPED, BAD_FRAME,
           "the page that the running list stands in becomes something else"),
    ATTACK(read_the_running_list, COMMITTED, BAD_FRAME, "a list that reads itself"),
    ATTACK(reply_without_call, COMMITTED, BAD_CALL, "a reply to nobody, with a list before it"),
    ATTACK(receive_with_call_in_hand, COMMITTED, BAD_CALL, "a second call in hand: the first would never be answered"),
    ATTACK(reply_after_a_refusal, COMMITTED, BAD_FRAME, "a reply after a list that was refused"),
    ATTACK(end_what_is_received_from, RIGHTS, DEAD, "the endpoint ends between the two checks of it"),
    ATTACK(end_who_is_replied_to, RIGHTS, BAD_FRAME, "the caller ends between list and reply"),
    ATTACK(answer_a_fault_that_is_over, RIGHTS, OK, "the fault ends between list and reply: who goes on, and where?"),
    ATTACKS_END,
};
