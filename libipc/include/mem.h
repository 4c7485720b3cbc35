/* memsrv's client: memory and tasks.
 *
 * Every call sends a message to memsrv and answers its status. HF_NO_MEMORY (the
 * machine's is used up) and HF_QUOTA (the task's share is) can come from every
 * call that needs memory. Lengths and addresses are bytes; memory comes and goes
 * in whole pages of HF_PAGE_SIZE. */
#pragma once

#include <handoff/handle.h>
#include <handoff/mem.h>
#include <handoff/message.h>
#include <handoff/status.h>

/* How many handles this task was given: they stand from HF_SLOT_GIVEN on. */
uint64_t mem_given(void);

/* ---- tasks ---- */

struct mem_spawn_options {
    uint64_t quota;      /* frames; 0: as many as the caller may use */
    unsigned priority;   /* 1 to the caller's own; 0: the caller's own */
    unsigned flags;      /* enum hf_spawn_flags */
    hf_handle_t console; /* what the task's printf writes to; 0: nothing */
    unsigned handle_count;
    hf_handle_t handles[HF_SPAWN_HANDLES]; /* copies of these, each with GRANT, from HF_SLOT_GIVEN on */
};

struct mem_task {
    hf_handle_t handle; /* to wait for it or end it; close it (hf_handle_close) when done with it */
    uint64_t number;    /* what ps shows */
};

/* Starts a task from the boot image's program of that name. `argv` has what
 * follows the name, ended by NULL; NULL for nothing. Without `options` the task
 * has the caller's console and priority, and no limit of its own.
 * HF_NOT_FOUND: no such program. HF_BAD_IMAGE: it is malformed. HF_TOO_BIG: more
 * arguments than HF_SPAWN_ARGUMENTS, or all of them longer than
 * HF_SPAWN_STRINGS. HF_BAD_HANDLE, HF_DENIED: of a handle to be given.
 * HF_DENIED also: a priority above one's own, or INSPECT from one who hasn't it.
 * HF_QUOTA also: a quota above one's own. */
HF_MUST_CHECK hf_status_t mem_spawn(const char *image, const char *const *argv, const struct mem_spawn_options *options,
                                    struct mem_task *task);

/* Waits until a task that was spawned ends, however that happens, and tells how.
 * HF_DEAD: that was told already; a task is waited for once. */
HF_MUST_CHECK hf_status_t mem_wait(hf_handle_t task, struct hf_exit *how);

/* mem_spawn with no options, mem_wait, and the handle is closed. */
HF_MUST_CHECK hf_status_t mem_run(const char *image, const char *const *argv, struct hf_exit *how);

/* Ends a task that was spawned. HF_DEAD: it has ended already. */
HF_MUST_CHECK hf_status_t mem_kill(hf_handle_t task);

/* Ends the calling task (of several threads, that one only; but all with the first) at
 * once, with nothing flushed: programs call exit. */
_Noreturn void mem_exit(int64_t code);

/* ---- threads ---- */

/* Starts `entry(argument)` as another task in the caller's address space: it shares
 * memory and handles, has the caller's priority and an IPC buffer of its own. `stack`
 * is the end (the highest address) of memory for its stack, of which libipc uses
 * MEM_THREAD_STACK bytes itself; it must stay until the thread has ended. A thread ends
 * when entry returns (code 0), by mem_exit, or with the first task of its address space;
 * wait for each (mem_wait), since what is known about its end stays until then.
 * HF_BAD_ADDRESS: not in the user half. */
#define MEM_THREAD_STACK 1280u
HF_MUST_CHECK hf_status_t mem_thread(void (*entry)(void *argument), void *argument, void *stack, struct mem_task *task);

/* ---- memory ---- */

/* Zeroed memory of `length` bytes with `rights` (enum hf_rights). *at is the
 * address: taken from there with HF_MAP_FIXED, stored there on HF_OK.
 * HF_BAD_ARGUMENT: no length, writable and executable at once, unknown flags.
 * HF_BAD_ADDRESS: outside of what ring 3 may map. HF_EXISTS: something is mapped
 * at the fixed address. */
HF_MUST_CHECK hf_status_t mem_map(size_t length, unsigned rights, unsigned flags, void **at);

/* Takes away what is mapped there: any page-aligned part of mappings.
 * HF_NOT_MAPPED: part of it isn't mapped. */
HF_MUST_CHECK hf_status_t mem_unmap(void *at, size_t length);

/* Changes the rights of any page-aligned part of mappings; errors like mem_unmap
 * and mem_map. */
HF_MUST_CHECK hf_status_t mem_protect(void *at, size_t length, unsigned rights);

/* ---- what there is ---- */

/* The machine's frames, by what they are used for. */
HF_MUST_CHECK hf_status_t mem_stat(struct hf_mem_stat *stat);

#define MEM_TASKS_AT_ONCE (HF_MESSAGE_BYTES / sizeof(struct hf_task_info))

/* Some of the tasks, in the order of their numbers: *cursor is 0 at first, and
 * again when there are no more; *count tells how many of `infos` were filled in.
 * Without the INSPECT right: the caller and what it spawned. */
HF_MUST_CHECK hf_status_t mem_tasks(uint64_t *cursor, struct hf_task_info infos[MEM_TASKS_AT_ONCE], size_t *count);

/* Ends a task by its number. HF_NOT_FOUND: no task of that number runs. HF_DENIED: it
 * is neither the caller nor a child of its, and the caller lacks the INSPECT right. */
HF_MUST_CHECK hf_status_t mem_task_kill(uint64_t number);

/* The name of the boot image's program number `index`; *count: how many there are.
 * HF_NOT_FOUND: not that many. */
HF_MUST_CHECK hf_status_t mem_images(uint64_t index, char name[HF_NAME_BYTES], uint64_t *count);

/* The kernel's command line, ended by 0. HF_TOO_BIG: longer than `room` - 1. */
HF_MUST_CHECK hf_status_t mem_command_line(char *text, size_t room);

/* ---- to be a server ---- */

/* An endpoint of one's own: *endpoint has all rights. */
HF_MUST_CHECK hf_status_t mem_endpoint_create(hf_handle_t *endpoint);

/* Whoever looks `name` up from now on gets a copy of `handle`, with the rights that it
 * has; it needs CALL and GRANT, and is best a copy with nothing more. A name has 1 to
 * HF_NAME_BYTES - 1 printable characters, and is free again when the endpoint is gone or
 * the task that registered it has ended.
 * HF_EXISTS: the name is taken. HF_QUOTA also: the task has HF_TASK_NAMES already.
 * HF_BAD_HANDLE: no endpoint. HF_DENIED: a right is missing. HF_DEAD: the endpoint is
 * gone. HF_BAD_ARGUMENT: no such name can be. */
HF_MUST_CHECK hf_status_t mem_register(const char *name, hf_handle_t handle);

/* A handle to the endpoint of that name. HF_NOT_FOUND: there is none; the second
 * function waits until there is. HF_BAD_ARGUMENT: no such name can be. */
HF_MUST_CHECK hf_status_t mem_lookup(const char *name, hf_handle_t *handle);
HF_MUST_CHECK hf_status_t mem_lookup_wait(const char *name, hf_handle_t *handle);

/* ---- texts ---- */

/* "NO_MEMORY" and "out of memory". */
const char *hf_status_name(hf_status_t status);
const char *hf_status_text(hf_status_t status);

/* "the null page is never mapped" */
const char *hf_reason_text(enum hf_reason reason);

/* One line, without a newline, that says how a task ended: "badptr: write to 0x10
 * at rip 0x45000123: the null page is never mapped". Answers its length, and cuts
 * what doesn't fit like snprintf; HF_EXIT_TEXT_BYTES always do. */
#define HF_EXIT_TEXT_BYTES 256u
int hf_exit_text(const struct hf_exit *how, char *text, size_t room);
