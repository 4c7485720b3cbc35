/* What always holds between two kernel entries, and when nothing moves any more. */

hidden byte t_, e_, s_, places_, queued_;

/* A task that waits is in exactly one place, the one that its state says; every other
 * task is in none. */
inline check_task(t) {
    places_ = 0;
    for (e_ : 0 .. ENDPOINTS - 1) {
        places_ = places_ + (senders[e_]??[eval(t)] -> 1 : 0) + (receivers[e_]??[eval(t)] -> 1 : 0)
    }
    for (s_ : 1 .. TASKS) {
        places_ = places_ + (held[s_]??[eval(t)] -> 1 : 0) + (task[s_].caller == t -> 1 : 0)
    }
    if
    :: task[t].state == SENDING ->
        assert(places_ == 1 && senders[task[t].queued_at]??[eval(t)])
    :: task[t].state == RECEIVING ->
        assert(places_ == 1 && receivers[task[t].queued_at]??[eval(t)]);
        assert(task[t].caller == NO_CALL)
    :: task[t].state == WAITING ->
        s_ = task[t].server;
        assert(places_ == 1 && (task[s_].caller == t || held[s_]??[eval(t)]));
        /* Who waits for a server that has nothing else in hand lends it its priority. */
        assert(task[s_].caller != t || task[s_].effective >= task[t].effective)
    :: else ->
        assert(places_ == 0);
        assert(!task[t].fault)
    fi;
    if
    :: task[t].state == FREE -> assert(task[t].caller == NO_CALL && len(held[t]) == 0)
    :: !IN_HAND(t) && task[t].state != FREE -> assert(task[t].effective == task[t].base)
    :: else
    fi;
    queued_ = queued_ + places_
}

/* Nobody waits for what is there already. */
inline check_endpoint(e) {
    assert(len(receivers[e]) == 0 || (len(senders[e]) == 0 && endpoint[e].bits == 0));
    assert(endpoint[e].bits == endpoint[e].owed);
    assert(endpoint[e].frame || (len(receivers[e]) == 0 && len(senders[e]) == 0));
    queued_ = queued_ - len(senders[e]) - len(receivers[e])
}

/* Nobody stands twice in a queue either: as many places as tasks in them. */
inline check() {
    queued_ = 0;
    for (t_ : 1 .. TASKS) {
        check_task(t_);
        queued_ = queued_ - len(held[t_]) - IN_HAND(t_)
    }
    for (e_ : 0 .. ENDPOINTS - 1) {
        check_endpoint(e_)
    }
    assert(queued_ == 0)
}

/* Who has to do something before task t goes on: the server that has its call, or the one
 * that should receive it. */
#define STUCK(t) (task[t].state == SENDING || task[t].state == WAITING)
#define AWAITS(t) (task[t].state == WAITING -> task[t].server : SERVES(task[t].queued_at))

/* Everything that waits, waits in a circle, or for one that does. */
inline check_circle(t) {
    s_ = t;
    for (e_ : 1 .. TASKS) {
        assert(STUCK(s_));
        s_ = AWAITS(s_)
    }
}

/* When nothing moves: whoever isn't through is a server without work. */
inline check_rest(t) {
    if
    :: STUCK(t) ->
        assert(CIRCLES_ALLOWED);
        check_circle(t)
    :: task[t].state == READY -> assert(done[t])
    :: else -> assert(task[t].state == RECEIVING || task[t].state == FREE)
    fi
}

active proctype Rest() {
    atomic {
        timeout -> d_step {
            for (t_ : 1 .. TASKS) {
                check_rest(t_)
            }
        }
    }
}
