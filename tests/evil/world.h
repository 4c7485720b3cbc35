/* What attacks are made on: one object of each kind, as a memsrv would have made them;
 * and a client, a task that does what it is told. */
#pragma once

#include "evil.h"

/* A place where our own aspace maps what is looked into. */
#define OWN_WINDOW 0x180000000000ul
/* In the world's aspaces: a PT is there ... */
#define WINDOW 0x8000000000ul
#define AT(page) (WINDOW + (page)*HF_PAGE_SIZE)
#define BIG (WINDOW + HF_RUN_SIZE)            /* ... here its PD, without an entry ... */
#define NEXT_GIGABYTE (WINDOW + 0x40000000ul) /* ... its PDPT, likewise ... */
#define NO_TABLES (WINDOW + 0x8000000000ul)   /* ... and here only the PML4. */

enum { AT_PAGE, AT_CODE, AT_FREE };

struct world {
    hf_frame_t aspace, pdpt, pd, pt;
    hf_frame_t second, second_pt; /* another aspace, with the same tables: its PT is empty */
    hf_frame_t page;              /* USER, mapped at AT(AT_PAGE), may be written */
    hf_frame_t code;              /* USER, mapped at AT(AT_CODE), may be executed */
    hf_frame_t staged, pinned, buffer, operations;
    hf_frame_t endpoint, handles;
    hf_frame_t task; /* stopped; has the aspace, handles, buffer, operation page, and the endpoint as its pager */
    hf_frame_t free;
    hf_frame_t client;         /* if there is one: see below */
    hf_frame_t behind_handles; /* FREE: right behind the client's handle table */
};
extern struct world world;

/* A new world, in a drained machine. */
void world_build(void);

/* Every frame of the world that is in use as something, one of the core's, and one that is no
 * RAM: a list that ends with 0. */
const hf_frame_t *world_used(void);

/* What TASK_SET would set of the world's task: all that it has. */
struct hf_task_block world_block(uint64_t fields);

/* A run: zeroed and STAGED; or mapped at BIG in the world's aspace, too. */
hf_frame_t world_staged_run(void);
hf_frame_t world_large_page(unsigned rights);

/* The lowest run that the core has altogether; 0 when there is none. */
hf_frame_t run_of_core(void);

/* Slots of our own table, for an attack's use. */
#define SLOT 20u
#define SECOND_SLOT 21u
#define THIRD_SLOT 22u
#define ALL_BUT_USE (HF_RIGHTS_ALL & ~HF_RIGHT_USE)

/* A handle of ours to an endpoint, at SLOT or elsewhere. */
void take_handle(hf_frame_t endpoint, unsigned rights);
void take_handle_at(hf_handle_t slot, hf_frame_t endpoint, unsigned rights);

/* One more endpoint, whose serial is told. */
hf_frame_t world_endpoint(hf_serial_t *serial);

/* What lies in a frame that was an object: a page of which every word is this one, and whether it
 * is that still. Ring 0 that takes it for the object reads what it shall, or leaves a trace. */
volatile uint64_t *world_forge(hf_frame_t frame, uint64_t word);
bool world_forged(uint64_t word);
void world_forget_forgery(void); /* its frame is FREE */

/* ---- client.c: a task, usually in the world's aspace, that calls us and does what we answer */

enum command {
    COMMAND_READ = 1,
    COMMAND_WRITE,
    COMMAND_JUMP,
    COMMAND_CALL,
    COMMAND_SEND,  /* calls us with so many bytes, and a handle: the call's status */
    COMMAND_VECTOR /* client_vector */
};

struct answer {
    bool faulted;   /* a page fault, or another exception: */
    uint64_t error; /* enum hf_fault_error, or ~0 */
    uint64_t value; /* what was read; the status that a call answered */
};

/* Our endpoint for it. To be called once. */
void client_init(void);
extern hf_frame_t client_endpoint;

/* Starts it. It has called us when this returns, which is a call in hand. */
void client_start(void);

/* The same in any aspace. In our own, nothing is flushed by a switch between it and us. */
void client_start_in(hf_frame_t aspace);

/* Destroys it; and makes another of the same frame, which has called when this returns. */
void client_end(void);
void client_start_again(void);

/* It has our own handle table from now on, and has called when this returns. */
void client_share_handles(void);

/* Starts one that is more important than we are, and waits at this endpoint when this returns:
 * with a call (client_main), or for one, which it doesn't answer (client_listen) or holds (client_hold). */
void client_wait_at(hf_frame_t aspace, hf_frame_t endpoint, void (*entry)(uint64_t argument));

/* Lets it read at an address where nothing is. The fault is the call in hand when this returns. */
void client_fault(uint64_t address);

/* What TASK_SET needs to let it begin anew stands in the operation page when this returns. */
void client_prepare(void);

/* Whether this is what it calls with. */
bool client_has_called(const struct hf_message *message);

/* What a vector register held; it is `word` now. */
uint64_t client_vector(uint64_t word);

struct answer client_do(enum command command, uint64_t address, uint64_t value);
/* A core call with these in RDI, RSI, RDX and R10. */
struct answer client_call(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx);

/* What it runs: it calls us, does what the answer says, and calls again. */
void client_main(uint64_t unused);
void client_listen(uint64_t unused);
void client_hold(uint64_t unused);

/* Its code and stack in an aspace; and what makes a task there run `entry(argument)`. */
void client_image(hf_frame_t aspace);
void client_registers(struct hf_task_block *block, void (*entry)(uint64_t argument), uint64_t argument);
