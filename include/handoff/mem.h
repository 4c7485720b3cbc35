/* memsrv's protocol: labels, words and the structures that travel in the IPC
 * buffer. libipc's <mem.h> has a function for each.
 *
 * A task holds two kinds of handle to memsrv's endpoint: its own (HF_SLOT_MEMSRV)
 * and one for each task it spawned or thread it made. The badge tells which; a label
 * sent through the wrong kind is HF_BAD_HANDLE. Each reply's label is an hf_status_t. */
#pragma once

#include <handoff/types.h>

#define HF_NAME_BYTES 32u /* of a program or of what was registered, with the 0 at its end */
#define HF_TASK_NAMES 8u  /* that a task, with all its threads, may have registered at once */

/* Slots that every task starts with. */
enum hf_first_slots {
    HF_SLOT_MEMSRV = 1,
    HF_SLOT_CONSOLE = 2, /* empty when the task was spawned without a console */
    HF_SLOT_GIVEN = 3,   /* the handles given at spawn stand from here on, in order */
};

/* What init starts with; each may be passed on. */
enum hf_init_slots {
    HF_INIT_PORTS = HF_SLOT_GIVEN, /* COM1's */
    HF_INIT_IRQ,
    HF_INIT_POWER,
    HF_INIT_TIMER_PORTS, /* the PIT's */
    HF_INIT_TIMER_IRQ,
    HF_INIT_SLOTS_END,
};

/* X(name, sent through, request -> reply) */
#define HF_MEM_LABEL_LIST(X) \
    X(SPAWN, SELF, "bytes: struct hf_spawn -> word 0: handle of the new task, 1: its number") \
    X(EXIT, SELF, "word 0: code -> no reply") \
    X(WAIT, TASK, "-> bytes: struct hf_exit, when the task has ended") \
    X(KILL, TASK, "->") \
    X(MAP, SELF, "word 0: address or 0, 1: length, 2: rights, 3: enum hf_map_flags -> word 0: address") \
    X(UNMAP, SELF, "word 0: address, 1: length ->") \
    X(PROTECT, SELF, "word 0: address, 1: length, 2: rights ->") \
    X(STAT, SELF, "-> bytes: struct hf_mem_stat") \
    X(TASKS, SELF, "word 0: cursor, 0 first -> word 0: next cursor or 0, 1: how many, bytes: struct hf_task_info[]") \
    X(TASK_KILL, SELF, "word 0: a task's number; others than one's own children with the INSPECT right ->") \
    X(IMAGES, SELF, "word 0: index -> word 0: how many there are, bytes: the name") \
    X(COMMAND_LINE, SELF, "-> bytes: the kernel's command line") \
    X(ENDPOINT_CREATE, SELF, "-> word 0: handle with all rights") \
    X(REGISTER, SELF, "bytes: a name and its 0, word 0: an endpoint handle with CALL and GRANT ->") \
    X(LOOKUP, SELF, "bytes: a name and its 0, word 0: enum hf_lookup_flags -> word 0: handle") \
    X(THREAD, SELF, "word 0: entry, 1: argument, 2: stack pointer, 3: FS base -> word 0: handle, 1: number")

enum hf_mem_label {
    HF_MEM_NONE,
#define X(name, via, text) HF_MEM_##name,
    HF_MEM_LABEL_LIST(X)
#undef X
        HF_MEM_COUNT
};

enum hf_map_flags {
    HF_MAP_FIXED = 1, /* at the address or not at all; else the address is not looked at */
    HF_MAP_NOW = 2,   /* every page is there when the call returns */
    HF_MAP_GUARD = 4, /* nothing will ever be there: touching it ends the task */
};

enum hf_lookup_flags {
    HF_LOOKUP_WAIT = 1, /* until somebody registers the name */
};

#define HF_SPAWN_HANDLES 8u
#define HF_SPAWN_STRINGS 2048u
#define HF_SPAWN_ARGUMENTS 64u

struct hf_spawn {
    uint64_t quota;    /* the most frames that it may hold, 0: as many as its parent may */
    uint32_t priority; /* 1 to 255, 0: the parent's */
    uint32_t flags;    /* enum hf_spawn_flags */
    uint32_t console;  /* a handle of the sender's, 0: none */
    uint32_t handle_count;
    uint32_t handles[HF_SPAWN_HANDLES]; /* the sender's, each with GRANT */
    uint32_t argument_count;
    uint32_t string_bytes;
    char strings[HF_SPAWN_STRINGS]; /* the image's name, then the arguments, each ended by 0 */
};

enum hf_spawn_flags {
    HF_SPAWN_INSPECT = 1, /* the new task may look at and end others; only for one that may itself */
};

enum hf_exit_how {
    HF_EXIT_CODE,      /* mem_exit, or main returned */
    HF_EXIT_FAULT,     /* a page fault that memsrv refused */
    HF_EXIT_EXCEPTION, /* any other exception */
    HF_EXIT_KILLED,    /* from outside; a thread also when its process has ended */
};

/* Why a fault was refused. */
#define HF_REASON_LIST(X) \
    X(NONE, "no fault") \
    X(NULL_PAGE, "the null page is never mapped") \
    X(NO_REGION, "nothing is mapped there") \
    X(GUARD, "a guard page: the stack has overflowed, or a guard was mapped there") \
    X(READ_ONLY, "the region may not be written") \
    X(NOT_EXECUTABLE, "the region may not be executed") \
    X(KERNEL, "the upper half is the core's") \
    X(QUOTA, "the task's quota is used up") \
    X(NO_MEMORY, "the machine is out of memory") \
    X(BAD_ENTRY, "a page-table entry is malformed")

enum hf_reason {
#define X(name, text) HF_REASON_##name,
    HF_REASON_LIST(X)
#undef X
        HF_REASON_COUNT
};

/* Frames a task holds, by what they are for, and what it has caused. */
struct hf_ledger {
    uint64_t pages;        /* USER frames that only this task uses, its IPC buffer among them */
    uint64_t tables;       /* PML4, PDPT, PD, PT */
    uint64_t objects;      /* task, handle table, endpoints */
    uint64_t peak;         /* of their sum */
    uint64_t faults_zero;  /* a zeroed page was brought */
    uint64_t faults_image; /* a page of the image was brought */
    uint64_t faults_refused;
    uint64_t ticks;
};

struct hf_exit {
    uint32_t how;     /* enum hf_exit_how */
    uint32_t reason;  /* enum hf_reason, for FAULT */
    int64_t code;     /* for CODE */
    uint64_t number;  /* the task's number */
    uint64_t address; /* FAULT: what was touched; EXCEPTION: the vector */
    uint64_t error;   /* the error code, enum hf_fault_error for FAULT */
    uint64_t rip;
    char name[HF_NAME_BYTES];
    char region[HF_NAME_BYTES]; /* FAULT: what is mapped there, empty for nothing */
    struct hf_ledger left;      /* after everything was given back: frames are 0, peak and faults stay */
};

enum hf_info_state {
    HF_INFO_RUNNING,
    HF_INFO_SENDING,
    HF_INFO_RECEIVING,
    HF_INFO_WAITING,
    HF_INFO_STOPPED,
    HF_INFO_ENDED,
};

struct hf_task_info {
    uint64_t number;
    uint64_t parent; /* number, 0 for none */
    uint32_t state;  /* enum hf_info_state */
    uint32_t priority;
    uint64_t waits_for; /* WAITING: number of the task that has to reply, 0 for memsrv */
    char name[HF_NAME_BYTES];
    struct hf_ledger ledger;
};

#define HF_ORDERS 19u /* 4 KiB to 1 GiB */

struct hf_mem_stat {
    uint64_t total;   /* frames of RAM */
    uint64_t core;    /* the core's */
    uint64_t modules; /* boot modules and boot information */
    uint64_t memsrv;  /* memsrv's own */
    uint64_t tasks;   /* held by tasks */
    uint64_t free;
    uint64_t free_blocks[HF_ORDERS]; /* free blocks of 2^order frames */
};

/* What a task finds on its stack when it starts; its address is in RDI. */
struct hf_start {
    uint64_t argc;
    uint64_t argv;   /* char *[argc + 1] */
    uint64_t buffer; /* struct hf_buffer * */
    uint64_t given;  /* how many handles stand from HF_SLOT_GIVEN on */
};
