/* objects: the groups of tests, a file each, and the roles and steps that many of them need. */
#pragma once

#include "../suite.h"

extern const struct suite_test request_tests[], sharing_tests[], right_tests[], end_tests[], fork_tests[];

#define PAGE HF_PAGE_SIZE
#define RW (HF_READ | HF_WRITE)
#define RX (HF_READ | HF_EXECUTE)
#define RWX (HF_READ | HF_WRITE | HF_EXECUTE)

/* ---- steps of a test ---- */

hf_handle_t new_object(size_t length);
/* Another handle to an object. */
hf_handle_t less_of(hf_handle_t handle, unsigned rights);
/* Maps so much of an object, somewhere. NULL: that was refused, and noted. */
volatile uint8_t *map_object(hf_handle_t handle, uint64_t offset, size_t length, unsigned rights);
/* How many frames its pages have. */
uint64_t frames_of(hf_handle_t handle);

/* A handle that a role sends with its next report. */
hf_handle_t take_handle(unsigned role);

/* ---- a role that does what it is told ---- */

enum puppet_label {
    PUPPET_READ,  /* word 0: offset -> word 0: the byte there */
    PUPPET_WRITE, /* word 0: offset, 1: the byte */
    PUPPET_UNMAP,
    PUPPET_END, /* no reply */
};

/* Maps all of the object B with these rights, and serves A. */
int puppet(uint64_t rights);

uint8_t puppet_read(hf_handle_t endpoint, uint64_t offset);
void puppet_write(hf_handle_t endpoint, uint64_t offset, uint8_t byte);
void puppet_unmap(hf_handle_t endpoint);
