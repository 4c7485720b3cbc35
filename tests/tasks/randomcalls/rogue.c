#include "rogue.h"

#include <handoff/call.h>
#include <ipc.h>
#include <mem.h>
#include <stdbool.h>

#include "../draw.h"
#include "../raw.h"

#define FIRST_COPY 64u /* copies of handles go to these slots, and only these are closed */
#define HELD 8u        /* calls that it remembers to have set aside */

static bool server;
static bool in_hand;
static uint64_t held[HELD];
static unsigned held_count;

/* ---- Numbers that somewhere are the first or last of something ---- */

static uint64_t draw_number(void) {
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     4,
                                     5,
                                     6,
                                     7,
                                     8,
                                     16,
                                     64,
                                     127,
                                     128,
                                     0x1000,
                                     0x10000,
                                     0x40000000,
                                     0x7fff0000,
                                     0x80000000,
                                     0x100000000,
                                     0x7fffffffe000,
                                     ~0ul,
                                     1ul << 47,
                                     HF_SLOT_ANY,
                                     HF_USER_END,
                                     0xffff800000000000,
                                     1ul << 63,
                                     1ul << 52,
                                     1ul << 48,
                                     0xffffc00000000000,
                                     0xffffc04000000000,
                                     0xffffe0000000ff00,
                                     0xffffffff80200000,
                                     0xfffffffffffff000};
    switch (draw_below(4)) {
    case 0:
        return draw();
    case 1:
        return draw() >> draw_below(64);
    default:
        return DRAW_FROM(edges);
    }
}

static uint64_t draw_copy(void) { return FIRST_COPY + draw_below(HF_HANDLE_COUNT - FIRST_COPY); }

static uint64_t draw_handle(void) {
    switch (draw_below(8)) {
    case 0:
        return draw_number();
    case 1:
    case 2:
        return HF_SLOT_MEMSRV + draw_below(8);
    case 3:
        return draw_copy();
    default:
        return ROGUE_SHARED;
    }
}

/* A tag that gets somewhere: seldom bytes, seldom a handle. */
static uint64_t draw_tag(uint64_t label) {
    const uint64_t bytes = draw_below(4) ? 0 : draw_below(HF_MESSAGE_BYTES + 2);
    const uint64_t handle = draw_below(8) ? 0 : draw_handle();
    return label | bytes << 32 | handle << 48;
}

/* ---- Calls that can succeed ---- */

static void good_receive(struct raw *raw) {
    raw->rax = HF_CALL_RECEIVE;
    raw->rdi = ROGUE_SHARED;
}

static void good_reply(struct raw *raw) {
    static const uint8_t answers[] = {HF_CALL_REPLY, HF_CALL_REPLY, HF_CALL_REPLY_RECEIVE, HF_CALL_HOLD};
    raw->rax = DRAW_FROM(answers);
    raw->rdi = raw->rax == HF_CALL_HOLD ? HF_SLOT_ANY : ROGUE_SHARED;
    raw->rsi = draw_tag(draw_below(100));
}

static void good_reply_held(struct raw *raw) {
    raw->rax = HF_CALL_REPLY_HELD;
    raw->rdi = held[draw_below(held_count)];
    raw->rsi = draw_tag(draw_below(100));
}

static void good_call(struct raw *raw) {
    raw->rax = HF_CALL_CALL;
    raw->rdi = ROGUE_SHARED;
    raw->rsi = draw_tag(draw_below(100));
}

static void good_request(struct raw *raw) {
    raw->rax = HF_CALL_CALL;
    raw->rdi = HF_SLOT_MEMSRV;
    raw->rsi = draw_tag(draw_below(HF_MEM_COUNT + 1));
}

static void good_copy(struct raw *raw) {
    raw->rax = HF_CALL_HANDLE_COPY;
    raw->rdi = draw_below(4) ? ROGUE_SHARED : HF_SLOT_MEMSRV;
    raw->rsi = draw_below(HF_RIGHTS_ALL + 1);
    raw->rdx = draw_below(2) ? 0 : draw();
    raw->r10 = draw_copy();
}

static void good_close(struct raw *raw) {
    raw->rax = HF_CALL_HANDLE_CLOSE;
    raw->rdi = draw_copy();
}

static void good_notify(struct raw *raw) {
    raw->rax = HF_CALL_NOTIFY;
    raw->rdi = ROGUE_SHARED;
}

static void good_base(struct raw *raw) {
    raw->rax = HF_CALL_FS_BASE;
    raw->rdi = draw() >> 17;
}

static void good_simple(struct raw *raw) { raw->rax = draw_below(2) ? HF_CALL_CLOCK : HF_CALL_YIELD; }

static void draw_good(struct raw *raw) {
    static void (*const often[])(struct raw *) = {good_call,  good_call,   good_call,   good_copy, good_copy,
                                                  good_close, good_notify, good_simple, good_base, good_request};
    const bool answers = draw_below(server ? 8 : 2) != 0;
    if (in_hand && answers) {
        good_reply(raw);
    } else if (held_count && answers) {
        good_reply_held(raw);
    } else if (server ? answers : draw_below(8) == 0) {
        good_receive(raw);
    } else {
        DRAW_FROM(often)(raw);
    }
}

/* ---- One call ---- */

/* The clients wait for whoever receives; who might wait for ever asks with NOWAIT. The task does
 * not ask for its end, and keeps the handles that it was given. */
static void keep_going(struct raw *raw) {
    const uint64_t call = raw->rax;
    const bool takes = call == HF_CALL_RECEIVE || call == HF_CALL_REPLY_RECEIVE;
    const bool alone = !server || held_count || raw->rdi != ROGUE_SHARED;
    if ((takes && alone) || (call == HF_CALL_CALL && server && raw->rdi != HF_SLOT_MEMSRV)) {
        raw->rax |= HF_NOWAIT;
    }
    if ((uint32_t)raw->rsi == HF_MEM_EXIT) raw->rsi++;
    if ((uint32_t)raw->rsi == HF_MEM_LOOKUP) raw->rdx &= ~(uint64_t)HF_LOOKUP_WAIT;
    if (call == HF_CALL_HANDLE_CLOSE && raw->rdi < ROGUE_OWN) raw->rdi += FIRST_COPY;
    if (call == HF_CALL_NOTIFY && raw->rdi == ROGUE_DONE) raw->rdi = ROGUE_SHARED;
}

static uint64_t draw_flags(void) {
    static const uint64_t flags[] = {0,        RAW_DIRECTION,  RAW_NESTED,         RAW_ALIGNMENT,
                                     RAW_TRAP, RAW_ARITHMETIC, RAW_IDENTIFICATION, RAW_PRIVILEGE};
    return draw_below(4) ? RAW_FLAGS : RAW_FLAGS | DRAW_FROM(flags) | DRAW_FROM(flags);
}

static void draw_call(struct raw *raw) {
    uint64_t *words = &raw->rax;
    for (size_t i = 0; i < 14; i++) {
        words[i] = draw_number();
    }
    raw->flags = draw_flags();
    raw->rax = draw_below(HF_CALL_COUNT);
    raw->rdi = draw_handle();
    if (draw_below(8)) draw_good(raw);
    keep_going(raw);
    if (draw_below(64) == 0) raw->rax |= 1ul << draw_below(64); /* also bits that are reserved */
}

static void forget_held(uint64_t slot) {
    for (unsigned i = 0; i < held_count; i++) {
        if (held[i] == slot) held[i] = held[--held_count];
    }
}

/* Whether a call is in hand after this one. */
static bool has_in_hand(uint64_t call, const struct raw *answered) {
    const bool done = answered->rax == HF_OK;
    switch (call) {
    case HF_CALL_RECEIVE:
        return (done && answered->rbx != 0) || answered->rax == HF_BAD_CALL; /* a serial: a task's, no notification */
    case HF_CALL_REPLY_RECEIVE:
        return done ? answered->rbx != 0 : in_hand && answered->rax != HF_WOULD_BLOCK;
    case HF_CALL_REPLY:
        return in_hand && !done && answered->rax != HF_BAD_CALL;
    case HF_CALL_HOLD:
        return in_hand && !done;
    default:
        return in_hand;
    }
}

/* What it knows of calls that wait for its answer, so that the next ones make sense. */
static void learn(const struct raw *asked, const struct raw *answered) {
    const uint64_t call = asked->rax & ~(uint64_t)HF_NOWAIT;
    const bool done = answered->rax == HF_OK;
    in_hand = has_in_hand(call, answered);
    if (call == HF_CALL_HOLD && done && held_count < HELD) held[held_count++] = answered->rsi;
    if (call == HF_CALL_REPLY_HELD && (done || answered->rax == HF_DEAD)) forget_held(asked->rdi);
    if (call == HF_CALL_HANDLE_CLOSE && done) forget_held(asked->rdi);
}

static void draw_buffer(void) {
    uint64_t *words = (void *)hf_buffer();
    for (size_t i = 0; i < 8; i++) {
        words[draw_below(HF_PAGE_SIZE / 8)] = draw_number();
    }
    hf_buffer()->receive_slot = (hf_handle_t)(draw_below(2) ? draw_copy() : draw_number());
}

void rogue(uint64_t seed, uint64_t role, uint64_t count) {
    uint64_t done = 0;
    draw_seed(seed * 16 + role);
    server = role == 0;
    for (uint64_t i = 0; i < count; i++) {
        struct raw raw, asked;
        draw_call(&raw);
        if (i % 16 == 0) draw_buffer();
        asked = raw;
        raw_call(&raw);
        learn(&asked, &raw);
        done += raw.rax == HF_OK;
    }
    const hf_status_t told = hf_notify(ROGUE_DONE);
    mem_exit(told == HF_OK ? (int64_t)done : -1);
}
