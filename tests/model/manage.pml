/* What memsrv has the core do to tasks and endpoints: ukernel/task.c, endpoint.c, and what of
 * ipc.c they use. Entries like those of ipc.pml. */

/* ipc_cancel: task t is in no queue, hand or held list afterwards. */
inline cancel(t) {
    other_ = task[t].server;
    if
    :: task[t].state == SENDING -> senders[task[t].queued_at]??eval(t)
    :: task[t].state == RECEIVING -> receivers[task[t].queued_at]??eval(t)
    :: task[t].state == WAITING && task[other_].caller == t ->
        task[other_].caller = GONE_CALL;
        task[other_].effective = task[other_].base
    :: else -> held[other_]??eval(t)
    fi;
    task[t].server = 0;
    task[t].queued_at = 0;
    task[t].cancelled++;
    set_result(t, CANCELLED)
}

inline task_stop(t) {
    if
    :: task[t].state != READY -> cancel(t)
    :: else
    fi;
    task[t].state = STOPPED
}

inline task_start(t) { task[t].state = READY }

inline abandon(caller) {
    task[caller].cancelled++;
    wake(caller, DEAD)
}

/* One TASK_DESTROY of a stopped task, which may have to be repeated: FREE in the end. */
inline task_destroy(t) {
    task[t].dying = true;
    if
    :: IN_HAND(t) -> caller_ = task[t].caller; abandon(caller_)
    :: else
    fi;
    task[t].caller = NO_CALL;
    left_ = WAKE_LIMIT;
    do
    :: left_ > 0 && len(held[t]) > 0 -> held[t]?woken_; abandon(woken_); left_--
    :: else -> break
    od;
    if
    :: len(held[t]) == 0 ->
        task[t].state = FREE;
        task[t].serial = 0;
        task[t].dying = false;
        task[t].cancelled = 0;
        task[t].effective = 0
    :: else
    fi
}

inline clear_registers(t) {
    task[t].status = OK;
    task[t].label = NOTHING;
    task[t].badge = 0;
    task[t].word = 0
}

/* HANDLES_DESTROY, of a table that no task uses any more. */
inline handles_destroy(t) {
    slot_ = 0;
    do
    :: slot_ < SLOTS -> clear_handle(TABLE(t) * SLOTS + slot_); slot_++
    :: else -> break
    od
}

/* TASK_CREATE, TASK_SET and TASK_START, of a new task in the frame `t`. */
inline task_create(t, serial_) {
    clear_registers(t);
    task[t].serial = serial_;
    task[t].effective = task[t].base;
    task[t].state = READY
}

inline drain(queue) {
    do
    :: left_ > 0 && len(queue) > 0 -> queue?woken_; wake(woken_, DEAD); left_--
    :: else -> break
    od
}

/* One ENDPOINT_DESTROY, which may have to be repeated until the frame is FREE. */
inline endpoint_destroy(e) {
    endpoint[e].serial = 0;
    endpoint[e].owed = 0;
    endpoint[e].bits = 0;
    left_ = WAKE_LIMIT;
    drain(receivers[e]);
    drain(senders[e]);
    if
    :: len(receivers[e]) == 0 && len(senders[e]) == 0 -> endpoint[e].frame = false
    :: else
    fi
}

inline endpoint_create(e, serial_) {
    endpoint[e].frame = true;
    endpoint[e].serial = serial_
}
