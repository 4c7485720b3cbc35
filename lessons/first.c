/* Lesson 1: touches a page that is reserved and nothing more. */
#include <mem.h>
#include <stdio.h>

/* Functions of their own, and volatile: each is one instruction and a RET. */

__attribute__((noinline)) static void store(volatile char *at, char value) {
    /* The store that faults. */
    *at = value;
}

__attribute__((noinline)) static char load(const volatile char *at) {
    /* The page is there by now. */
    return *at;
}

int main(void) {
    void *page = NULL;
    hf_status_t status = mem_map(1u << 20, HF_READ | HF_WRITE, 0, &page);
    if (status != HF_OK) {
        printf("first: no memory: %s\n", hf_status_text(status));
        return 1;
    }
    store((char *)page + 0x5123, 42);
    printf("first: %d\n", load((char *)page + 0x5123));
    store((char *)page + 0x5124, 43);
    return 0;
}
