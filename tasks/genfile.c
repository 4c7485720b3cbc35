/* genfile [GIB [PAGES]]: a "file" of so many GiB that is nowhere: each page is made up when somebody reads it.
 * This program is the file's pager; started again, it also is the client, which maps the whole file and
 * reads pages here and there. */
#include <handoff.h>
#include <number.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define GIB (1ul << 30)
#define GIB_MOST 65536ul
#define STACK_BYTES 16384u
#define WORDS (HF_PAGE_SIZE / sizeof(uint64_t))

/* The file's word at that place: anything will do from which the place can be told. */
static uint64_t word_at(uint64_t offset) {
    uint64_t mixed = (offset ^ offset >> 31) * 0x9e3779b97f4a7c15ul;
    return mixed ^ mixed >> 29;
}

/* ---- the pager ---- */

static char stack[STACK_BYTES] __attribute__((aligned(4096)));
static uint64_t page[WORDS] __attribute__((aligned(4096)));
static hf_handle_t pager;
static uint64_t length;

static hf_status_t answer(const struct hf_pager_request *request) {
    if (request->offset >= length) return mem_pager_refuse(pager, request->id);
    for (size_t i = 0; i < WORDS; i++) {
        page[i] = word_at(request->offset + i * sizeof *page);
    }
    return mem_pager_supply(pager, request->id, page);
}

/* A reader that has ended meanwhile is nothing to worry about. */
static void serve(void *unused) {
    struct hf_pager_request request;
    hf_status_t status;
    (void)unused;
    while ((status = mem_pager_next(pager, &request)) == HF_OK) {
        status = answer(&request);
        if (status != HF_OK && status != HF_NOT_FOUND) break;
    }
    printf("genfile: %s\n", hf_status_text(status));
}

static int run(char *gib, char *pages) {
    struct mem_task server, reader;
    struct hf_exit how;
    struct mem_spawn_options options = {.console = HF_SLOT_CONSOLE, .handle_count = 1};
    hf_status_t status = mem_pager_create(&pager);
    if (status == HF_OK) {
        status = mem_thread(serve, NULL, stack + STACK_BYTES, &server);
    }
    options.handles[0] = pager;
    if (status == HF_OK) {
        status = mem_spawn("genfile", (const char *[]){gib, pages, "read", NULL}, &options, &reader);
    }
    if (status == HF_OK) {
        status = mem_wait(reader.handle, &how);
    }
    if (status != HF_OK) {
        printf("genfile: %s\n", hf_status_text(status));
        return 1;
    }
    return how.how != HF_EXIT_CODE || how.code != 0;
}

/* ---- who reads the file ---- */

static bool page_is_right(const volatile uint64_t *words, uint64_t offset) {
    for (size_t i = 0; i < WORDS; i++) {
        if (words[i] != word_at(offset + i * sizeof *words)) return false;
    }
    return true;
}

/* All of the file is mapped, and pages spread over it are read: the first and the last among them. */
static int read_pages(uint64_t pages) {
    void *at;
    uint64_t wrong = 0, last = length / HF_PAGE_SIZE - 1;
    hf_status_t status = mem_object_map(HF_SLOT_GIVEN, 0, length, HF_READ, 0, &at);
    if (status != HF_OK) {
        printf("genfile: no mapping: %s\n", hf_status_text(status));
        return 1;
    }
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t offset = (i == 0 ? last : (i - 1) * (last / pages)) * HF_PAGE_SIZE;
        wrong += !page_is_right((const uint64_t *)((uintptr_t)at + offset), offset);
    }
    printf("genfile: %lu pages of a file of %lu GiB: %lu wrong\n", pages, length / GIB, wrong);
    return wrong != 0;
}

int main(int argc, char **argv) {
    uint64_t gib = 64, pages = 100;
    bool reads = argc == 4 && strcmp(argv[3], "read") == 0 && mem_given() == 1;
    if (argc > 4 || (argc == 4 && !reads) || (argc > 1 && !number_parse(argv[1], GIB_MOST, &gib)) ||
        (argc > 2 && !number_parse(argv[2], UINT64_MAX, &pages)) || gib == 0 || pages == 0) {
        puts("Usage: genfile [GIB [PAGES]], numbers of at least 1");
        return 2;
    }
    length = gib * GIB;
    return reads ? read_pages(pages) : run(argc > 1 ? argv[1] : "64", argc > 2 ? argv[2] : "100");
}
