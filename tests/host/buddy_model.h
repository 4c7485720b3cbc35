/* The frame allocator, and beside it a plain array of what each frame is. */
#pragma once

#include "buddy.h"
#include <stdbool.h>

#define RUN_FRAMES 512u
#define GIG_FRAMES (512u * 512u)

extern struct buddy buddy;

/* Gives it so many pages; when it is fed, that is done after each call that needs it. */
void feed(unsigned count);
extern unsigned page_count; /* so far */
extern bool feeding;

enum { FOREIGN, FREE, TAKEN };

/* For each frame of a window, what it is. */
extern struct model {
    hf_frame_t base;
    uint64_t frames;
    uint8_t *state;
    uint8_t *head; /* order + 1 of the block that starts here */
} model;

void model_start(hf_frame_t base, uint64_t frames);
void model_set(hf_frame_t frame, uint64_t count, uint8_t state);

/* Fails where the allocator and the array don't agree, or the allocator with itself. */
void compare(void);

/* What both do; calls that must succeed, but for `allocate`. */
void add(hf_frame_t first, uint64_t count);
hf_status_t allocate(unsigned order, hf_frame_t *frame);
hf_frame_t must_allocate(unsigned order);
void release(hf_frame_t frame, unsigned order);
void split(hf_frame_t frame, unsigned order); /* what is in use becomes single frames */

/* Before and after each test. */
int start(void **state);
int finish(void **state);

/* From now on nothing is fed but by the test itself. */
void unfed(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)
