/* What the parts of memsrv stand on, for tests of one of them by itself: records and pages come from the heap
 * and are counted, and what would stop memsrv is an answer. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

extern unsigned stub_records;   /* that are in use */
extern unsigned stub_pages;     /* that were made */
extern bool stub_out_of_memory; /* neither can be had */

/* Where memsrv checks its books: fails the test unless that is what it is about. */
extern jmp_buf stub_stopped;
extern bool stub_may_stop;
#define STOPS(call) \
    do { \
        stub_may_stop = true; \
        if (setjmp(stub_stopped) == 0) { \
            call; \
            fail_msg("memsrv goes on: %s", #call); \
        } \
        stub_may_stop = false; \
    } while (0)

/* Frees all pages. */
void stub_finish(void);
