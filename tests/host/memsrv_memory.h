/* What processes of a script have in their memory: contents, entries, ledgers. */
#pragma once

#include "memsrv_script.h"

#define PAGE HF_PAGE_SIZE
#define RW (HF_READ | HF_WRITE)
#define HERE 0x100000000000ull

#define SEND(task, ...) script_send(task, &(struct script_request){__VA_ARGS__})
#define MAP(at, length, flags) .label = HF_MEM_MAP, .word = {at, length, RW, HF_MAP_FIXED | (flags)}
#define UNMAP(at, length) .label = HF_MEM_UNMAP, .word = {at, length}
#define PROTECT(at, length, rights) .label = HF_MEM_PROTECT, .word = {at, length, rights}
#define FORK .label = HF_MEM_FORK, .word = {0x40001000, 0x7000}

/* The entry that maps the page, of 4 KiB or 2 MiB; 0: nothing does. */
uint64_t memory_entry(const struct task *task, uint64_t address);
bool memory_is_large(const struct task *task, uint64_t address);
bool memory_is_writable(const struct task *task, uint64_t address);
/* The frame of the page's 4 KiB, or HF_NO_FRAME. */
hf_frame_t memory_frame(const struct task *task, uint64_t address);

/* Reads or writes a byte, with the faults that this takes: which are counted. */
uint8_t memory_read(struct task *task, uint64_t address);
void memory_write(struct task *task, uint64_t address, uint8_t byte);
extern unsigned memory_faults;

struct hf_task_stat memory_stat(struct task *task);
struct hf_ledger memory_ledger(struct task *task);

/* A forked child, and its parent's handle to it. */
struct task *memory_fork(struct task *task, hf_handle_t *handle);

/* Ends the task by its maker's handle; nothing may be left. */
void memory_end(struct task *maker, hf_handle_t handle);

/* Fails unless memsrv's books and the core's say the same. */
void memory_books(void);

/* Lets memsrv go on so many times. */
void memory_go(unsigned times);
