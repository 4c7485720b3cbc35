/* Lesson 5: a page of 2 MiB, used in two places, and a page of 4 KiB taken out of its middle. */
#include <mem.h>
#include <stdio.h>

#define MIDDLE (256 * HF_PAGE_SIZE)

/* A store that no compiler can reorder or leave out, in a function of its own. */
__attribute__((noinline)) static void store(volatile char *at, char value) { *at = value; }

int main(void) {
    void *memory = NULL;
    hf_status_t status = mem_map(HF_RUN_SIZE, HF_READ | HF_WRITE, HF_MAP_LARGE, &memory);
    if (status != HF_OK) {
        printf("large: no memory: %s\n", hf_status_text(status));
        return 1;
    }
    char *middle = (char *)memory + MIDDLE;
    store((char *)memory + 0x5123, 1);
    store(middle + HF_PAGE_SIZE, 2);
    status = mem_unmap(middle, HF_PAGE_SIZE);
    if (status != HF_OK) {
        printf("large: can't unmap: %s\n", hf_status_text(status));
        return 1;
    }
    store(middle + HF_PAGE_SIZE, 3);
    return 0;
}
