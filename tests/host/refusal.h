/* Stands in for the end of the boot: REFUSAL(call) is the sentence with which `call` ended it, or NULL. */
#pragma once

#include "boot.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    jmp_buf jump;
    bool expected;
    const char *sentence;
} refusal;

void boot_require(bool good, const char *otherwise) {
    if (good) return;
    refusal.sentence = otherwise;
    if (refusal.expected) longjmp(refusal.jump, 1);
    fprintf(stderr, "refused, and nobody expected it: %s\n", otherwise);
    abort();
}

#define REFUSAL(call) \
    ({ \
        refusal.sentence = NULL; \
        refusal.expected = true; \
        if (setjmp(refusal.jump) == 0) { \
            call; \
        } \
        refusal.expected = false; \
        refusal.sentence; \
    })
