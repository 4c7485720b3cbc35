/* Requests to memsrv, drawn at random, right and wrong. */
#pragma once

#include <handoff/types.h>
#include <stdbool.h>

struct task;

/* What a badge of memsrv's endpoint stands for (enum hf_mem_via), or 0. */
unsigned memsrv_via(hf_badge_t badge);

/* A slot of the task's with a handle to memsrv of one of these kinds, or 0. */
unsigned draw_handle(const struct task *task, unsigned vias);

/* What kinds a label may be sent through. */
unsigned draw_vias(uint32_t label);

/* Of a mapping: mostly good, and not too long. */
uint64_t draw_rights(void);
uint64_t draw_length(void);

/* What somebody knows who asks. */
struct known {
    uint64_t number;  /* of some task */
    uint64_t address; /* where something may be */
    uint64_t id;      /* of a fault that a pager of its own was told of */
};

/* The words, and bytes, that go with the label that is in the task's registers already. */
void draw_words(struct task *task, uint32_t label, const struct known *known);
