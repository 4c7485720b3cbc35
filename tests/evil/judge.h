/* Attacks: what is tried, and what has to come of it. Each prints one line, which says
 * whether it was refused as it should, and by which invariant. */
#pragma once

#include "world.h"

/* X(name, label, text): what always holds. Those with numbers are the core's invariants. */
#define INVARIANT_LIST(X) \
    X(TYPED, "I1 one type", "a frame has one type, and only RAM that is ring 3's is ever mapped there") \
    X(TREE, "I2 one place", "a table has one place, at its own level, in one aspace") \
    X(COUNTED, "I3 counted", "what is in use stays what it is, and every use is counted") \
    X(KERNEL_HALF, "I4 one kernel half", "what runs has the core's upper half, whole and unchanged") \
    X(W_XOR_X, "I5 W^X", "what can be written can't be executed") \
    X(USER_HALF, "I6 user half only", "ring 3 has the lower half, without its first and last pages, and nothing else") \
    X(CLEAN, "I7 clean", "what reaches ring 3 was zeroed or filled for it, and nothing else can be read") \
    X(FLUSHED, "I8 flushed", "no translation outlives the entry it came from") \
    X(BOUNDED, "I11 bounded", "each entry does a bounded amount of work") \
    X(COMMITTED, "I12 check first", "what is refused has changed nothing") \
    X(RING_3, "ring 3", "a task goes on in ring 3, with flags and addresses of ring 3") \
    X(RIGHTS, "rights", "rights can't be made or widened, and names end with what they name") \
    X(DEVICES, "devices", "what could undo the core from outside can't be granted")

enum invariant {
#define X(name, label, text) MET_##name,
    INVARIANT_LIST(X)
#undef X
};

struct attack {
    const char *name;
    enum invariant met;
    hf_status_t expected; /* what refused() wants */
    void (*run)(void);    /* in a world of its own, which is drained afterwards */
    const char *why;      /* what is tried, and what would be won by it */
};
/* ATTACK(name, met, expected, why): function and name are the same. */
#define ATTACK(function, invariant, status, text) \
    { #function, MET_##invariant, HF_##status, function, text }
#define ATTACKS_END \
    { 0 }

extern const struct attack attacks_typed[], attacks_tree[], attacks_counted[], attacks_runs[], attacks_half[],
    attacks_state[], attacks_clean[], attacks_flushed[], attacks_names[], attacks_queues[], attacks_rights[],
    attacks_devices[], attacks_lists[];

/* Runs them all; how many there were. */
unsigned judge_all(void);
/* How many of them did not end as they should. */
extern unsigned judge_failures;

/* ---- for attacks */

/* The operation must be refused with what the attack expects, by itself and in a list, and must
 * not change anything. */
void refused(struct hf_operation operation);
void refused_as(hf_status_t expected, struct hf_operation operation);

/* Each of them. */
void refused_each(const struct hf_operation *all, unsigned count);
#define REFUSED_EACH(...) \
    refused_each((const struct hf_operation[]){__VA_ARGS__}, \
                 sizeof((const struct hf_operation[]){__VA_ARGS__}) / sizeof(struct hf_operation))

/* TASK_SET of the world's task with this block. */
void refused_set(struct hf_task_block block);

/* A call's status must be what the attack expects; `call` says which one it was. */
void answered(const char *call, hf_status_t status);

/* Something was tried, `good` tells whether it came to what it should: "text" for people. */
void saw(bool good, const char *text);

/* A client did something with an old or narrowed translation: it must have taken a page fault
 * with at least these bits of enum hf_fault_error. */
void must_fault(const char *text, struct answer answer, uint64_t bits);
