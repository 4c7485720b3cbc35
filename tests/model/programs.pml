/* Small programs of ring 3, and of memsrv, on top of the core's mechanism. Each step is one
 * kernel entry; who takes the next one is open, as preemption leaves it. What a program
 * finds in its registers it looks at in the step of its next entry.
 *
 * A program belongs to one life of its task, and ends with it. Each is finite, so that
 * on every way a state is reached in which nothing moves, and judged (check.pml). */

bool absent[TASKS + 1]; /* the page that the task touches is not there */
byte deeds;             /* how often memsrv may still interfere */

hidden short asked_;

/* The scheduler lets task t run: any that is READY, unless a scenario says more. */
#ifndef RUNS
#define RUNS(t) (task[t].state == READY)
#endif

/* It does the next thing in its program. */
#define GOES(t) (RUNS(t) && !absent[t])

#define GONE(t, life) (task[t].serial != life)

/* Steps of a program that may touch a page that is not there, `touches` times; the
 * instruction runs again until the page is there. */
#define MAY_TOUCH(t) (GOES(t) && touches > 0)
#define TOUCH(t) touches--; absent[t] = true; raise(t)
#define TOUCH_AGAIN(t) d_step { RUNS(t) && absent[t] -> raise(t); check() }

/* The last call's answer is one to itself. */
inline look_at_answer(t) {
    assert(task[t].status != BAD_CALL);
    assert(task[t].status != OK || task[t].label == NOTHING ||
           (task[t].label == ANSWER && task[t].word == WORD(t)));
    clear_registers(t)
}

/* Calls so often, with or without waiting for a receiver. */
proctype Client(byte t; byte e; byte calls; byte touches) {
    byte life = task[t].serial, handle = endpoint[e].serial;
    {
        do
        :: d_step { GOES(t) && calls > 0 -> calls--; look_at_answer(t); call_call(t, e, handle, false); check() }
        :: d_step { GOES(t) && calls > 0 -> calls--; look_at_answer(t); call_call(t, e, handle, true); check() }
        :: d_step { MAY_TOUCH(t) -> look_at_answer(t); TOUCH(t); check() }
        :: TOUCH_AGAIN(t)
        :: d_step { GOES(t) && calls == 0 -> look_at_answer(t); done[t] = true } -> break
        od
    } unless { GONE(t, life) }
}

/* What a server finds after a receive. */
#define GOT_CALL(t) (task[t].status == OK && (task[t].label == CALL || task[t].label == FAULT))
#define GOT_NO_CALL(t) (task[t].status != DEAD && !GOT_CALL(t))

/* asked_: the call that a server is about to answer or to hold. */
inline take_call(t) {
    asked_ = task[t].word;
    clear_registers(t)
}

/* An answer to a fault brings the page, like memsrv's. */
inline bring_page() { absent[asked_ / 256] = false }

/* Receives and answers, until its endpoint ends: in one entry or in two. It may fault
 * with a call in hand. */
proctype Server(byte t; byte e; byte touches) {
    byte life = task[t].serial, handle = endpoint[e].serial;
    {
        do
        :: d_step { GOES(t) && GOT_NO_CALL(t) ->
            assert(task[t].status != BAD_CALL);
            clear_registers(t); call_receive(t, e, handle, false); check() }
        :: d_step { GOES(t) && GOT_CALL(t) ->
            take_call(t); bring_page(); call_reply(t, asked_); assert(task[t].status == OK); check() }
        :: d_step { GOES(t) && GOT_CALL(t) && endpoint[e].serial == handle ->
            take_call(t); bring_page(); call_reply_receive(t, e, handle, false, asked_); check() }
        :: d_step { MAY_TOUCH(t) -> TOUCH(t); check() }
        :: TOUCH_AGAIN(t)
        :: d_step { GOES(t) && task[t].status == DEAD -> done[t] = true } -> break
        od
    } unless { GONE(t, life) }
}

/* Takes a call at one endpoint, calls another one with it in hand, and answers then. */
proctype Middle(byte t; byte e; byte next) {
    byte life = task[t].serial, handle = endpoint[e].serial, next_handle = endpoint[next].serial;
    short holds; /* the call in hand */
    {
        do
        :: d_step { GOES(t) && holds == 0 && GOT_NO_CALL(t) ->
            clear_registers(t); call_receive(t, e, handle, false); check() }
        :: d_step { GOES(t) && holds == 0 && GOT_CALL(t) ->
            take_call(t); holds = asked_; call_call(t, next, next_handle, false); check() }
        :: d_step { GOES(t) && holds != 0 ->
            look_at_answer(t); asked_ = holds; holds = 0; call_reply(t, asked_);
            assert(task[t].status == OK); check() }
        :: d_step { GOES(t) && holds == 0 && task[t].status == DEAD -> done[t] = true } -> break
        od
    } unless { GONE(t, life) }
}

/* Sets calls aside, receives others meanwhile, and answers or drops what it has, in any
 * order. While it has some it only polls, and not twice for nothing. */
#define HOLDS_ANY (holds[0] != 0 || holds[SLOTS - 1] != 0)

#define HOLD(slot) \
    d_step { GOES(t) && GOT_CALL(t) && holds[slot] == 0 -> \
        take_call(t); holds[slot] = asked_; polled = false; call_hold(t, slot); \
        assert(task[t].status == OK); check() }

#define ANSWER_HELD(slot) \
    d_step { GOES(t) && !GOT_CALL(t) && holds[slot] != 0 -> \
        asked_ = holds[slot]; holds[slot] = 0; polled = false; \
        bring_page(); call_reply_held(t, slot, asked_); \
        assert(task[t].status == OK || task[t].status == DEAD || STOLEN(t)); clear_registers(t); check() }

#define DROP_HELD(slot) \
    d_step { GOES(t) && !GOT_CALL(t) && holds[slot] != 0 && drops > 0 -> \
        drops--; holds[slot] = 0; polled = false; call_handle_close(t, slot); \
        assert(task[t].status == OK || STOLEN(t)); clear_registers(t); check() }

/* A thread that has the same handle table took the slot of a call that had ended. */
#ifndef STOLEN
#define STOLEN(t) false
#endif

proctype Holder(byte t; byte e; byte drops) {
    byte life = task[t].serial, handle = endpoint[e].serial;
    short holds[SLOTS]; /* the call in each slot, 0 for none */
    bool polled;
    {
        do
        :: d_step { GOES(t) && GOT_NO_CALL(t) && !HOLDS_ANY ->
            clear_registers(t); call_receive(t, e, handle, false); check() }
        :: d_step { GOES(t) && GOT_NO_CALL(t) && HOLDS_ANY && !polled && endpoint[e].serial == handle ->
            polled = true; clear_registers(t); call_receive(t, e, handle, true); check() }
        :: d_step { GOES(t) && GOT_CALL(t) ->
            take_call(t); bring_page(); call_reply(t, asked_); assert(task[t].status == OK); check() }
        :: HOLD(0)
        :: HOLD(SLOTS - 1)
        :: ANSWER_HELD(0)
        :: ANSWER_HELD(SLOTS - 1)
        :: DROP_HELD(0)
        :: DROP_HELD(SLOTS - 1)
        :: d_step { GOES(t) && task[t].status == DEAD && !HOLDS_ANY -> done[t] = true } -> break
        od
    } unless { GONE(t, life) }
}

/* A server that also tries to answer what is in slot 0, where another thread holds calls. */
proctype Meddler(byte t; byte e; byte tries) {
    byte life = task[t].serial, handle = endpoint[e].serial;
    {
        do
        :: d_step { GOES(t) && GOT_NO_CALL(t) -> clear_registers(t); call_receive(t, e, handle, false); check() }
        :: d_step { GOES(t) && GOT_CALL(t) ->
            take_call(t); call_reply(t, asked_); assert(task[t].status == OK); check() }
        :: d_step { GOES(t) && GOT_CALL(t) && tries > 0 ->
            tries--; call_reply_held(t, 0, 0);
            assert(task[t].status != OK); task[t].status = OK; check() }
        :: d_step { GOES(t) && task[t].status == DEAD -> done[t] = true } -> break
        od
    } unless { GONE(t, life) }
}

/* Sets its bits so often. */
proctype Notifier(byte t; byte e; byte count; byte bits_) {
    byte life = task[t].serial, handle = endpoint[e].serial;
    {
        do
        :: d_step { GOES(t) && count > 0 -> count--; call_notify(t, e, handle, bits_); check() }
        :: d_step { GOES(t) && count == 0 -> clear_registers(t); done[t] = true } -> break
        od
    } unless { GONE(t, life) }
}

/* ---- memsrv: what it does to one task, at any moment ---- */

/* A task whose pager has gone gets the other one. */
inline set_pager(t) {
    task[t].pager = OTHER_PAGER;
    task[t].pager_serial = endpoint[OTHER_PAGER].serial
}

#define PAGER_LOST(t) (task[t].pager_serial != 0 && endpoint[task[t].pager].serial != task[t].pager_serial)

/* A stopped task is started or destroyed in the end. `lives` of it may follow, each in the
 * same frame; START(t) runs its program. */
proctype Fate(byte t; byte lives) {
    byte life = task[t].serial;
    do
    :: d_step { deeds > 0 && task[t].state > STOPPED && !done[t] -> deeds--; task_stop(t); check() }
    :: d_step { task[t].state == STOPPED && !task[t].dying && !PAGER_LOST(t) -> task_start(t); check() }
    :: d_step { task[t].state == STOPPED && !task[t].dying && PAGER_LOST(t) && endpoint[OTHER_PAGER].serial != 0 ->
        set_pager(t); check() }
    :: d_step { deeds > 0 && task[t].state == STOPPED && !task[t].dying -> deeds--; task_destroy(t); check() }
    :: d_step { task[t].state == STOPPED && PAGER_LOST(t) && endpoint[OTHER_PAGER].serial == 0 ->
        task_destroy(t); check() }
    :: d_step { task[t].state == STOPPED && task[t].dying -> task_destroy(t); check() }
    :: atomic { lives > 0 && task[t].state == FREE ->
        d_step { lives--; life++; handles_destroy(t); absent[t] = false; task_create(t, life); check() };
        START(t) }
    od
}

/* The same for an endpoint, which at the latest ends when its server has. */
proctype End(byte e; byte lives) {
    byte life = endpoint[e].serial;
    do
    :: d_step { deeds > 0 && endpoint[e].serial != 0 -> deeds--; endpoint_destroy(e); check() }
    :: d_step { endpoint[e].serial != 0 && task[SERVES(e)].state == FREE -> endpoint_destroy(e); check() }
    :: d_step { endpoint[e].serial == 0 && endpoint[e].frame -> endpoint_destroy(e); check() }
    :: d_step { lives > 0 && !endpoint[e].frame -> lives--; life++; endpoint_create(e, life); check() }
    od
}
