/* Lesson 3: forks, and lets child and parent write to the same page, one after the other. */
#include <mem.h>
#include <stdio.h>
#include <string.h>

#define AT 0x123 /* any byte of the page */

/* A store that no compiler can reorder or leave out, in a function of its own. */
__attribute__((noinline)) static void store(volatile char *at, char byte) { *at = byte; }

__attribute__((noinline)) static char load(const volatile char *at) { return *at; }

static int fail(const char *what, hf_status_t status) {
    printf("copying: %s: %s\n", what, hf_status_text(status));
    return 1;
}

int main(void) {
    struct mem_task child;
    struct hf_exit how;
    void *page = NULL;
    hf_status_t status = mem_map(HF_PAGE_SIZE, HF_READ | HF_WRITE, 0, &page);
    if (status != HF_OK) return fail("no memory", status);
    memset(page, 7, HF_PAGE_SIZE); /* a copy of it can be told from a new page */
    char *at = (char *)page + AT;
    store(at, 1);
    status = mem_fork(&child);
    if (status != HF_OK) return fail("no child", status);
    if (child.number == 0) {
        store(at, 2);
        return load(at);
    }
    status = mem_wait(child.handle, &how);
    if (status != HF_OK) return fail("nothing known of the child", status);
    store(at, 3);
    printf("copying: the child had %d, the parent has %d\n", (int)how.code, load(at));
    return 0;
}
