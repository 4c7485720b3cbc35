/* Whether the core may have behaved as a log of the guest program `protocol` says. The log comes
 * in from a file (replay.h); the search consumes it line by line, and between any two
 * lines lets roles enter the core that were told to and haven't yet, and memsrv do
 * what it was asked to. If the end of the log can be reached, `accepted` becomes true, which spin
 * reports as a broken assertion, with the way there as the trail. If all ways are
 * tried and none gets there, the core of the model can't have produced the log. */
#define TASKS 4
#define ENDPOINTS 2
#define SLOTS 2
#define WAKE_LIMIT 64
#define TABLE(t) t
#define LIMIT 16384

/* What isn't as the model's core must be spoils the way. */
#define MUST(condition) if :: condition :: else -> spoiled = true fi

/* Events; LINE fields: role (or endpoint), then a, b, c, d. */
#define SPAWN 1   /* the role is started, with handles to the endpoints that are there */
#define MAKE 2    /* the endpoint is made */
#define BEGIN 3   /* the role is told: a command, b argument, c number of its call */
#define END 4     /* it has told: a status, b label, c badge, d word */
#define SEE 5     /* it was seen: in state a, when WAITING for role b */
#define KILL 6    /* memsrv is asked to end the role */
#define KILLED 7  /* ... and has */
#define RUIN 8    /* memsrv is asked to end the endpoint's owner, and so the endpoint */
#define RUINED 9

#define DO_CALL 0
#define DO_CALL_NOWAIT 1
#define DO_RECEIVE 2
#define DO_RECEIVE_NOWAIT 3
#define DO_REPLY 4
#define DO_REPLY_RECEIVE 5
#define DO_REPLY_RECEIVE_NOWAIT 6
#define DO_HOLD 7
#define DO_REPLY_HELD 8
#define DO_CLOSE 9
#define DO_NOTIFY 10
#define DO_CALL_WEAK 11
#define DO_RECEIVE_WEAK 12
#define DO_CALL_EMPTY 13

bool spoiled;

#include "ipc.pml"
#include "manage.pml"

hidden short line_event[LIMIT], line_role[LIMIT], line_a[LIMIT], line_b[LIMIT], line_c[LIMIT], line_d[LIMIT];
hidden short length;

c_decl {
    \#include "replay.h"
}

short position;
bool accepted;
bool busy[TASKS + 1];     /* told, and not done yet */
bool inside[TASKS + 1];   /* has made the call that it was told to */
bool doomed[TASKS + 1];   /* memsrv was asked to end it */
bool ruined[ENDPOINTS];
byte command[TASKS + 1], argument[TASKS + 1];
byte last_serial;
byte handle[(TASKS + 1) * ENDPOINTS]; /* the serial in each role's handle to each endpoint */
byte who;
hidden byte e_;

#define IS(event) (line_event[position] == event)
#define ROLE line_role[position]
#define A line_a[position]
#define B line_b[position]
#define C line_c[position]
#define D line_d[position]

#define HANDLE_TO(t, e) handle[(t) * ENDPOINTS + (e)]
#define ENTERS(t) (busy[t] && !inside[t] && task[t].state == READY)

/* Who answers, answers the call that it has: a role remembers what it got. */
inline enter(t) {
    clear_registers(t);
    inside[t] = true;
    e_ = argument[t];
    if
    :: command[t] == DO_CALL -> call_call(t, e_, HANDLE_TO(t, e_), false)
    :: command[t] == DO_CALL_NOWAIT -> call_call(t, e_, HANDLE_TO(t, e_), true)
    :: command[t] == DO_RECEIVE -> call_receive(t, e_, HANDLE_TO(t, e_), false)
    :: command[t] == DO_RECEIVE_NOWAIT -> call_receive(t, e_, HANDLE_TO(t, e_), true)
    :: command[t] == DO_REPLY -> call_reply(t, WORD(caller_))
    :: command[t] == DO_REPLY_RECEIVE -> call_reply_receive(t, e_, HANDLE_TO(t, e_), false, WORD(caller_))
    :: command[t] == DO_REPLY_RECEIVE_NOWAIT -> call_reply_receive(t, e_, HANDLE_TO(t, e_), true, WORD(caller_))
    :: command[t] == DO_HOLD -> call_hold(t, e_)
    :: command[t] == DO_REPLY_HELD -> call_reply_held(t, e_, WORD(taken_))
    :: command[t] == DO_CLOSE -> call_handle_close(t, e_)
    :: command[t] == DO_NOTIFY -> call_notify(t, e_, HANDLE_TO(t, e_), (1 << t))
    :: command[t] == DO_CALL_WEAK -> task[t].status = DENIED
    :: command[t] == DO_RECEIVE_WEAK -> task[t].status = (task[t].caller == NO_CALL -> DENIED : BAD_CALL)
    :: command[t] == DO_CALL_EMPTY -> task[t].status = BAD_HANDLE
    fi
}

inline begin_role(t) {
    handles_destroy(t);
    last_serial++;
    task_create(t, last_serial);
    for (e_ : 0 .. ENDPOINTS - 1) {
        HANDLE_TO(t, e_) = endpoint[e_].serial
    }
}

inline end_role(t) {
    task_stop(t);
    task_destroy(t);
    busy[t] = false;
    inside[t] = false;
    doomed[t] = false
}

/* The call's own number is what the role was told; send counts it. */
inline tell_role(t) {
    busy[t] = true;
    command[t] = A;
    argument[t] = B;
    if
    :: A == DO_CALL || A == DO_CALL_NOWAIT -> task[t].number = C - 1
    :: else
    fi
}

inline hear_role(t) {
    clear_registers(t);
    busy[t] = false;
    inside[t] = false
}

/* What the task found is what it told. */
#define FOUND(t) (inside[t] && task[t].state == READY && task[t].status == A && task[t].label == B && \
                  task[t].badge == C && task[t].word == D)
#define SEEN(t) (inside[t] && task[t].state == A && (A != WAITING || task[t].server == B))

init {
    c_code { length = replay_read(line_event, line_role, line_a, line_b, line_c, line_d,
                                  sizeof line_a / sizeof line_a[0]); };
    do
    :: d_step { IS(SPAWN) && task[ROLE].state == FREE -> begin_role(ROLE); position++ }
    :: d_step { IS(MAKE) && !endpoint[ROLE].frame -> last_serial++; endpoint_create(ROLE, last_serial); position++ }
    :: d_step { IS(BEGIN) && !busy[ROLE] -> tell_role(ROLE); position++ }
    :: d_step { IS(END) && FOUND(ROLE) -> hear_role(ROLE); position++ }
    :: d_step { IS(SEE) && SEEN(ROLE) -> position++ }
    :: d_step { IS(KILL) -> doomed[ROLE] = true; position++ }
    :: d_step { IS(KILLED) && task[ROLE].state == FREE -> position++ }
    :: d_step { IS(RUIN) -> ruined[ROLE] = true; position++ }
    :: d_step { IS(RUINED) && !endpoint[ROLE].frame -> position++ }
    :: atomic {
        if
        :: ENTERS(1) -> who = 1
        :: ENTERS(2) -> who = 2
        :: ENTERS(3) -> who = 3
        :: ENTERS(4) -> who = 4
        fi;
        d_step { enter(who); who = 0 } }
    :: atomic {
        if
        :: doomed[1] -> who = 1
        :: doomed[2] -> who = 2
        :: doomed[3] -> who = 3
        :: doomed[4] -> who = 4
        fi;
        d_step { end_role(who); who = 0 } }
    :: d_step { ruined[0] -> endpoint_destroy(0); ruined[0] = false }
    :: d_step { ruined[1] -> endpoint_destroy(1); ruined[1] = false }
    :: position == length && !spoiled -> accepted = true; assert(!accepted)
    od
}
