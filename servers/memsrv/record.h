/* memsrv's records: small things of one size, kept in pages that are never given back. */
#pragma once

#include <stddef.h>

struct record {
    struct record *next;
};

struct record_pool {
    size_t bytes; /* of one record */
    struct record *free;
};

/* A zeroed record, or NULL when the machine is out of memory. */
void *record_take(struct record_pool *pool);
void record_give(struct record_pool *pool, void *record);
