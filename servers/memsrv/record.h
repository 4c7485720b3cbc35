/* memsrv's records: small things of one size, kept in pages of memsrv's own, which go back
 * when nothing is in them any more. Every call takes constant time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The longest record; and what each is aligned to. */
#define RECORD_MOST 4032u
#define RECORD_ALIGNMENT 16u

struct record_page;

struct record_pool {
    size_t bytes;                        /* of one record */
    unsigned reserve;                    /* so many are kept for record_take_reserved */
    unsigned free;                       /* that are nobody's, in all pages */
    struct record_page *partial, *empty; /* pages with some, and with none, in use */
    struct record_pool *next;            /* of the pools with a reserve ...*/
    bool known;                          /* ... to which it belongs once it has a page */
};

/* A zeroed record, or NULL when the machine is out of memory. */
void *record_take(struct record_pool *pool);

/* The same, for what must not fail: from the reserve when memory is out. */
void *record_take_reserved(struct record_pool *pool);

/* Gives back what one of both gave. Anything else stops memsrv. */
void record_give(struct record_pool *pool, void *record);

/* Fills the reserves up as far as memory allows. Called between messages. */
void record_refill(void);
