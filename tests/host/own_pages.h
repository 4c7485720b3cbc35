/* Stands in for memsrv's own pages (own.h), and for what stops memsrv (core.h). A page that was given
 * back must not be touched any more, which AddressSanitizer watches over. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

extern uint64_t own_pages;  /* that are in use */
extern bool own_pages_none; /* no more can be had */
