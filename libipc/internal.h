/* What libipc's files need of each other. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What a task has printed and not yet sent: whole lines, so that those of several tasks
 * don't mix. */
struct stdio_output {
    char bytes[1024];
    size_t used;
};

/* The calling task's. */
struct stdio_output *thread_output(void);

/* The calling task's FS base; 0 when it has none (yet). */
uint64_t thread_fs_base(void);

/* Sends what the calling task has printed. */
void stdio_flush(void);
