/* What travels with a message beyond the registers: bytes and a handle. */
#pragma once

#include "object.h"

/* A tag: label in bits 0-31, bytes in 32-47, handle in 48-63. */
#define TAG_LABEL 0xffffffffull
#define TAG_CORE_LABEL 0x80000000ull
#define TAG_BYTES_SHIFT 32
#define TAG_HANDLE_SHIFT 48

static inline unsigned tag_bytes(uint64_t tag) { return (unsigned)(tag >> TAG_BYTES_SHIFT) & 0xffff; }
static inline unsigned tag_handle(uint64_t tag) { return (unsigned)(tag >> TAG_HANDLE_SHIFT); }

/* Whether `task` may send a message with this tag: HF_BAD_ARGUMENT (label is the
 * core's), HF_TOO_BIG (bytes), HF_NOT_READY (bytes, but it has no buffer),
 * HF_BAD_HANDLE, HF_DENIED (handle without GRANT). */
hf_status_t transfer_check(const struct task *task, uint64_t tag);

/* Copies the registers' words, and what the tag says besides, from one task to
 * another; the tag arrives changed where something could not be delivered. */
void transfer(struct task *from, struct task *to);
