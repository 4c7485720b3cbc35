#include "world.h"

#include "registers.h"

struct world world;

/* ---- the state, as the task itself can see it ---- */

#define RIGHTS 6u
#define LOOKS (RIGHTS + 4u)

struct state {
    uint8_t slots[HF_HANDLE_COUNT][LOOKS];
    uint32_t hand;
    struct hf_buffer buffer;
};
_Static_assert(sizeof(struct state) == HF_HANDLE_COUNT * LOOKS + sizeof(uint32_t) + sizeof(struct hf_buffer),
               "compared as bytes");

static struct state before, now;
static unsigned refused;

/* What a task can see of a slot by calls that are refused whatever is there: a copy over
 * what is taken, and messages with a label of the core's. */
static void look_at_slot(uint64_t slot, uint8_t looks[LOOKS]) {
    const struct hf_message forged = {.label = HF_LABEL_CORE};
    for (unsigned right = 0; right < RIGHTS; right++) {
        looks[right] = (uint8_t)hf_stub_plain(HF_CALL_HANDLE_COPY, slot, 1u << right, 0, HF_SLOT_MEMSRV, NULL);
    }
    looks[RIGHTS] = (uint8_t)hf_stub_plain(HF_CALL_HANDLE_COPY, slot, HF_RIGHTS_ALL + 1, 0, 0, NULL);
    looks[RIGHTS + 1] = (uint8_t)hf_stub_exchange(HF_CALL_CALL, (hf_handle_t)slot, &forged, NULL, NULL);
    looks[RIGHTS + 2] = (uint8_t)hf_stub_exchange(HF_CALL_REPLY_HELD, (hf_handle_t)slot, &forged, NULL, NULL);
    looks[RIGHTS + 3] = (uint8_t)hf_stub_plain(HF_CALL_PORT_IN, slot, 0, 0, 0, NULL);
}

static void look(struct state *state) {
    memset(state, 0, sizeof *state);
    for (unsigned slot = 1; slot < HF_HANDLE_COUNT; slot++) {
        look_at_slot(slot, state->slots[slot]);
    }
    state->hand = hf_stub_plain(HF_CALL_HOLD, 0, 0, 0, 0, NULL);
    state->buffer = *hf_buffer();
}

/* Something to spoil; nothing that is sent or printed between this and the end is lost by it. */
static void fill_buffer(void) {
    for (size_t i = 0; i < HF_MESSAGE_BYTES; i++) {
        hf_buffer()->bytes[i] = pattern_byte(3, i);
    }
    hf_buffer()->receive_slot = EMPTY_SLOT;
}

void look_at_state(void) {
    fill_buffer();
    look(&before);
}

void want_same_state(const char *what) {
    char text[96];
    look(&now);
    if (memcmp(&before, &now, sizeof now) != 0) {
        snprintf(text, sizeof text, "%s: handles, call in hand or buffer are not what they were", what);
        suite_want(false, text, __LINE__);
    }
}

/* ---- calls ---- */

static bool leaks(uint64_t after, uint64_t was) { return after >= 0xffff800000000000ul && after != was; }

/* Messages of call.h: what survives, and what may be in the rest. */
static bool registers_good(const struct registers *after, const struct registers *was) {
    const uint64_t *word = &after->rax, *old = &was->rax;
    bool good = after->rsp == 0 && after->rbp == was->rbp && after->rflags == 0x202;
    for (size_t i = 0; i < offsetof(struct registers, rsp) / sizeof *word; i++) {
        good = good && !leaks(word[i], old[i]);
    }
    return good;
}

static void refuse(const struct registers *was, hf_status_t wanted) {
    struct registers after = *was;
    registers_call(&after);
    refused++;
    if (after.rax != wanted || !registers_good(&after, was)) {
        char text[160];
        snprintf(text, sizeof text, "call 0x%lx (0x%lx, 0x%lx, 0x%lx, 0x%lx): %s, not %s, rbp 0x%lx, flags 0x%lx",
                 was->rax, was->rdi, was->rsi, was->rdx, was->r10, hf_status_name((hf_status_t)after.rax),
                 hf_status_name(wanted), after.rbp, after.rflags);
        suite_want(false, text, __LINE__);
        fill_buffer(); /* printing has used it */
    }
}

/* What the calls don't look at. */
static const struct registers others = {
    .rbx = 0x101,
    .rcx = 0x102,
    .rbp = 0x103,
    .r8 = 0x104,
    .r9 = 0x105,
    .r11 = 0x106,
    .r12 = 0x107,
    .r13 = 0x108,
    .r14 = 0x109,
    .r15 = 0x10a,
};

void bad_call_quick(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t r10, hf_status_t wanted) {
    struct registers was = others;
    was.rax = number;
    was.rdi = rdi;
    was.rsi = rsi;
    was.rdx = rdx;
    was.r10 = r10;
    refuse(&was, wanted);
}

void bad_call(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t r10, hf_status_t wanted) {
    char text[64];
    look_at_state();
    bad_call_quick(number, rdi, rsi, rdx, r10, wanted);
    snprintf(text, sizeof text, "call 0x%lx (0x%lx, 0x%lx)", number, rdi, rsi);
    want_same_state(text);
}

void bad_call_counted(uint64_t number, uint64_t rdi, uint64_t count, hf_status_t wanted) {
    struct registers was = others;
    was.rax = number;
    was.rdi = rdi;
    was.rsi = GOOD_TAG;
    was.r14 = count;
    look_at_state();
    refuse(&was, wanted);
    want_same_state("a list of operations");
}

/* ---- the world ---- */

enum { SEED_HELD = 10, SEED_HAND = 20, SEED_QUEUED = 30, SEED_SERVED = 40 };
#define PENDING_BITS 0x8000000000000005ul

static unsigned held_client, hand_client, queued_client, server;
static bool call_in_hand;

static int client(uint64_t seed) {
    struct hf_message message = pattern((unsigned)seed);
    WANT_OK(hf_call(SLOT_A, &message));
    WANT_PATTERN(&message, (unsigned)seed + 1);
    return 0;
}

static int serve_once(uint64_t seed) {
    struct hf_message message = {0};
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    WANT_PATTERN(&message, (unsigned)seed);
    message = pattern((unsigned)seed + 1);
    WANT_OK(hf_reply(&message));
    return 0;
}

static int leave_an_endpoint(uint64_t argument) {
    struct hf_message message = {.handle = (uint16_t)new_endpoint()};
    (void)argument;
    WANT_OK(report_message(&message));
    return 0;
}

static void have_a_dead_endpoint(void) {
    struct hf_message message = {0};
    unsigned role = START(leave_an_endpoint, 0);
    hf_buffer()->receive_slot = DEAD_SLOT;
    take_report(&message);
    hf_buffer()->receive_slot = 0;
    WANT_NUMBER(message.handle, DEAD_SLOT);
    WANT_CODE(role, 0);
}

static void have_bits_waiting(void) {
    hf_handle_t bits;
    world.pending = new_endpoint();
    bits = new_handle(world.pending, HF_RIGHT_NOTIFY, PENDING_BITS);
    WANT_OK(hf_notify(bits));
    WANT_OK(hf_handle_close(bits));
}

static void want_call(unsigned seed) {
    struct hf_message message = {0};
    WANT_OK(hf_receive(world.endpoint, &message, NULL));
    WANT_PATTERN(&message, seed);
}

void world_open(bool with_call_in_hand) {
    refused = 0;
    world.endpoint = new_endpoint();
    world.quiet = new_endpoint();
    world.served = new_endpoint();
    server = START(serve_once, SEED_SERVED, world.served);
    have_a_dead_endpoint();
    have_bits_waiting();
    held_client = START(client, SEED_HELD, world.endpoint);
    want_call(SEED_HELD);
    world.held = HF_SLOT_ANY;
    WANT_OK(hf_hold(&world.held));
    call_in_hand = with_call_in_hand;
    if (call_in_hand) {
        hand_client = START(client, SEED_HAND, world.endpoint);
        want_call(SEED_HAND);
    }
    queued_client = START(client, SEED_QUEUED, world.endpoint);
    AWAIT_STATE(queued_client, HF_INFO_SENDING);
    AWAIT_STATE(server, HF_INFO_RECEIVING);
}

static struct hf_message answer;

static const struct hf_message *answer_for(unsigned seed) {
    answer = pattern(seed + 1);
    return &answer;
}

void world_close(void) {
    struct hf_message message = {0};
    if (call_in_hand) {
        WANT_OK(hf_reply(answer_for(SEED_HAND)));
        WANT_CODE(hand_client, 0);
    }
    WANT_STATUS(hf_reply(answer_for(SEED_HAND)), HF_BAD_CALL);
    WANT_OK(hf_reply_held(world.held, answer_for(SEED_HELD)));
    WANT_CODE(held_client, 0);
    want_call(SEED_QUEUED);
    WANT_OK(hf_reply(answer_for(SEED_QUEUED)));
    WANT_CODE(queued_client, 0);
    WANT_STATUS(hf_receive_nowait(world.endpoint, &message, NULL), HF_WOULD_BLOCK);
    WANT_OK(hf_receive_nowait(world.pending, &message, NULL));
    WANT_NUMBER(message.word[0], PENDING_BITS);
    WANT_STATUS(hf_receive_nowait(world.pending, &message, NULL), HF_WOULD_BLOCK);
    WANT_STATUS(hf_receive_nowait(world.quiet, &message, NULL), HF_WOULD_BLOCK);
    WANT_STATE(server, HF_INFO_RECEIVING);
    message = pattern(SEED_SERVED);
    WANT_OK(hf_call(world.served, &message));
    WANT_PATTERN(&message, SEED_SERVED + 1);
    WANT_CODE(server, 0);
    note("%u calls were refused", refused);
}
