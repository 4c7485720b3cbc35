/* States of the machine: written down in a few bytes, and put back.
 *
 * What is written: the frame table; the entries of tables, without accessed and dirty bits; what
 * tasks and handle tables name; who runs and who is ready; CR3. What isn't: contents of pages,
 * which are either clean or secret as their type says; serials, which only tell the living
 * from the dead; and tags of frames, which are each frame's own. (A run's tag stands where
 * a count may stand too, and is written.) */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu.h"

#define STATE_BYTES 1024u

/* The task that asks: outside RAM, so that asking changes nothing there. */
extern struct task asker;
extern struct hf_operation_page asker_page;

/* The state after boot, and what is needed to put states back. Once. */
void state_boot(void);

/* Writes the machine's state down; how many bytes. */
size_t state_save(uint8_t bytes[STATE_BYTES]);

/* Makes it the machine's, with every accessed and dirty bit set that can be, and all pages that
 * ring 3 must not read full of secrets. */
void state_load(const uint8_t *bytes);

/* A hash that is the same for states that differ by the names of frames only. */
uint64_t state_hash(void);

/* Keeps the machine as it is now, to be compared with, and to return to; `all`: every byte of RAM. */
void state_keep(bool all);
bool state_changed(bool all);
void state_return(void);

/* The type that a frame had when the state was kept. */
enum hf_frame_type state_kept_type(hf_frame_t frame);

/* Its tag then: that of its run if it was part of a page of 2 MiB. */
uint16_t state_kept_tag(hf_frame_t frame);

/* Whether it was pinned then: by itself, or with its run (enum hf_extent). */
bool state_kept_pin(hf_frame_t frame, unsigned extent);

/* Where a task or handle table stands. */
struct task *state_task(hf_frame_t frame);
struct handle *state_handles(hf_frame_t frame);
uint64_t *state_table(hf_frame_t frame);

/* The level of a frame that is a table, or 0. */
unsigned state_level(hf_frame_t frame);
