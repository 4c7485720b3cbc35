/* The mechanism of the core's messages: what ukernel/ipc.c does to tasks and endpoints, under the
 * names that things have there; manage.pml has what task.c and endpoint.c do.
 * docs/protocol.md says how to read it.
 *
 * The core runs each kernel entry to its end with interrupts off, so whoever uses the
 * inlines below wraps each entry into one d_step: between two of them anybody may run.
 *
 * Before this file: TASKS, ENDPOINTS, SLOTS (for held calls, of each task), WAKE_LIMIT
 * (how many tasks one destroying operation lets go on), MUST(condition): what holds
 * because the core is right, and TABLE(t): whose handle table task t uses. */

/* enum hf_task_state, and a frame that is no task now. */
#define FREE 0
#define STOPPED 1
#define READY 2
#define SENDING 3
#define RECEIVING 4
#define WAITING 5

/* hf_status_t */
#define OK 0
#define DEAD 1
#define CANCELLED 2
#define BAD_CALL 3
#define BAD_HANDLE 4
#define DENIED 5
#define EXISTS 6
#define WOULD_BLOCK 7

/* What a task finds in its registers besides the status. */
#define NOTHING 0
#define CALL 1
#define FAULT 2
#define NOTIFICATION 3
#define ANSWER 4

/* Tasks are 1 to TASKS. */
#define NO_CALL 0
#define GONE_CALL 255

/* A field that means nothing in the task's present state is 0: the core leaves something
 * there, and never looks. The badge of each task's handles, and of its pager, is its own
 * number. */
typedef Task {
    byte state;
    byte serial;    /* 0 in a frame that is no task */
    bool dying;     /* its destruction has begun */
    bool fault;     /* its call is a fault, made by the core */
    byte caller;    /* the call in hand, NO_CALL or GONE_CALL */
    byte server;    /* WAITING: who has this task's call */
    byte queued_at; /* SENDING, RECEIVING: the endpoint */
    byte cancelled; /* calls that ended without a reply */
    byte base; /* its own priority */
    byte effective; /* that of the caller in hand, when higher */
    byte pager;     /* an endpoint */
    byte pager_serial;

    /* The registers. */
    byte status;
    byte label;
    byte badge;
    short word; /* of CALL and ANSWER: which call; of NOTIFICATION: the bits */

    /* Not in the core: which call of this task is the present one. */
    byte number;
};

typedef Endpoint {
    byte serial; /* 0 once its destruction has begun */
    bool frame;  /* the frame still is an endpoint */
    byte bits;

    byte owed; /* not in the core: bits that were set and nobody got */
};

/* A handle of kind REPLY. */
typedef Reply {
    bool used;
    byte object; /* the caller's frame; 0 when it had gone already */
    byte serial;
    byte count; /* its count of cancelled calls, when the call was held */
};

Task task[TASKS + 1];
Endpoint endpoint[ENDPOINTS];
Reply reply_handle[(TASKS + 1) * SLOTS];
chan senders[ENDPOINTS] = [TASKS] of { byte };
chan receivers[ENDPOINTS] = [TASKS] of { byte };
chan held[TASKS + 1] = [TASKS] of { byte };

/* Within one kernel entry only: never part of the state. */
hidden byte caller_, other_, woken_, left_, taken_, slot_;
hidden byte waits_;

#define HANDLE(t, slot) reply_handle[TABLE(t) * SLOTS + (slot)]

/* Which call of which task this is: nobody else's, and no other of its own. */
#define WORD(t) ((t) * 256 + task[t].number)

/* endpoint_alive, for the endpoint that a handle or a pager names. */
#define ALIVE(e, serial_) (serial_ != 0 && endpoint[e].serial == serial_)

#define IN_HAND(t) (task[t].caller != NO_CALL && task[t].caller != GONE_CALL)

/* ---- sending and receiving ---- */

inline deliver(sender, receiver) {
    task[receiver].label = (task[sender].fault -> FAULT : CALL);
    task[receiver].word = WORD(sender);
    task[receiver].badge = sender;
    task[receiver].status = OK;
    task[receiver].caller = sender;
    task[sender].server = receiver;
    task[sender].queued_at = 0;
    task[sender].state = WAITING;
    if
    :: task[sender].effective > task[receiver].effective -> task[receiver].effective = task[sender].effective
    :: else
    fi
}

inline deliver_bits(receiver, e) {
    task[receiver].label = NOTIFICATION;
    task[receiver].word = endpoint[e].bits;
    task[receiver].badge = 0;
    task[receiver].status = OK;
    MUST(endpoint[e].bits == endpoint[e].owed);
    endpoint[e].owed = 0;
    endpoint[e].bits = 0
}

/* A call of task t, or a fault. */
inline send(t, e) {
    if
    :: len(receivers[e]) == 0 ->
        task[t].queued_at = e;
        task[t].state = SENDING;
        senders[e]!t
    :: len(receivers[e]) > 0 ->
        receivers[e]?other_;
        deliver(t, other_);
        task[other_].queued_at = 0;
        task[other_].state = READY
    fi
}

inline call_call(t, e, serial_, nowait) {
    if
    :: !ALIVE(e, serial_) -> task[t].status = DEAD
    :: ALIVE(e, serial_) && nowait && len(receivers[e]) == 0 -> task[t].status = WOULD_BLOCK
    :: else ->
        task[t].number++;
        send(t, e)
    fi
}

inline receive(t, e, nowait) {
    task[t].label = NOTHING;
    task[t].word = 0;
    task[t].badge = 0;
    if
    :: endpoint[e].bits != 0 -> deliver_bits(t, e)
    :: endpoint[e].bits == 0 && len(senders[e]) > 0 ->
        MUST(endpoint[e].bits == 0);
        senders[e]?other_;
        deliver(other_, t)
    :: endpoint[e].bits == 0 && len(senders[e]) == 0 && nowait -> task[t].status = WOULD_BLOCK
    :: else ->
        task[t].queued_at = e;
        task[t].state = RECEIVING;
        receivers[e]!t
    fi
}

inline call_receive(t, e, serial_, nowait) {
    if
    :: task[t].caller != NO_CALL -> task[t].status = BAD_CALL
    :: task[t].caller == NO_CALL && !ALIVE(e, serial_) -> task[t].status = DEAD
    :: else -> receive(t, e, nowait)
    fi
}

/* ---- answering ---- */

/* Only who waits is told a result, and once: it doesn't wait afterwards. For a fault not a
 * register changes. */
inline set_result(t, result) {
    MUST(task[t].state > READY);
    if
    :: task[t].fault -> task[t].fault = false
    :: else -> task[t].status = result
    fi
}

/* ipc_wake. */
inline wake(t, result) {
    set_result(t, result);
    task[t].server = 0;
    task[t].queued_at = 0;
    task[t].state = READY
}

/* `word_` is the call that task t believes to answer. */
inline answer(t, to, word_) {
    MUST(word_ == WORD(to));
    if
    :: !task[to].fault ->
        task[to].label = ANSWER;
        task[to].word = word_;
        task[to].badge = t
    :: else
    fi;
    wake(to, OK)
}

inline reply(t, word_) {
    caller_ = task[t].caller;
    task[t].caller = NO_CALL;
    task[t].effective = task[t].base;
    if
    :: caller_ != GONE_CALL -> answer(t, caller_, word_)
    :: else
    fi
}

inline call_reply(t, word_) {
    if
    :: task[t].caller == NO_CALL -> task[t].status = BAD_CALL
    :: else ->
        reply(t, word_);
        task[t].status = OK
    fi
}

inline call_reply_receive(t, e, serial_, nowait, word_) {
    if
    :: task[t].caller == NO_CALL -> task[t].status = BAD_CALL
    :: task[t].caller != NO_CALL && !ALIVE(e, serial_) -> task[t].status = DEAD
    :: else ->
        reply(t, word_);
        receive(t, e, nowait)
    fi
}

/* ---- holding ---- */

inline call_hold(t, slot) {
    if
    :: task[t].caller == NO_CALL -> task[t].status = BAD_CALL
    :: task[t].caller != NO_CALL && HANDLE(t, slot).used -> task[t].status = EXISTS
    :: else ->
        HANDLE(t, slot).used = true;
        if
        :: task[t].caller != GONE_CALL ->
            HANDLE(t, slot).object = task[t].caller;
            HANDLE(t, slot).serial = task[task[t].caller].serial;
            HANDLE(t, slot).count = task[task[t].caller].cancelled;
            held[t]!task[t].caller
        :: else
        fi;
        task[t].caller = NO_CALL;
        task[t].effective = task[t].base;
        task[t].status = OK
    fi
}

inline clear_handle(i) {
    reply_handle[i].used = false;
    reply_handle[i].object = 0;
    reply_handle[i].serial = 0;
    reply_handle[i].count = 0
}

/* Whether the call of a REPLY handle still waits. */
#define STILL_WAITS(handle) \
    (handle.object != 0 && task[handle.object].serial == handle.serial && \
     task[handle.object].cancelled == handle.count && task[handle.object].state == WAITING)

/* taken_: the caller, or NO_CALL when it has stopped waiting. */
inline take_held(t, slot) {
    taken_ = HANDLE(t, slot).object;
    waits_ = STILL_WAITS(HANDLE(t, slot));
    if
    :: !HANDLE(t, slot).used -> task[t].status = BAD_HANDLE
    :: HANDLE(t, slot).used && waits_ && task[taken_].server != t -> task[t].status = DENIED
    :: else ->
        clear_handle(TABLE(t) * SLOTS + slot);
        if
        :: waits_ ->
            MUST(held[t]??[eval(taken_)]);
            held[t]??eval(taken_)
        :: else -> taken_ = NO_CALL
        fi;
        task[t].status = OK
    fi
}

inline call_reply_held(t, slot, word_) {
    take_held(t, slot);
    if
    :: task[t].status == OK && taken_ != NO_CALL -> answer(t, taken_, word_)
    :: task[t].status == OK && taken_ == NO_CALL -> task[t].status = DEAD
    :: else
    fi
}

/* hf_handle_close of a held call: ipc_drop_held. */
inline call_handle_close(t, slot) {
    take_held(t, slot);
    if
    :: task[t].status == OK && taken_ != NO_CALL -> wake(taken_, DEAD)
    :: else
    fi
}

/* ---- notifying ---- */

inline call_notify(t, e, serial_, bits_) {
    if
    :: !ALIVE(e, serial_) -> task[t].status = DEAD
    :: else ->
        endpoint[e].owed = endpoint[e].owed | bits_;
        endpoint[e].bits = endpoint[e].bits | bits_;
        if
        :: len(receivers[e]) > 0 ->
            receivers[e]?other_;
            deliver_bits(other_, e);
            task[other_].queued_at = 0;
            task[other_].state = READY
        :: else
        fi;
        task[t].status = OK
    fi
}

/* ---- faults ---- */

/* ipc_raise: a fault of the running task t. */
inline raise(t) {
    if
    :: !ALIVE(task[t].pager, task[t].pager_serial) -> task[t].state = STOPPED
    :: else ->
        task[t].fault = true;
        task[t].number++;
        send(t, task[t].pager)
    fi
}
