/* Attacks on rights: handles that allow more than what they were made from, and the MEMORY
 * privilege itself. */
#include "judge.h"

static void put_at_no_slot(void) {
    const uint32_t slots[] = {0, HF_HANDLE_COUNT, HF_HANDLE_COUNT + 1, 0x7fffffff, ~0u, 0x10000};
    for (unsigned i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        refused(PUT(world.handles, slots[i], ENDPOINT, world.endpoint, 0, HF_RIGHT_CALL));
    }
}

static void put_over_a_handle(void) {
    must(PUT(world.handles, 5, ENDPOINT, world.endpoint, 0, HF_RIGHT_CALL));
    REFUSED_EACH(PUT(world.handles, 5, ENDPOINT, world.endpoint, 0, HF_RIGHT_CALL),
                 PUT(world.handles, 5, POWER, 0, 0, HF_RIGHT_USE),
                 PUT(boot->handles, LISTENING, POWER, 0, 0, HF_RIGHT_USE));
}

static void put_with_unknown_rights(void) {
    const uint16_t rights[] = {64, 128, 0xff, 0x100, 0x8000, 0xffff};
    for (unsigned i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        refused(PUT(world.handles, 5, ENDPOINT, world.endpoint, 0, rights[i]));
    }
}

static void put_of_no_kind(void) {
    for (unsigned kind = HF_PUT_POWER + 1; kind < 256; kind += 50) {
        refused(
            ON(HANDLE_PUT, world.handles, .level = (uint8_t)kind, .count = 5, .frame = world.endpoint, .rights = 1));
    }
}

static void put_what_is_no_endpoint(void) {
    for (const hf_frame_t *used = world_used(); *used; used++) {
        if (*used == world.endpoint) continue;
        refused(PUT(world.handles, 5, ENDPOINT, *used, 0, HF_RIGHT_CALL));
        if (*used == world.handles) continue;
        refused(PUT(world.handles, 5, COPY, *used, 1, HF_RIGHTS_SAME));
    }
}

static void copy_more_rights(void) {
    take_handle(world.endpoint, HF_RIGHT_CALL | HF_RIGHT_GRANT);
    hf_handle_t copy = HF_SLOT_ANY;
    const uint16_t rights[] = {HF_RIGHT_RECEIVE, HF_RIGHT_NOTIFY, HF_RIGHT_MINT, ALL_BUT_USE, HF_RIGHTS_ALL};
    for (unsigned i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        refused(PUT(world.handles, 5, COPY, boot->handles, SLOT, rights[i]));
        answered("hf_handle_copy", hf_handle_copy(SLOT, rights[i], 0, &copy));
    }
}

static void copy_without_grant(void) {
    take_handle(world.endpoint, ALL_BUT_USE & ~HF_RIGHT_GRANT);
    REFUSED_EACH(PUT(world.handles, 5, COPY, boot->handles, SLOT, HF_RIGHTS_SAME),
                 PUT(world.handles, 5, COPY, boot->handles, SLOT, HF_RIGHT_CALL),
                 PUT(world.handles, 5, COPY, boot->handles, SLOT, 0));
}

static void copy_from_no_slot(void) {
    const uint64_t slots[] = {0, SECOND_SLOT, HF_HANDLE_COUNT, 1ul << 32, ~0ul};
    for (unsigned i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        refused(PUT(world.handles, 5, COPY, boot->handles, slots[i], HF_RIGHTS_SAME));
    }
}

static void mint_without_right(void) {
    hf_handle_t copy = HF_SLOT_ANY;
    take_handle(world.endpoint, HF_RIGHT_CALL | HF_RIGHT_GRANT);
    answered("hf_handle_copy with a badge of one's own", hf_handle_copy(SLOT, HF_RIGHT_CALL, 7, &copy));
}

static void copy_table_over_handles(void) {
    must(PUT(world.handles, 5, ENDPOINT, world.endpoint, 0, HF_RIGHT_CALL));
    REFUSED_EACH(ON(HANDLES_COPY, world.handles, .frame = boot->handles),
                 ON(HANDLES_COPY, boot->handles, .frame = world.handles));
}

static void copy_table_of_another_kind(void) {
    for (const hf_frame_t *used = world_used(); *used; used++) {
        if (*used != world.handles) refused(ON(HANDLES_COPY, world.handles, .frame = *used));
    }
}

/* What may not be passed on by itself isn't by the whole table. */
static void copy_table_without_grant(void) {
    struct hf_result result;
    hf_frame_t from = pool_frame(), to = world.handles;
    must(ON(HANDLES_CREATE, from));
    must(PUT(from, 5, ENDPOINT, world.endpoint, 0, ALL_BUT_USE & ~HF_RIGHT_GRANT));
    must(PUT(from, 6, POWER, 0, 0, HF_RIGHT_USE));
    hf_status_t status = do_listed(ON(HANDLES_COPY, to, .frame = from), &result);
    saw(status == HF_OK && result.detail == 0, "copy a table of handles that may not be passed on");
    must(PUT(to, 5, ENDPOINT, world.endpoint, 0, HF_RIGHT_CALL)); /* so the slot was empty */
}

/* A held call is its holder's, though another task may have the same table. */
static void answer_what_another_holds(void) {
    hf_handle_t held = SLOT;
    client_start();
    hf_frame_t caller = world.client;
    if (hf_hold(&held) != HF_OK) give_up("a call can't be held");
    client_start_in(world.second);
    client_share_handles();
    answered("reply to a call that another task holds", (hf_status_t)client_call(HF_CALL_REPLY_HELD, SLOT, 0, 0).value);
    saw(look_task(caller)->state == HF_TASK_WAITING, "... whose caller still waits");
}

#define PMO 0xffff800000000000ul /* where the core has all RAM */

/* A page full of handles of the core's own making, for all that it can tell. */
static void use_slots_behind_table(void) {
    const uint64_t slots[] = {HF_HANDLE_COUNT, HF_HANDLE_COUNT + 1, 2 * HF_HANDLE_COUNT - 1};
    hf_serial_t serial;
    hf_frame_t endpoint = world_endpoint(&serial);
    client_wait_at(world.aspace, endpoint, client_listen);
    hf_frame_t listener = world.client;
    client_start_in(world.second);
    volatile uint64_t *page = world_forge(world.behind_handles, 0);
    for (unsigned i = 0; i < HF_PAGE_SIZE / 8; i += 4) {
        page[i] = PMO + endpoint * HF_PAGE_SIZE;
        page[i + 1] = serial;
        page[i + 3] = HF_HANDLE_ENDPOINT | HF_RIGHTS_ALL << 8;
    }
    for (unsigned i = 0; i < 3; i++) {
        answered("call by a handle forged behind the table",
                 (hf_status_t)client_call(HF_CALL_CALL, slots[i], 1, 0).value);
    }
    saw(look_task(listener)->state == HF_TASK_RECEIVING, "... and nobody is called");
}

/* ---- the privilege ---- */

static void client_without_memory(void) {
    client_start();
    answered("the client asks for a list of operations", (hf_status_t)client_call(HF_CALL_MMU, 0, 0, 0).value);
    answered("... for one operation", (hf_status_t)client_call(HF_CALL_MMU_ONE, HF_OP_RELEASE, world.staged, 0).value);
    answered("... for a list and a reply", (hf_status_t)client_call(HF_CALL_MMU_REPLY_RECEIVE, 1, 0, 0).value);
    saw(look_frame(world.staged).type == HF_FRAME_STAGED, "and nothing has happened");
}

static void set_memory(bool memory) {
    struct hf_message message = {0};
    must(ON(TASK_STOP, world.client));
    PAGE_OF_OPERATIONS->task = (struct hf_task_block){.fields = HF_TASK_MEMORY, .memory = memory};
    client_registers(&PAGE_OF_OPERATIONS->task, client_main, 0);
    must(ON(TASK_SET, world.client));
    must(ON(TASK_START, world.client));
    if (hf_reply_receive(LISTENING, &message, NULL) != HF_OK) give_up("the client doesn't call");
}

static void memory_taken_back(void) {
    client_start();
    set_memory(true);
    hf_status_t status = (hf_status_t)client_call(HF_CALL_MMU_ONE, HF_OP_RELEASE, world.staged, 0).value;
    saw(status == HF_OK && look_frame(world.staged).type == HF_FRAME_FREE, "the client with MEMORY releases a frame");
    set_memory(false);
    answered("the client goes on with it when MEMORY was taken back",
             (hf_status_t)client_call(HF_CALL_MMU_ONE, HF_OP_ENDPOINT_CREATE, world.staged, 0).value);
}

const struct attack attacks_rights[] = {
    ATTACK(put_at_no_slot, RIGHTS, BAD_HANDLE, "slot 0, and slots behind the table: the next frame is anybody's"),
    ATTACK(put_over_a_handle, RIGHTS, EXISTS, "a handle where one is"),
    ATTACK(put_with_unknown_rights, RIGHTS, BAD_ARGUMENT, "rights that don't exist"),
    ATTACK(put_of_no_kind, RIGHTS, BAD_ARGUMENT, "kinds of handles that don't exist"),
    ATTACK(put_what_is_no_endpoint, RIGHTS, BAD_FRAME,
           "a handle to a frame that is no endpoint, or a copy out of what is no table"),
    ATTACK(copy_more_rights, RIGHTS, DENIED, "a copy that may do more than what it was copied from"),
    ATTACK(copy_without_grant, RIGHTS, DENIED, "a copy for somebody else of what may not be passed on"),
    ATTACK(copy_from_no_slot, RIGHTS, BAD_HANDLE, "a copy of an empty slot, and of slots behind the table"),
    ATTACK(mint_without_right, RIGHTS, DENIED, "somebody else's badge on one's own handle"),
    ATTACK(copy_table_over_handles, RIGHTS, NOT_EMPTY, "a table of handles over handles"),
    ATTACK(copy_table_without_grant, RIGHTS, OK, "all handles of a table, where none may be passed on"),
    ATTACK(copy_table_of_another_kind, RIGHTS, BAD_FRAME, "handles out of what is no table"),
    ATTACK(answer_what_another_holds, RIGHTS, DENIED, "a call that another task holds, by a table that both have"),
    ATTACK(use_slots_behind_table, RIGHTS, BAD_HANDLE,
           "slots behind the table, in a page that says what a handle says"),
    ATTACK(client_without_memory, RIGHTS, DENIED, "memory's operations, asked for by a task that lacks the privilege"),
    ATTACK(memory_taken_back, RIGHTS, DENIED, "the privilege, after it was taken back"),
    ATTACKS_END,
};
