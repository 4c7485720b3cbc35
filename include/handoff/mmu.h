/* MMU operations: what memsrv asks of the core.
 *
 * An operation is four words. Up to HF_OPERATIONS of them stand in the first
 * half of the caller's operation page; each is read once, and its result
 * replaces it. What does not fit stands in the second half, so a list has at
 * most one operation that uses it. */
#pragma once

#include <handoff/status.h>
#include <handoff/types.h>

#define HF_OPERATIONS 64u

/* X(name, function, type that `object` must have, fields that it uses, what it does)
 * Every field that it does not use must be zero. ANY: it looks for itself. */
#define HF_OPERATION_LIST(X) \
    X(ASPACE_CREATE, aspace_create, FREE, 0, "FREE frame becomes a PML4") \
    X(ASPACE_COPY_KERNEL, aspace_copy_kernel, PML4, 0, "fills in the kernel half") \
    X(ASPACE_DESTROY, aspace_destroy, PML4, 0, "empty PML4 becomes FREE") \
    X(TABLE_INSTALL, table_install, PML4, HF_LEVEL | HF_ADDRESS | HF_FRAME, "FREE frame becomes a table") \
    X(TABLE_REMOVE, table_remove, PML4, HF_LEVEL | HF_ADDRESS, "empty table becomes FREE") \
    X(STAGE, stage, ANY, HF_LEVEL | HF_COUNT | HF_ADDRESS | HF_FRAME, "FREE is zeroed and filled, STAGED filled on") \
    X(RELEASE, release, ANY, HF_LEVEL, "STAGED frame or run becomes FREE") \
    X(MAP, map, PML4, HF_LEVEL | HF_RIGHTS | HF_ADDRESS | HF_FRAME, "leaf entry for a STAGED or USER frame") \
    X(UNMAP, unmap, PML4, HF_LEVEL | HF_ADDRESS, "removes a leaf entry") \
    X(PROTECT, protect, PML4, HF_LEVEL | HF_RIGHTS | HF_ADDRESS, "changes a leaf's rights, samples A and D") \
    X(CLONE, clone, PML4, HF_ADDRESS | HF_FRAME, "all leaves of one PT into another aspace, read-only in both") \
    X(CLEAR, clear, PML4, HF_ADDRESS, "unmaps all under one PT") \
    X(SPLIT, split, PML4, HF_ADDRESS | HF_FRAME, "a 2 MiB leaf becomes a PT of 512 equal ones") \
    X(MAP_DEVICE, map_device, PML4, HF_RIGHTS | HF_ADDRESS | HF_FRAME, "uncached leaf for a device's registers") \
    X(TRANSLATE, translate, PML4, HF_ADDRESS, "reads the entries of all levels") \
    X(PIN, pin, ANY, HF_LEVEL, "keeps a USER frame or run without a mapping") \
    X(UNPIN, unpin, ANY, HF_LEVEL, "ends that") \
    X(TAG, tag, ANY, HF_LEVEL | HF_ADDRESS, "memsrv's own mark on a frame or run") \
    X(QUERY, query, ANY, HF_LEVEL | HF_COUNT, "reads run headers or frame entries") \
    X(TASK_CREATE, task_create, FREE, 0, "FREE frame becomes a stopped task") \
    X(TASK_SET, task_set, TASK, 0, "sets a stopped task's registers and what it uses") \
    X(TASK_GET, task_get, TASK, 0, "reads them") \
    X(TASK_START, task_start, TASK, 0, "lets it run") \
    X(TASK_STOP, task_stop, TASK, 0, "takes it out of whatever it waits for") \
    X(TASK_DESTROY, task_destroy, TASK, 0, "stopped task becomes FREE") \
    X(HANDLES_CREATE, handles_create, FREE, 0, "FREE frame becomes a handle table") \
    X(HANDLE_PUT, handle_put, HANDLES, HF_LEVEL | HF_RIGHTS | HF_COUNT | HF_ADDRESS | HF_FRAME, "fills a slot") \
    X(HANDLES_COPY, handles_copy, HANDLES, HF_FRAME, "empty table gets what of another may be passed on") \
    X(HANDLES_DESTROY, handles_destroy, HANDLES, 0, "unused handle table becomes FREE") \
    X(ENDPOINT_CREATE, endpoint_create, FREE, 0, "FREE frame becomes an endpoint") \
    X(ENDPOINT_DESTROY, endpoint_destroy, ENDPOINT, 0, "endpoint becomes FREE") \
    X(AUDIT, audit, ANY, HF_ADDRESS, "a core that checks itself: looks for broken invariants")

enum hf_operation_field {
    HF_LEVEL = 1,
    HF_RIGHTS = 2,
    HF_COUNT = 4,
    HF_ADDRESS = 8,
    HF_FRAME = 16,
};

enum hf_operation_code {
    HF_OP_NONE,
#define X(upper, lower, object, fields, text) HF_OP_##upper,
    HF_OPERATION_LIST(X)
#undef X
        HF_OP_COUNT
};

/* Page-table levels, as TABLE_INSTALL, MAP and HF_NO_TABLE name them. */
enum hf_level {
    HF_LEVEL_PT = 1,
    HF_LEVEL_PD = 2,
    HF_LEVEL_PDPT = 3,
    HF_LEVEL_PML4 = 4,
};

struct hf_operation {
    uint8_t code;    /* enum hf_operation_code */
    uint8_t level;   /* TABLE_*: the table's level; MAP, UNMAP, PROTECT: that in which the leaf stands */
    uint16_t rights; /* MAP, PROTECT: enum hf_rights; HANDLE_PUT: enum hf_handle_rights */
    uint32_t count;  /* STAGE: bytes; QUERY: how many; HANDLE_PUT: slot */
    uint64_t object; /* the aspace, table, task, handle table or endpoint: a frame number */
    uint64_t address;
    uint64_t frame;
};

/* STAGE, RELEASE, PIN, UNPIN, TAG: `level` says whether `object` is a frame, or the first of a
 * run that is, or shall be, one page of 2 MiB. */
enum hf_extent {
    HF_ONE_FRAME = 0,
    HF_WHOLE_RUN = HF_LEVEL_PD,
};

/* STAGE: `object` is the frame, `frame` the source, `count` the length, and
 * `address` holds the offset in the source (low half) and in the frame (high half). */
#define HF_STAGE_AT(offset, at) ((uint64_t)(uint32_t)(offset) | (uint64_t)(at) << 32)
/* STAGE with this source only zeroes. */
#define HF_NO_FRAME (~0ull)

/* HANDLE_PUT: `object` is the table, `count` the slot (HF_SLOT_ANY: a free one),
 * `rights` what it allows; kind of thing in `level` (enum hf_put_kind). */
enum hf_put_kind {
    HF_PUT_ENDPOINT, /* `frame`: the endpoint; `address`: the badge */
    HF_PUT_COPY,     /* `frame`: the other table; `address`: slot in it; keeps the badge */
    HF_PUT_PORTS,    /* `frame`: first port; `address`: how many */
    HF_PUT_IRQ,      /* `frame`: interrupt line */
    HF_PUT_POWER,
};

/* HANDLE_PUT of HF_PUT_COPY with these rights: the same as there. */
#define HF_RIGHTS_SAME 0x8000u

/* QUERY: `object` is the first run or frame, `level` which of the two. */
enum hf_query_kind {
    HF_QUERY_RUNS,
    HF_QUERY_FRAMES,
};

struct hf_result {
    uint32_t status; /* enum hf_status; the operation's code is gone */
    uint32_t detail; /* NO_TABLE: level; UNMAP, PROTECT: enum hf_leaf_flags; CLEAR, QUERY: entries; HANDLE_PUT: slot */
    uint64_t value[3]; /* UNMAP, PROTECT: the frame; CLEAR: leaves it removed; TRANSLATE: the last entry read, with its
                          level in `detail` */
};
_Static_assert(sizeof(struct hf_operation) == 32, "an operation is four words");
_Static_assert(sizeof(struct hf_result) == 32, "a result replaces its operation");

enum hf_leaf_flags {
    HF_LEAF_ACCESSED = 1,
    HF_LEAF_DIRTY = 2,
    HF_LEAF_FREED = 4,      /* the frame, or the run that was one page, is FREE now */
    HF_LEAF_FREED_PART = 8, /* of the run: value[1] frames, which the second half's `freed` names */
};

/* AUDIT: `object` is 0; `address` is the cursor: 0 begins, and each call does a part, of which value[0] is the
 * next cursor, or 0 after the last. Between the calls of one audit, no other operation may be made.
 * `detail` is the first of these that was found broken, or 0; then value[1] is the frame and value[2] the
 * slot, entry or register, HF_NO_FRAME where there is none. HF_BAD_ARGUMENT: not the cursor that comes next;
 * HF_BAD_CALL: this core does not check itself. */
#define HF_INVARIANT_LIST(X) \
    X(TYPED, "a frame has one type, and only USER is mapped for ring 3") \
    X(TREE, "a table has one parent, one level above") \
    X(COUNTED, "refs and busy are what they count") \
    X(KERNEL_HALF, "every aspace that can run has the core's own") \
    X(W_XOR_X, "no page is both written and executed") \
    X(USER_HALF, "U/S only there, and never at its ends") \
    X(CLEAN, "ring 3 gets RAM that was zeroed or filled for it") \
    X(FLUSHED, "no translation outlives its entry") \
    X(CONSERVED, "every frame is accounted for once") \
    X(NO_USER_POINTERS, "the core never follows an address of ring 3's") \
    X(BOUNDED, "an entry does a bounded amount of work") \
    X(CHECK_FIRST, "what is refused has changed nothing") \
    X(DRAINABLE, "every frame can come back") \
    X(OBJECTS, "tasks, queues and handles agree with each other") \
    X(PROCESSOR, "registers and descriptor tables are as they were set")

enum hf_invariant {
    HF_INVARIANT_NONE,
#define X(name, text) HF_INVARIANT_##name,
    HF_INVARIANT_LIST(X)
#undef X
};

/* Types of a frame. The numbers are part of QUERY's answer. */
#define HF_FRAME_TYPE_LIST(X) \
    X(RESERVED, "not RAM, or the firmware's") \
    X(CORE, "the core's own") \
    X(FREE, "memsrv's to use") \
    X(STAGED, "zeroed or filled, not mapped yet") \
    X(USER, "used by ring 3") \
    X(PT, "page table") \
    X(PD, "page directory") \
    X(PDPT, "page-directory-pointer table") \
    X(PML4, "root of an aspace") \
    X(HANDLES, "handle table") \
    X(TASK, "task") \
    X(ENDPOINT, "endpoint")

enum hf_frame_type {
#define X(name, text) HF_FRAME_##name,
    HF_FRAME_TYPE_LIST(X)
#undef X
        HF_FRAME_TYPE_COUNT
};

/* One 4 KiB frame. */
struct hf_frame_entry {
    uint8_t type;  /* enum hf_frame_type */
    uint8_t flags; /* enum hf_frame_flags */
    uint16_t tag;  /* memsrv's */
    uint32_t refs;
};

enum hf_frame_flags {
    HF_FRAME_PINNED = 1,
    HF_FRAME_KERNEL_HALF = 2, /* PML4: its kernel half is there */
};

/* A run of 512 frames. */
enum hf_run_state {
    HF_RUN_RESERVED, /* no RAM, or the firmware's altogether */
    HF_RUN_CORE,     /* the core's altogether */
    HF_RUN_FREE,     /* all FREE; its entries are not kept */
    HF_RUN_SPLIT,    /* see its entries */
    HF_RUN_ZEROING,  /* STAGE has begun to zero it; `busy` pages are done */
    HF_RUN_STAGED,   /* one page of 2 MiB, not mapped yet ... */
    HF_RUN_USER,     /* ... or used by ring 3 */
};

struct hf_run_header {
    uint8_t state; /* enum hf_run_state */
    uint8_t flags; /* HF_FRAME_PINNED, kept when it is split */
    uint16_t busy; /* SPLIT: how many entries are not FREE; STAGED, USER: memsrv's tag */
    uint32_t refs; /* 2 MiB leaves that name it */
};
_Static_assert(sizeof(struct hf_frame_entry) == 8 && sizeof(struct hf_run_header) == 8, "the frame table's arrays");

/* TASK_SET and TASK_GET: `object` is the task; the rest is in the page's second half. */
enum hf_task_fields {
    HF_TASK_REGISTERS = 1,
    HF_TASK_PRIORITY = 2,
    HF_TASK_ASPACE = 4,
    HF_TASK_HANDLES = 8,
    HF_TASK_BUFFER = 16,
    HF_TASK_OPERATIONS = 32,
    HF_TASK_PAGER = 64,
    HF_TASK_MEMORY = 128,
    HF_TASK_MARK = 256,
    HF_TASK_FIELDS_ALL = 511,
};

enum hf_task_state {
    HF_TASK_STOPPED,
    HF_TASK_READY,     /* or running */
    HF_TASK_SENDING,   /* queued at an endpoint with a call */
    HF_TASK_RECEIVING, /* queued at an endpoint for a call */
    HF_TASK_WAITING,   /* for a reply */
};

struct hf_registers {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t rip, rflags, rsp, fs_base;
};

struct hf_task_block {
    uint64_t fields; /* TASK_SET: which of the following to set (enum hf_task_fields) */
    struct hf_registers registers;
    uint64_t priority; /* 0 to 255, higher runs first */
    hf_frame_t aspace; /* HF_NO_FRAME for none, here and below */
    hf_frame_t handles;
    hf_frame_t buffer;      /* STAGED or USER */
    hf_frame_t operations;  /* STAGED or USER: the operation page of a task with MEMORY */
    hf_frame_t pager;       /* endpoint that gets its faults ... */
    hf_badge_t pager_badge; /* ... under this badge */
    uint64_t memory;        /* 1: may make MMU calls */
    uint64_t mark;          /* memsrv's own */
    /* TASK_GET only */
    hf_serial_t serial;
    uint64_t state;       /* enum hf_task_state */
    hf_frame_t waits_for; /* endpoint when SENDING or RECEIVING, task when WAITING */
    uint64_t ticks;
};

struct hf_operation_page {
    union {
        struct hf_operation operation[HF_OPERATIONS];
        struct hf_result result[HF_OPERATIONS];
    };
    union {
        struct hf_task_block task;
        struct hf_frame_entry entries[256];
        struct hf_run_header headers[256];
        hf_frame_t frames[256]; /* CLEAR: the frames that became FREE */
        uint64_t freed[8];      /* UNMAP, UNPIN of part of a run: bit n of word n / 64 for its frame n */
        uint64_t walk[4];       /* TRANSLATE: entries by level, PT first; 0 where the walk did not get */
    };
};
_Static_assert(sizeof(struct hf_operation_page) == 4096, "the operation page is one page");
