/* The tasks of a random test, as they see themselves: what each has asked for, and what it has of that. */
#pragma once

#include "world.h"
#include <handoff/mem.h>

#define PLACES 6u

struct client {
    hf_serial_t serial;                     /* 0: the record is free */
    uint64_t cr3;                           /* by which its threads are known */
    bool alone;                             /* it has had none, and is none */
    uint64_t place[PLACES], length[PLACES]; /* what it has mapped, perhaps ... */
    bool writable[PLACES];                  /* ... to be written */
    uint32_t label;                         /* of its call under way */
    uint64_t asked_length;
    bool asked_to_write;
    unsigned asked_place;            /* which of them the call is about */
    uint64_t asked_at, freed;        /* the call's address; where nothing is any more */
    unsigned finishing, finish_step; /* a handle, and how far that has got */
    uint64_t forked;                 /* the number of the child that it forked last */
    uint64_t id;                     /* of the last fault that a pager of its was told of */
};

/* The task's; made when it was not seen before. */
struct client *client_of(const struct task *task);

/* What its last call brought, if there was one. */
void client_take_answer(struct task *task, struct client *client);

/* An address where something of its may be. */
uint64_t client_address(const struct client *client);

/* Whether a label maps something. */
bool client_maps(uint32_t label);

/* How many calls of all clients were granted and refused; of each label how many were granted. */
extern unsigned long clients_granted, clients_refused, clients_of_label[HF_MEM_COUNT];
