/* Tests of mem_explain: what it says of an address of another task, and what then happens there. */
#pragma once

#include "../suite.h"

/* Where a visitor maps things. */
#define PLAIN 0x100000000000ul
#define CONSTANT 0x100000010000ul
#define HALF 0x100000020000ul /* two pages, the second read-only */
#define GUARD 0x100000030000ul
#define SHARED 0x100000040000ul /* an object */
#define CODE 0x100000050000ul   /* the same, to be executed */
#define LARGE 0x100040000000ul
#define LARGE_BYTES (2 * HF_RUN_SIZE)

enum stage {
    FRESH,
    READ,    /* all of it has been read */
    WRITTEN, /* or written */
    FORKED,  /* and the visitor has forked since */
};

/* A role: the argument is the stage. It accesses what it is told to (enum hf_access), until that ends it or it is
 * told something else. */
int visitor(uint64_t stage);
#define LEAVE HF_ACCESSES

/* Whether the visitor would go on as if nothing was after such an access. */
bool is_harmless(uint64_t address, enum hf_access access);

extern volatile uint8_t spare[4 * HF_PAGE_SIZE];
void nothing(void);
