/* The core's objects. Each takes one frame, and is named by the frame's number.
 *
 * Names between objects are weak: a frame number and a serial, checked (type
 * first, then serial) before each use. The one exception is a call: caller and
 * server point to each other, and whoever of them is stopped or destroyed
 * unlinks the other at once. */
#pragma once

#include <handoff/handle.h>
#include <handoff/message.h>
#include <handoff/mmu.h>
#include <stdbool.h>

#include "address.h"
#include "frame.h"

/* What ring 3 had in its registers. The processor pushes the last five words of
 * an interrupt here by itself: TSS.RSP0 points just behind them. */
struct frame_registers {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector; /* of the interrupt, or ENTERED_BY_CALL */
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* Came in by SYSCALL: only the registers of call.h, RIP, RSP and RBP are valid. */
#define ENTERED_BY_CALL (~0ul)

/* RFLAGS with which a call returns: IF, and bit 1, which is always set. */
#define FLAGS_OF_RING3 0x202ul

struct handle {
    uint64_t object;  /* ENDPOINT: pointer to it; REPLY: to the caller; PORTS: first port; IRQ: line */
    uint64_t serial;  /* ENDPOINT, REPLY: of that object; PORTS: how many */
    hf_badge_t badge; /* REPLY: the caller's count of calls without a reply */
    uint8_t kind;     /* enum hf_handle_kind */
    uint8_t rights;   /* enum hf_handle_rights */
    uint8_t reserved[6];
};
_Static_assert(sizeof(struct handle) * HF_HANDLE_COUNT == HF_PAGE_SIZE, "a handle table is one frame");

struct task;

struct task_queue {
    struct task *first, *last;
};

struct endpoint {
    hf_serial_t serial;          /* 0 once its destruction has begun */
    struct task_queue receivers; /* at most one of the two queues has tasks in it */
    struct task_queue senders;
    uint64_t bits; /* notifications that were not received yet */
    uint64_t mark; /* memsrv's */
};

struct task {
    struct frame_registers registers;
    hf_serial_t serial;
    struct handle *handles; /* an empty table when it has none */
    uint64_t cr3;           /* 0 when it has no aspace */
    uint8_t state;          /* enum hf_task_state */
    uint8_t fault;          /* its call is a fault: the registers must stay as they are */
    uint8_t priority;       /* its own ... */
    uint8_t effective;      /* ... or that of the caller whose call it has in hand, when higher */
    uint8_t memory;         /* may make MMU calls */
    uint8_t dying;          /* its destruction has begun */
    uint8_t reserved[2];
    struct task *next, *previous; /* in a ready queue, an endpoint's queue, or a server's held calls */
    struct endpoint *queued_at;   /* SENDING, RECEIVING */
    struct task *caller;          /* the call in hand, NO_CALL or GONE_CALL */
    struct task *server;          /* WAITING: who has this task's call */
    struct task_queue held;       /* callers whose calls were set aside */
    uint64_t cancelled;           /* calls of this task that ended without a reply */
    hf_badge_t send_badge;        /* SENDING: of the handle that it used */
    struct hf_buffer *buffer;
    struct hf_operation_page *operations;
    struct endpoint *pager;
    hf_serial_t pager_serial;
    hf_badge_t pager_badge;
    uint64_t fault_address;
    uint64_t fs_base;
    uint64_t ticks;
    uint64_t mark; /* memsrv's */
};
_Static_assert(sizeof(struct task) <= HF_PAGE_SIZE, "a task is one frame");

#define NO_CALL ((struct task *)0)
#define GONE_CALL ((struct task *)1) /* the caller has died or was stopped: replying is no error */

/* A serial that no object had before. */
hf_serial_t serial_next(void);

/* The object in a frame, or NULL when the frame has another type. */
struct endpoint *endpoint_in(hf_frame_t frame);
struct handle *handles_in(hf_frame_t frame);

/* Whether a weak name still names what it did. */
bool endpoint_alive(const struct endpoint *endpoint, hf_serial_t serial);
bool task_alive(const struct task *task, hf_serial_t serial);

void queue_append(struct task_queue *queue, struct task *task);
void queue_prepend(struct task_queue *queue, struct task *task);
void queue_remove(struct task_queue *queue, struct task *task);
