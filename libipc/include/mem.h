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
    uint64_t quota;      /* frames that are put by for it and those it will spawn; 0: it shares the caller's */
    unsigned priority;   /* 1 to the caller's own; 0: the caller's own */
    unsigned flags;      /* enum hf_spawn_flags */
    hf_handle_t console; /* what the task's printf writes to; 0: nothing */
    hf_handle_t pager;   /* that brings its pages; 0: memsrv does */
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
 * HF_DEAD: the pager's process has ended.
 * HF_QUOTA, HF_NO_MEMORY also: the caller's quota hasn't so much left to put by. */
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

/* ---- forks ---- */

/* Starts another task like the caller, in a copy of its address space: pages are shared until one
 * of both writes, objects (mem_object_map) stay shared. The child comes back from the call too, with
 * task->handle 0 and task->number 0. It has the caller's priority, shares its quota (and counts all
 * its pages as its own), and has copies of those handles that have GRANT. Of several threads the
 * calling one only goes on in it; buffers of the others are not mapped there. Its SSE and x87 modes are
 * the default ones.
 * HF_EXISTS: the handle in HF_SLOT_MEMSRV is another than the one that stood there first. */
HF_MUST_CHECK hf_status_t mem_fork(struct mem_task *task);

/* ---- memory ---- */

/* Zeroed memory of `length` bytes with `rights` (enum hf_rights). *at is the
 * address: taken from there with HF_MAP_FIXED, stored there on HF_OK. Pages come when they
 * are touched; enum hf_map_flags tells of which size and when else.
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

/* ---- shared objects ---- */

/* Memory of `length` bytes (rounded up to whole pages) that any number of tasks map: zeroed, and
 * there as far as it has been touched, so it may be longer than RAM. *object allows every access
 * (HF_READ, HF_WRITE and HF_EXECUTE). The quota of the task that creates an object pays for its pages
 * and what finds them, those who map it only for their own page tables. It lives as long as that task
 * or any mapping of it, even when all handles to it are closed; handles then answer HF_DEAD.
 * HF_BAD_ARGUMENT: no length. HF_TOO_BIG: longer than what ring 3 may map. */
HF_MUST_CHECK hf_status_t mem_object_create(size_t length, hf_handle_t *object);

/* Another handle to the object, to be sent to others, with which it can be mapped with no more than
 * `rights`. HF_WRITE and HF_EXECUTE may be among them both, for two mappings.
 * HF_BAD_ARGUMENT: without HF_READ, or unknown rights. HF_DENIED: more than `object` has.
 * HF_BAD_HANDLE: no object's. */
HF_MUST_CHECK hf_status_t mem_object_handle(hf_handle_t object, unsigned rights, hf_handle_t *less);

/* Maps `length` bytes of an object from `offset` on, which is a multiple of HF_PAGE_SIZE; or so much of
 * what a pager serves. *at as in mem_map; of its flags, HF_MAP_FIXED and for objects HF_MAP_NOW. What one
 * mapping writes, all others see, also those that a forked child has. mem_unmap and mem_protect take any
 * part of it; rights that the handle hadn't remain HF_DENIED. A task that touches a page for which the
 * creator's quota has no frame left is ended (HF_REASON_QUOTA); pages that HF_MAP_NOW has brought before
 * it ran out of memory stay the object's.
 * HF_BAD_ARGUMENT: no length, more than the object has behind `offset`, writable and executable at once,
 * other flags. HF_DENIED: rights that the handle hasn't. HF_BAD_ADDRESS, HF_EXISTS: as in mem_map.
 * HF_BAD_HANDLE: neither an object's nor a pager's. HF_DEAD: it is gone. */
HF_MUST_CHECK hf_status_t mem_object_map(hf_handle_t handle, uint64_t offset, size_t length, unsigned rights,
                                         unsigned flags, void **at);

/* How long the object is, in bytes, and how many frames its pages have. */
HF_MUST_CHECK hf_status_t mem_object_stat(hf_handle_t object, uint64_t *length, uint64_t *frames);

/* ---- external pagers ---- */

/* A pager: whoever touches a page that isn't there, of a mapping of the pager's (mem_object_map through
 * *pager, which may be passed on) or anywhere in a task that was spawned with it, waits until the
 * process that made the pager says what is to be done. The pages are the client's own: it pays for them. */
HF_MUST_CHECK hf_status_t mem_pager_create(hf_handle_t *pager);

/* Waits for the next such fault. Several threads may do so. Here and below, HF_DENIED: another process made
 * the pager. HF_DEAD: and has ended. */
HF_MUST_CHECK hf_status_t mem_pager_next(hf_handle_t pager, struct hf_pager_request *request);

/* Answers a fault, whose task goes on. It gets a copy of the caller's page that starts at `page`; or what it would
 * have got without a pager (in a mapping of the pager's, zeroes); or is ended, with HF_REASON_PAGER_REFUSED.
 * HF_NOT_FOUND: there is no such request, or its task has ended meanwhile. HF_OK also when the page isn't wanted any
 * more, or the client had no memory left for it and was ended.
 * HF_BAD_ADDRESS: no page starts there; the client was ended, with HF_REASON_PAGER_NONSENSE.
 * HF_NO_MEMORY: `page` is part of one of 2 MiB, which can't be split; nothing was done. */
HF_MUST_CHECK hf_status_t mem_pager_supply(hf_handle_t pager, uint64_t id, const void *page);
HF_MUST_CHECK hf_status_t mem_pager_pass(hf_handle_t pager, uint64_t id);
HF_MUST_CHECK hf_status_t mem_pager_refuse(hf_handle_t pager, uint64_t id);

/* ---- what there is ---- */

/* The machine's frames, by what they are used for. */
HF_MUST_CHECK hf_status_t mem_stat(struct hf_mem_stat *stat);

#define MEM_TASKS_AT_ONCE (HF_MESSAGE_BYTES / sizeof(struct hf_task_info))

/* Some of the tasks: *cursor is 0 at first, and again when there are no more; *count tells how many of
 * `infos` were filled in, which may be 0 before that too: a call looks through so many records at most.
 * Without the INSPECT right: the caller and what it spawned. */
HF_MUST_CHECK hf_status_t mem_tasks(uint64_t *cursor, struct hf_task_info infos[MEM_TASKS_AT_ONCE], size_t *count);

/* What a running task has and may have; 0 as its number is the caller's own (here and below, that of the first of
 * its threads). HF_NOT_FOUND: no task of that number runs. HF_DENIED: it is neither the caller nor a
 * child of its, and the caller lacks the INSPECT right. */
HF_MUST_CHECK hf_status_t mem_task_stat(uint64_t number, struct hf_task_stat *stat);

#define MEM_REGIONS_AT_ONCE (HF_MESSAGE_BYTES / sizeof(struct hf_region))

/* Some of the regions of a task's address space, from the lowest to the highest: *cursor is the address from which
 * on, 0 at first and again when there are no more. Errors as above. */
HF_MUST_CHECK hf_status_t mem_regions(uint64_t number, uint64_t *cursor, struct hf_region regions[MEM_REGIONS_AT_ONCE],
                                      size_t *count);

/* Why an address, any at all, does or doesn't work for a task: its region, its page-table entries, and what an
 * access would lead to right now. Errors as above. */
HF_MUST_CHECK hf_status_t mem_explain(uint64_t number, uint64_t address, struct hf_explain *explain);

/* What the function is called that has an address, of any program or of the core, as "badptr.main+0x5e"; what
 * doesn't fit is cut. HF_NOT_FOUND: the boot image has no name for it. */
HF_MUST_CHECK hf_status_t mem_name_of(uint64_t address, char *text, size_t room);

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

/* "in the null page, which is never mapped": where a refused access went, in the region of that name (""
 * for none), and why it was refused. Answers its length, and cuts what doesn't fit like snprintf;
 * HF_REASON_TEXT_BYTES always do. */
#define HF_REASON_TEXT_BYTES 144u
int hf_reason_text(enum hf_reason reason, const char region[HF_NAME_BYTES], char *text, size_t room);

/* One line, without a newline, that says how a task ended: "badptr: write to 0x10 in the null page, which
 * is never mapped, at rip 0x45000123". Answers its length, and cuts what doesn't fit like snprintf;
 * HF_EXIT_TEXT_BYTES always do. */
#define HF_EXIT_TEXT_BYTES 256u
int hf_exit_text(const struct hf_exit *how, char *text, size_t room);
