/* Between _start and main, and back. */
#include <assert.h>
#include <ipc.h>
#include <mem.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

int main(int argc, char **argv);

/* Called by _start. */
_Noreturn void start(const struct hf_start *facts);

struct hf_buffer *hf_own_buffer;
static uint64_t given;

uint64_t mem_given(void) { return given; }

_Noreturn void start(const struct hf_start *facts) {
    hf_own_buffer = (struct hf_buffer *)facts->buffer;
    given = facts->given;
    exit(main((int)facts->argc, (char **)facts->argv));
}

_Noreturn void exit(int code) {
    stdio_flush();
    mem_exit(code);
}

_Noreturn void abort(void) {
    stdio_flush();
    __builtin_trap();
}

_Noreturn void hf_assert_failed(const char *condition, const char *file, int line) {
    printf("%s:%d: assertion failed: %s\n", file, line, condition);
    abort();
}
