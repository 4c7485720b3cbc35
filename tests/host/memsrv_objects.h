/* Shared objects in a script: two processes, an object of the first one's, and what each sees where. */
#pragma once

#include "memsrv_script.h"

#define PAGE HF_PAGE_SIZE
#define RW (HF_READ | HF_WRITE)
#define RX (HF_READ | HF_EXECUTE)
#define RWX (HF_READ | HF_WRITE | HF_EXECUTE)
#define NOW (HF_MAP_FIXED | HF_MAP_NOW)

#define SEND(task, ...) script_send(task, &(struct script_request){__VA_ARGS__})
#define CREATE(length) .label = HF_MEM_OBJECT_CREATE, .word = {length}
#define HANDLE(handle, rights) .to = (handle), .label = HF_MEM_OBJECT_HANDLE, .word = {rights}
#define OBJECT(handle, at, length, rights, flags, offset) \
    .to = (handle), .label = HF_MEM_OBJECT_MAP, .word = {at, length, rights, flags, offset}
#define STAT(handle) .to = (handle), .label = HF_MEM_OBJECT_STAT
#define UNMAP(at, length) .label = HF_MEM_UNMAP, .word = {at, length}
#define PROTECT(at, length, rights) .label = HF_MEM_PROTECT, .word = {at, length, rights}

#define HERE 0x100000000000ull
#define THERE 0x200000200000ull

/* Children of init's. */
extern struct task *maker, *user;
extern hf_handle_t maker_handle, user_handle;
extern hf_handle_t object; /* the maker's, with all rights */

/* Starts both. `length`: of the object, in bytes; the maker's quota: 0, or its own frames. */
void objects_start(uint64_t length, uint64_t quota);
/* Ends what still runs of both, whose ledgers must be empty then. */
void objects_end(void);
void objects_kill(struct task **task, hf_handle_t handle);

/* Gives `to` a handle of the maker's to the object with these rights. */
hf_handle_t objects_pass(struct task *to, unsigned rights);
/* A copy of a handle as if passed on. */
hf_handle_t objects_copy(const struct task *from, hf_handle_t handle, struct task *to);

/* A forked child of the task, and its maker's handle to it. */
struct task *objects_fork(struct task *task, hf_handle_t *handle);

/* The page at an address: NULL while it is not there. */
uint8_t *objects_page(const struct task *task, uint64_t address);
/* Reads or writes a byte there, with the faults that this takes. */
uint8_t objects_read(struct task *task, uint64_t address);
void objects_write(struct task *task, uint64_t address, uint8_t byte);
/* The same, when it must end the task: with this reason. */
void objects_refused(struct task **task, hf_handle_t handle, uint64_t address, bool write, enum hf_reason reason);

/* Frames of pages that an object has; its length. */
uint64_t objects_frames(struct task *task, hf_handle_t handle);
uint64_t objects_length(struct task *task, hf_handle_t handle);
