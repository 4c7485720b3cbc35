/* memsrv's protocol: labels, words and the structures that travel in the IPC
 * buffer. libipc's <mem.h> has a function for each.
 *
 * A task holds handles to memsrv's endpoint of several kinds: its own (HF_SLOT_MEMSRV), one
 * for each task that it spawned, forked or made as a thread, and those of objects and pagers.
 * The badge tells which; a label sent through a wrong kind is HF_BAD_HANDLE. Each reply's
 * label is an hf_status_t. */
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

/* X(name, sent through: enum hf_mem_via, request -> reply) */
#define HF_MEM_LABEL_LIST(X) \
    X(SPAWN, HF_VIA_SELF | HF_VIA_PAGER, "bytes: struct hf_spawn -> word 0: handle of the new task, 1: its number") \
    X(EXIT, HF_VIA_SELF, "word 0: code -> no reply") \
    X(WAIT, HF_VIA_TASK, "-> bytes: struct hf_exit, when the task has ended") \
    X(KILL, HF_VIA_TASK, "->") \
    X(MAP, HF_VIA_SELF, "word 0: address or 0, 1: length, 2: rights, 3: enum hf_map_flags -> word 0: address") \
    X(UNMAP, HF_VIA_SELF, "word 0: address, 1: length ->") \
    X(PROTECT, HF_VIA_SELF, "word 0: address, 1: length, 2: rights ->") \
    X(STAT, HF_VIA_SELF, "-> bytes: struct hf_mem_stat") \
    X(TASKS, HF_VIA_SELF, \
      "word 0: cursor, 0 first -> word 0: next cursor or 0, 1: how many, bytes: struct hf_task_info[]") \
    X(TASK_KILL, HF_VIA_SELF, "word 0: a task's number; others than one's own children with the INSPECT right ->") \
    X(IMAGES, HF_VIA_SELF, "word 0: index -> word 0: how many there are, bytes: the name") \
    X(COMMAND_LINE, HF_VIA_SELF, "-> bytes: the kernel's command line") \
    X(ENDPOINT_CREATE, HF_VIA_SELF, "-> word 0: handle with all rights") \
    X(REGISTER, HF_VIA_SELF, "bytes: a name and its 0, word 0: an endpoint handle with CALL and GRANT ->") \
    X(LOOKUP, HF_VIA_SELF, "bytes: a name and its 0, word 0: enum hf_lookup_flags -> word 0: handle") \
    X(THREAD, HF_VIA_SELF, "word 0: entry, 1: argument, 2: stack pointer, 3: FS base -> word 0: handle, 1: number") \
    X(FORK, HF_VIA_SELF, \
      "word 0: where the child starts, 1: its stack pointer, 2: FS base -> word 0: handle, 1: number") \
    X(TASK_STAT, HF_VIA_SELF, "word 0: a task's number, 0: one's own -> bytes: struct hf_task_stat") \
    X(REGIONS, HF_VIA_SELF, \
      "word 0: number or 0, 1: from which address -> word 0: next or 0, 1: how many, bytes: struct hf_region[]") \
    X(EXPLAIN, HF_VIA_SELF, "word 0: number or 0, 1: address -> bytes: struct hf_explain") \
    X(NAME_OF, HF_VIA_SELF, "word 0: address -> bytes: the function that has it, and how far behind its beginning") \
    X(OBJECT_CREATE, HF_VIA_SELF, "word 0: length -> word 0: handle with all rights") \
    X(OBJECT_HANDLE, HF_VIA_OBJECT, "word 0: rights -> word 0: another handle to it, with those") \
    X(OBJECT_MAP, HF_VIA_OBJECT | HF_VIA_PAGER, \
      "word 0: address or 0, 1: length, 2: rights, 3: enum hf_map_flags, 4: offset -> word 0: address") \
    X(OBJECT_STAT, HF_VIA_OBJECT, "-> word 0: length, 1: frames that it has") \
    X(PAGER_CREATE, HF_VIA_SELF, "-> word 0: handle") \
    X(PAGER_NEXT, HF_VIA_PAGER, "-> bytes: struct hf_pager_request, when there is one") \
    X(PAGER_SUPPLY, HF_VIA_PAGER, \
      "word 0: the request's id, 1: address of a page of one's own, whose content it gets ->") \
    X(PAGER_PASS, HF_VIA_PAGER, "word 0: the request's id; memsrv does what it would have done by itself ->") \
    X(PAGER_REFUSE, HF_VIA_PAGER, "word 0: the request's id; its task ends ->")

enum hf_mem_label {
    HF_MEM_NONE,
#define X(name, via, text) HF_MEM_##name,
    HF_MEM_LABEL_LIST(X)
#undef X
        HF_MEM_COUNT
};

/* What a handle to memsrv's endpoint can stand for. */
enum hf_mem_via {
    HF_VIA_SELF = 1, /* a process: its own handle */
    HF_VIA_TASK = 2,
    HF_VIA_OBJECT = 4,
    HF_VIA_PAGER = 8,
};

/* 2 MiB pages come by themselves where LARGE or the length suggests it (HF_MAP_LARGE_LENGTH
 * bytes or more), the quota has room and a run of RAM is free; otherwise 4 KiB pages do. */
enum hf_map_flags {
    HF_MAP_FIXED = 1,  /* at the address or not at all; else the address is not looked at */
    HF_MAP_NOW = 2,    /* every page is there when the call returns */
    HF_MAP_GUARD = 4,  /* nothing will ever be there: touching it ends the task */
    HF_MAP_LARGE = 8,  /* in 2 MiB pages; needs no length of a multiple of that */
    HF_MAP_SMALL = 16, /* in 4 KiB pages only: for memory of which little will be touched */
};

#define HF_MAP_LARGE_LENGTH (32ul << 20)

enum hf_lookup_flags {
    HF_LOOKUP_WAIT = 1, /* until somebody registers the name */
};

#define HF_SPAWN_HANDLES 8u
#define HF_SPAWN_STRINGS 2048u
#define HF_SPAWN_ARGUMENTS 64u

struct hf_spawn {
    uint64_t quota;    /* frames that are put by for it, out of its parent's; 0: it shares the parent's */
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

/* Why a fault was refused. X(name, place, why): a sentence says "write to 0x10 PLACE, WHY"; where the place
 * is HF_REASON_REGION, "in" and the region's name. */
#define HF_REASON_REGION "@"
#define HF_REASON_LIST(X) \
    X(NONE, "", "for no reason") \
    X(NULL_PAGE, "in the null page", "which is never mapped") \
    X(NO_REGION, "", "where nothing is mapped") \
    X(GUARD, "in a guard page", "which is never mapped (a stack has overflowed, or a guard was put there)") \
    X(READ_ONLY, HF_REASON_REGION, "which is read-only") \
    X(NOT_EXECUTABLE, HF_REASON_REGION, "which may not be executed") \
    X(KERNEL, "in the upper half", "which is the core's") \
    X(NOT_CANONICAL, "", "which is no address: bits 47 to 63 differ") \
    X(QUOTA, HF_REASON_REGION, "for which the task's quota has no frame left") \
    X(NO_MEMORY, HF_REASON_REGION, "for which the machine has no frame left") \
    X(BAD_ENTRY, HF_REASON_REGION, "whose page-table entry is malformed") \
    X(PAGER_GONE, HF_REASON_REGION, "whose pager has ended") \
    X(PAGER_REFUSED, HF_REASON_REGION, "whose pager refused the page") \
    X(PAGER_NONSENSE, HF_REASON_REGION, "whose pager supplied what is no page of its own") \
    X(PAGER_LOOP, HF_REASON_REGION, "where the same fault came back each time its pager had supplied the page")

enum hf_reason {
#define X(name, place, why) HF_REASON_##name,
    HF_REASON_LIST(X)
#undef X
        HF_REASON_COUNT
};

/* What a task's frames are for. All but the shared ones count against its quota.
 * X(name, text) */
#define HF_LEDGER_LIST(X) \
    X(pages, "pages of its own, and those that it shares by fork with others that count them too") \
    X(shared, "pages of boot modules and of objects, which cost it nothing") \
    X(tables, "PML4, PDPT, PD, PT") \
    X(objects, "tasks, handle tables, endpoints") \
    X(records, "memsrv's notes about it, in whole frames")

/* X(name, text) */
#define HF_FAULT_KIND_LIST(X) \
    X(zero, "a zeroed page was brought") \
    X(image, "a page of the image was brought") \
    X(large, "a zeroed page of 2 MiB was brought") \
    X(copy, "a page that others have too was copied, to be written") \
    X(reuse, "a page that nobody else has any more was made writable again") \
    X(object, "a page of a shared object was brought") \
    X(pager, "an external pager supplied the page") \
    X(refused, "it ended the task")

struct hf_ledger {
#define X(name, text) uint64_t name;
    HF_LEDGER_LIST(X)
#undef X
    uint64_t peak; /* of the sum of those that count */
#define X(name, text) uint64_t faults_##name;
    HF_FAULT_KIND_LIST(X)
#undef X
    uint64_t ticks;
};

#define HF_EXIT_CALLERS 6u

struct hf_exit {
    uint32_t how;     /* enum hf_exit_how */
    uint32_t reason;  /* enum hf_reason, for FAULT */
    int64_t code;     /* for CODE */
    uint64_t number;  /* the task's number */
    uint64_t address; /* FAULT: what was touched; EXCEPTION: the vector */
    uint64_t error;   /* the error code, enum hf_fault_error for FAULT */
    uint64_t rip;
    uint64_t entry[4];                 /* FAULT: page-table entries, PT first; 0 where the walk does not get */
    uint64_t callers[HF_EXIT_CALLERS]; /* FAULT, EXCEPTION: where calls return to, innermost first; 0: no more known */
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

struct hf_task_stat {
    struct hf_task_info info;
    uint64_t quota;       /* frames; of the one that it shares when it has none of its own */
    uint64_t quota_used;  /* by all who share it, with what is put by for children */
    uint64_t quota_owner; /* 1: it is this task's own */
    uint64_t threads;     /* besides its first task */
    uint64_t regions;
};

struct hf_region {
    uint64_t start, end; /* addresses; end exclusive; both 0 for none */
    uint32_t rights;     /* enum hf_rights */
    uint32_t large;      /* 1: in 2 MiB pages where that is possible */
    uint64_t offset;     /* of `start` in the object */
    char name[HF_NAME_BYTES];
};

enum hf_access {
    HF_ACCESS_READ,
    HF_ACCESS_WRITE,
    HF_ACCESS_FETCH,
    HF_ACCESSES,
};

/* What would happen on an access. X(name, text) */
#define HF_OUTCOME_LIST(X) \
    X(DONE, "is done without a fault") \
    X(ZERO, "brings a zeroed page") \
    X(IMAGE, "brings a page of the image") \
    X(LARGE, "brings a zeroed page of 2 MiB") \
    X(COPY, "copies the page") \
    X(REUSE, "makes the page writable") \
    X(OBJECT, "brings a page of the object") \
    X(PAGER, "asks the pager") \
    X(REFUSED, "ends the task")

enum hf_outcome {
#define X(name, text) HF_OUTCOME_##name,
    HF_OUTCOME_LIST(X)
#undef X
        HF_OUTCOME_COUNT
};

struct hf_explain {
    uint64_t number, address;
    struct hf_region region; /* that has the address */
    uint64_t entry[4];       /* page-table entries, PT first; 0 where the walk does not get */
    uint32_t refs;           /* of the frame that is mapped there */
    struct {
        uint32_t outcome; /* enum hf_outcome */
        uint32_t reason;  /* enum hf_reason, of REFUSED */
    } access[HF_ACCESSES];
};

/* A fault that an external pager is asked about. */
struct hf_pager_request {
    uint64_t id;
    uint64_t task; /* number */
    uint64_t address;
    uint64_t offset; /* of the page in what the pager serves: bytes from where it was mapped, plus the offset of
                        that; for a task whose faults it serves altogether, the page's address */
    uint64_t error;  /* enum hf_fault_error */
    uint64_t rip;
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
    uint64_t largest_free;           /* frames of the largest free block */
    uint64_t runs_free;              /* of the free frames, how many are in free runs: can become 2 MiB pages */
};

/* What a task finds on its stack when it starts; its address is in RDI. */
struct hf_start {
    uint64_t argc;
    uint64_t argv;   /* char *[argc + 1] */
    uint64_t buffer; /* struct hf_buffer * */
    uint64_t given;  /* how many handles stand from HF_SLOT_GIVEN on */
};
