/* Memory from the heap, ending the program, numbers from text. */
#pragma once

#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

/* Aligned to 16 bytes; NULL when there is none left. No bytes is a block too. */
void *malloc(size_t size) __attribute__((malloc, alloc_size(1)));
void *calloc(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2)));
/* The block, moved if need be; NULL, and the old one stays, when there is none. */
void *realloc(void *block, size_t size) __attribute__((alloc_size(2)));
/* What is no block, or is free already, ends the program with a sentence. */
void free(void *block);

/* Writes out what the calling task printed and ends it, like mem_exit: a thread alone,
 * the first task with all threads. */
_Noreturn void exit(int code);
/* The same, but by an exception (invalid opcode), as something that went wrong. */
_Noreturn void abort(void);

/* Like C says, except that there is no errno: a value out of range is the nearest
 * one in range. `base` is 2 to 36, or 0 for C's notation. */
long strtol(const char *text, char **end, int base);
unsigned long strtoul(const char *text, char **end, int base);
int atoi(const char *text);
