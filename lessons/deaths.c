/* Lesson 2: starts itself four times, to do once each what no page table allows, and goes on each time. */
#include <mem.h>
#include <stdio.h>
#include <string.h>

#define FRAME_BYTES 8192 /* of each call of descend: less than the guard has, so no call can jump over it */
#define DEEP 4096        /* calls of it: many times what a stack has */

static char code_as_data[16] = {(char)0xc3}; /* ret */

/* A store that no compiler can reorder or leave out, in a function of its own. */
__attribute__((noinline)) static void store(volatile char *at, char byte) { *at = byte; }

static void write_null(void) { store((char *)0x10, 1); }

/* Each call needs its bytes until those below are done. */
__attribute__((noinline)) static int descend(int levels) {
    volatile char bytes[FRAME_BYTES];
    store(bytes, (char)levels);
    return (levels > 1 ? descend(levels - 1) : 0) + bytes[0];
}

static void overflow(void) { printf("deaths: back, by %d\n", descend(DEEP)); }

static void write_text(void) { store((char *)(uintptr_t)write_text, 1); }

/* The store brings the page and makes it the task's own: nothing but the right to execute is missing. */
static void execute_data(void) {
    store(&code_as_data[1], (char)0xc3);
    ((void (*)(void))(uintptr_t)code_as_data)();
}

static const struct {
    const char *name;
    void (*die)(void);
} ways[] = {{"null", write_null}, {"guard", overflow}, {"text", write_text}, {"data", execute_data}};

/* The end that the child has found, and that its parent hasn't. */
static int try(const char *name) {
    char text[HF_EXIT_TEXT_BYTES];
    struct hf_exit how;
    hf_status_t status = mem_run("deaths", (const char *[]){name, NULL}, &how);
    if (status != HF_OK) {
        printf("deaths: no child: %s\n", hf_status_text(status));
        return 1;
    }
    hf_exit_text(&how, text, sizeof text);
    puts(text);
    return how.how != HF_EXIT_FAULT;
}

int main(int argc, char **argv) {
    int failed = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (argc < 2) {
            failed += try(ways[i].name);
        } else if (strcmp(argv[1], ways[i].name) == 0) {
            ways[i].die();
        }
    }
    return failed;
}
