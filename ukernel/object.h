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

/* Came in by SYSCALL. RIP, RSP and RBP are valid, and, where the call needed them, what
 * call.h says comes in; the fast path leaves the others as some earlier entry left them. */
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
    uint64_t bits;         /* notifications that were not received yet */
    uint64_t mark;         /* memsrv's */
    struct task *receiver; /* dump.c's, good for one dump only */
};

/* The XSAVE area of x87, SSE and AVX, whose first part is FXSAVE's (Intel SDM vol. 1, 13.4). */
struct fpu_state {
    uint16_t control;
    uint8_t reserved0[22];
    uint32_t sse_control; /* MXCSR */
    uint8_t reserved1[804];
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct fpu_state) == 832, "512 bytes, a header of 64, and AVX's 256");

/* Why a task can't take the fast path of messages. */
enum slow {
    SLOW_FAULT = 1,   /* its call is a fault: the registers must stay as they are */
    SLOW_FS_BASE = 2, /* it has an FS base */
    SLOW_FPU = 4,     /* the processor's FPU registers are its own at the moment */
};

struct task {
    struct frame_registers registers;
    hf_serial_t serial;
    struct handle *handles; /* an empty table when it has none */
    uint64_t cr3;           /* 0 when it has no aspace */
    uint8_t state;          /* enum hf_task_state */
    uint8_t slow;           /* enum slow */
    uint8_t memory;         /* may make MMU calls */
    uint8_t priority;       /* its own ... */
    uint8_t effective;      /* ... or that of the caller whose call it has in hand, when higher */
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
    struct handle pager; /* ENDPOINT, or NONE when it never had one */
    uint64_t fault_address;
    uint64_t fs_base;
    uint64_t ticks;
    uint64_t mark; /* memsrv's */
    struct fpu_state fpu;
};
_Static_assert(sizeof(struct task) <= HF_PAGE_SIZE, "a task is one frame");

#define NO_CALL ((struct task *)0)
#define GONE_CALL ((struct task *)1) /* the caller has died or was stopped: replying is no error */

static inline void task_set_fs_base(struct task *task, uint64_t address) {
    task->fs_base = address;
    task->slow = (uint8_t)((task->slow & ~SLOW_FS_BASE) | (address ? SLOW_FS_BASE : 0));
}

/* A serial that no object had before. */
hf_serial_t serial_next(void);

/* The object in a frame, or NULL when the frame has another type. */
struct endpoint *endpoint_in(hf_frame_t frame);
struct handle *handles_in(hf_frame_t frame);

/* Whether a frame that once was an object is one of this type still. Its entry is
 * there: the run was split then, and those of a run that is whole again say FREE. */
static inline bool object_is(const void *object, enum hf_frame_type type) {
    return FRAME_ENTRIES[frame_of(object)].type == type;
}

/* Whether a weak name still names what it did. */
static inline bool endpoint_alive(const struct endpoint *endpoint, hf_serial_t serial) {
    return object_is(endpoint, HF_FRAME_ENDPOINT) && endpoint->serial == serial;
}

static inline bool task_alive(const struct task *task, hf_serial_t serial) {
    return object_is(task, HF_FRAME_TASK) && task->serial == serial;
}

/* The `previous` of a queue's first task is never read, so that taking the first one
 * out is two stores. */
static inline void queue_append(struct task_queue *queue, struct task *task) {
    task->next = NULL;
    if (queue->first) {
        queue->last->next = task;
        task->previous = queue->last;
    } else {
        queue->first = task;
    }
    queue->last = task;
}

static inline void queue_prepend(struct task_queue *queue, struct task *task) {
    task->next = queue->first;
    if (queue->first) {
        queue->first->previous = task;
    } else {
        queue->last = task;
    }
    queue->first = task;
}

static inline void queue_remove(struct task_queue *queue, struct task *task) {
    if (queue->first == task) {
        queue->first = task->next;
        return;
    }
    task->previous->next = task->next;
    if (queue->last == task) {
        queue->last = task->previous;
    } else {
        task->next->previous = task->previous;
    }
}
