/* Messages as they are meant, in the plainest way: no queues of links, nothing weak, nothing fast.
 * A test makes every call here and in the core, and compares. */
#pragma once

#include <handoff/handle.h>
#include <handoff/status.h>
#include <stdbool.h>

#define MODEL_TASKS 8u
#define MODEL_ENDPOINTS 3u
#define MODEL_TABLES 6u
#define NOBODY (-1)
#define GONE (-2) /* a call in hand whose caller has gone */

enum model_state { RUNS, SENDS, RECEIVES, WAITS_FOR_REPLY, IS_STOPPED };

/* What a task sends, or finds when it goes on. */
struct model_message {
    bool fault;
    hf_status_t status; /* when it goes on */
    bool arrived;       /* there is a message: the rest counts */
    bool bits;          /* it is a notification, word has the bits */
    bool call;          /* it is a call: badge and from count too */
    uint32_t label;
    uint64_t word;
    unsigned bytes;  /* filled with the low byte of `word` */
    unsigned handle; /* the slot that it is sent from; on arrival where it got, HF_LOST for nowhere */
    uint64_t badge;
    int from;
};

struct model_handle {
    enum hf_handle_kind kind;
    unsigned rights;
    int endpoint;
    unsigned generation; /* of the endpoint */
    uint64_t badge;
    int caller;    /* REPLY: whose call ... */
    uint64_t call; /* ... and which */
};

struct model_task {
    enum model_state state;
    int at;                     /* the endpoint where it is queued */
    int in_hand;                /* whose call, NOBODY or GONE */
    int server;                 /* who has its call */
    bool held;                  /* who has set it aside */
    uint64_t call;              /* counts the calls that it made */
    struct model_message out;   /* that it sends */
    struct model_message found; /* that it got last; woken says that it is new */
    bool woken;
    unsigned table;
    int pager; /* NOBODY: it never faults */
};

struct model_endpoint {
    unsigned generation;
    int senders[MODEL_TASKS], receivers[MODEL_TASKS];
    unsigned sender_count, receiver_count;
    uint64_t bits;
};

extern struct model_task model_tasks[MODEL_TASKS];
extern struct model_endpoint model_endpoints[MODEL_ENDPOINTS];
extern struct model_handle model_tables[MODEL_TABLES][HF_HANDLE_COUNT];

/* The slot that task `task` names for an arriving handle; and where one that is put into any free slot
 * really went (the model asks, since any will do). */
extern unsigned (*model_receive_slot)(int task);
extern unsigned (*model_any_slot)(int task);

/* The calls: what the caller gets at once, or HF_STATUS_COUNT when it waits. */
hf_status_t model_call(int task, unsigned slot, const struct model_message *message, bool wait);
hf_status_t model_receive(int task, unsigned slot, bool wait);
hf_status_t model_reply(int task, const struct model_message *message);
hf_status_t model_reply_receive(int task, unsigned slot, const struct model_message *message, bool wait);
hf_status_t model_hold(int task, unsigned slot);
hf_status_t model_reply_held(int task, unsigned slot, const struct model_message *message);
hf_status_t model_notify(int task, unsigned slot);
hf_status_t model_close(int task, unsigned slot);
void model_fault(int task, uint64_t address);

/* The operations. */
void model_stop(int task);
void model_destroy_task(int task);         /* that is stopped; it is a new one afterwards, stopped */
void model_destroy_endpoint(int endpoint); /* it is a new one afterwards */
