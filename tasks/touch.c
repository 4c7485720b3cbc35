/* touch MIB [ROUNDS]: maps that much memory, writes and reads back a word in each
 * page, and gives it back. Every page that is touched first is a fault, which
 * memsrv answers with a zeroed frame. */
#include <ipc.h>
#include <mem.h>
#include <number.h>
#include <stdio.h>

#define MIB_MAX (1ul << 26) /* 64 TiB */
#define WORDS_PER_PAGE (HF_PAGE_SIZE / sizeof(uint64_t))

/* How many pages were wrong: not zero at first, or not what was written. */
static size_t touch(volatile uint64_t *words, size_t pages) {
    size_t wrong = 0;
    for (size_t page = 0; page < pages; page++) {
        wrong += words[page * WORDS_PER_PAGE] != 0;
        words[page * WORDS_PER_PAGE] = ~page;
    }
    for (size_t page = 0; page < pages; page++) {
        wrong += words[page * WORDS_PER_PAGE] != ~page;
    }
    return wrong;
}

static int once(size_t pages) {
    void *at;
    struct hf_mem_stat before, after;
    hf_status_t status = mem_map(pages * HF_PAGE_SIZE, HF_READ | HF_WRITE, 0, &at);
    if (status != HF_OK || mem_stat(&before) != HF_OK) {
        printf("touch: no mapping of %zu pages: %s\n", pages, hf_status_text(status));
        return 1;
    }
    uint64_t start = hf_clock();
    size_t wrong = touch(at, pages);
    uint64_t spent = hf_clock() - start;
    if (mem_stat(&after) != HF_OK || mem_unmap(at, pages * HF_PAGE_SIZE) != HF_OK) {
        puts("touch: the mapping can't be given back");
        return 1;
    }
    printf("touch: %zu pages, %zu wrong, %lu ns each; %lu frames fewer were free\n", pages, wrong, spent / pages,
           before.free - after.free);
    return wrong != 0;
}

int main(int argc, char **argv) {
    uint64_t mib = 0, rounds = 1;
    bool sound = (argc == 2 || argc == 3) && number_parse(argv[1], MIB_MAX, &mib) &&
                 (argc == 2 || number_parse(argv[2], UINT64_MAX, &rounds));
    if (!sound || mib == 0 || rounds == 0) {
        puts("Usage: touch MIB [ROUNDS], numbers of at least 1");
        return 2;
    }
    for (; rounds > 0; rounds--) {
        if (once((mib << 20) / HF_PAGE_SIZE) != 0) return 1;
    }
    return 0;
}
