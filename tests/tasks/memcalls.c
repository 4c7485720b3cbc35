/* memcalls: memsrv's calls with arguments at and beyond their limits. */
#include <handoff/mem.h>
#include <ipc.h>
#include <string.h>

#include "check.h"

#define PAGE HF_PAGE_SIZE
#define PLACE 0x100000000000ul
#define RW (HF_READ | HF_WRITE)

static hf_status_t map_at(uint64_t at, size_t length, unsigned rights, unsigned flags) {
    void *place = (void *)at;
    hf_status_t status = mem_map(length, rights, flags | HF_MAP_FIXED, &place);
    return status == HF_OK && (uint64_t)place != at ? HF_BAD_CALL : status;
}

static hf_status_t map_anywhere(size_t length, unsigned rights, unsigned flags) {
    void *place = NULL;
    hf_status_t status = mem_map(length, rights, flags, &place);
    if (status == HF_OK) {
        check_status(mem_unmap(place, length), HF_OK, "what was mapped anywhere is unmapped");
    }
    return status;
}

static uint64_t frames_free(void) {
    struct hf_mem_stat stat;
    return mem_stat(&stat) == HF_OK ? stat.free : 0;
}

static void test_map(void) {
    check_status(map_anywhere(0, RW, 0), HF_BAD_ARGUMENT, "map nothing");
    check_status(map_anywhere(1, RW, 0), HF_OK, "map one byte");
    check_status(map_anywhere(SIZE_MAX, RW, 0), HF_BAD_ARGUMENT, "map 2^64 - 1 bytes");
    check_status(map_anywhere(1ul << 63, RW, 0), HF_BAD_ARGUMENT, "map 2^63 bytes");
    check_status(map_anywhere(HF_USER_END, RW, 0), HF_BAD_ADDRESS, "map as much as the user half");
    check_status(map_anywhere(PAGE, 0, 0), HF_BAD_ARGUMENT, "map without rights");
    check_status(map_anywhere(PAGE, HF_WRITE, 0), HF_BAD_ARGUMENT, "map for writing only");
    check_status(map_anywhere(PAGE, HF_EXECUTE, 0), HF_BAD_ARGUMENT, "map for execution only");
    check_status(map_anywhere(PAGE, RW | HF_EXECUTE, 0), HF_BAD_ARGUMENT, "map writable and executable");
    check_status(map_anywhere(PAGE, 8 | HF_READ, 0), HF_BAD_ARGUMENT, "map with an unknown right");
    check_status(map_anywhere(PAGE, RW, 0x80), HF_BAD_ARGUMENT, "map with an unknown flag");
    check_status(map_anywhere(PAGE, RW, HF_MAP_NOW | HF_MAP_GUARD), HF_BAD_ARGUMENT, "map a guard now");
    check_status(map_anywhere(PAGE, HF_READ | HF_EXECUTE, HF_MAP_NOW), HF_OK, "map executable zeroes");
    check_status(map_anywhere(1ul << 40, RW, 0), HF_OK, "map 1 TiB on demand");
    check_status(map_anywhere(1ul << 40, RW, HF_MAP_NOW), HF_NO_MEMORY, "map 1 TiB now");
    uint64_t before = frames_free(); /* the page tables stay for the next */
    check_status(map_anywhere(1ul << 40, RW, HF_MAP_NOW), HF_NO_MEMORY, "map 1 TiB now again");
    check(frames_free() == before, "map 1 TiB now loses nothing");
}

static void test_map_fixed(void) {
    check_status(map_at(PLACE + 1, PAGE, RW, 0), HF_BAD_ADDRESS, "map misaligned");
    check_status(map_at(0, PAGE, RW, 0), HF_BAD_ADDRESS, "map the null page");
    check_status(map_at(HF_USER_FIRST - PAGE, PAGE, RW, 0), HF_BAD_ADDRESS, "map below the user half");
    check_status(map_at(HF_USER_FIRST, PAGE, RW, 0), HF_OK, "map the first page");
    check_status(mem_unmap((void *)HF_USER_FIRST, PAGE), HF_OK, "unmap the first page");
    check_status(map_at(HF_USER_END - PAGE, PAGE, RW, HF_MAP_NOW), HF_OK, "map the last page");
    check_status(mem_unmap((void *)(HF_USER_END - PAGE), PAGE), HF_OK, "unmap the last page");
    check_status(map_at(HF_USER_END, PAGE, RW, 0), HF_BAD_ADDRESS, "map the page that is never mapped");
    check_status(map_at(HF_USER_END - PAGE, 2 * PAGE, RW, 0), HF_BAD_ADDRESS, "map over the end");
    check_status(map_at(0x800000000000, PAGE, RW, 0), HF_BAD_ADDRESS, "map where no address is");
    check_status(map_at(0xffff800000000000, PAGE, RW, 0), HF_BAD_ADDRESS, "map all memory");
    check_status(map_at(0xffffffff80200000, PAGE, RW, 0), HF_BAD_ADDRESS, "map the core");
    check_status(map_at(0xfffffffffffff000, PAGE, RW, 0), HF_BAD_ADDRESS, "map the last page of all");
    check_status(map_at(0xfffffffffffff000, 2 * PAGE, RW, 0), HF_BAD_ADDRESS, "map around the end of all");
    check_status(map_at(PLACE, 4 * PAGE, RW, HF_MAP_NOW), HF_OK, "map four pages");
    check_status(map_at(PLACE, 4 * PAGE, RW, 0), HF_EXISTS, "map them again");
    check_status(map_at(PLACE - PAGE, 2 * PAGE, RW, 0), HF_EXISTS, "map over their start");
    check_status(map_at(PLACE + 3 * PAGE, 2 * PAGE, RW, 0), HF_EXISTS, "map over their end");
    check_status(map_at(PLACE - PAGE, 6 * PAGE, RW, 0), HF_EXISTS, "map around them");
    check_status(map_at((uint64_t)test_map_fixed & ~(PAGE - 1), PAGE, RW, 0), HF_EXISTS, "map over one's own text");
    check_status(mem_unmap((void *)PLACE, 4 * PAGE), HF_OK, "unmap four pages");
}

static void test_unmap(void) {
    volatile uint64_t *words = (void *)PLACE;
    check_status(mem_unmap((void *)PLACE, PAGE), HF_NOT_MAPPED, "unmap what isn't mapped");
    check_status(map_at(PLACE, 8 * PAGE, RW, 0), HF_OK, "map eight pages");
    for (unsigned page = 0; page < 8; page++) {
        words[page * PAGE / 8] = page + 1;
    }
    check_status(mem_unmap((void *)PLACE, 0), HF_BAD_ARGUMENT, "unmap nothing");
    check_status(mem_unmap((void *)(PLACE + 8), PAGE), HF_BAD_ADDRESS, "unmap misaligned");
    check_status(mem_unmap((void *)PLACE, 9 * PAGE), HF_NOT_MAPPED, "unmap beyond the end");
    check_status(mem_unmap((void *)(PLACE - PAGE), 2 * PAGE), HF_NOT_MAPPED, "unmap before the start");
    check(words[0] == 1 && words[7 * PAGE / 8] == 8, "a refused unmap changes nothing");
    check_status(mem_unmap((void *)(PLACE + 2 * PAGE), 2 * PAGE), HF_OK, "unmap in the middle");
    check(words[PAGE / 8] == 2 && words[4 * PAGE / 8] == 5, "its neighbours stay");
    check_status(mem_unmap((void *)(PLACE + PAGE), 2 * PAGE), HF_NOT_MAPPED, "unmap half of a hole");
    check_status(map_at(PLACE + 2 * PAGE, 2 * PAGE, RW, 0), HF_OK, "map into the hole");
    check(words[2 * PAGE / 8] == 0 && words[3 * PAGE / 8] == 0, "what comes back is zeroed");
    check_status(mem_unmap((void *)PLACE, 8 * PAGE), HF_OK, "unmap across regions");
    check_status(mem_unmap((void *)0xffff800000000000, PAGE), HF_BAD_ADDRESS, "unmap all memory");
}

static const char constant[] = "constant";

static void test_protect(void) {
    void *text = (void *)((uint64_t)test_protect & ~(PAGE - 1));
    void *rodata = (void *)((uint64_t)constant & ~(PAGE - 1));
    volatile uint64_t *words = (void *)PLACE;
    check_status(mem_protect((void *)PLACE, PAGE, HF_READ), HF_NOT_MAPPED, "protect what isn't mapped");
    check_status(map_at(PLACE, 4 * PAGE, RW, HF_MAP_NOW), HF_OK, "map pages to protect");
    words[0] = 7;
    check_status(mem_protect((void *)PLACE, PAGE, RW | HF_EXECUTE), HF_BAD_ARGUMENT, "protect writable and executable");
    check_status(mem_protect((void *)PLACE, PAGE, 0), HF_BAD_ARGUMENT, "protect without rights");
    check_status(mem_protect((void *)PLACE, 0, HF_READ), HF_BAD_ARGUMENT, "protect nothing");
    check_status(mem_protect((void *)(PLACE + 1), PAGE, HF_READ), HF_BAD_ADDRESS, "protect misaligned");
    check_status(mem_protect((void *)PLACE, 5 * PAGE, HF_READ), HF_NOT_MAPPED, "protect beyond the end");
    words[1] = 8;
    check(words[1] == 8, "a refused protect changes nothing");
    check_status(mem_protect((void *)PLACE, 2 * PAGE, HF_READ), HF_OK, "protect a part");
    words[3 * PAGE / 8] = 9;
    check(words[0] == 7 && words[3 * PAGE / 8] == 9, "what was written stays");
    check_status(mem_protect((void *)PLACE, 4 * PAGE, RW), HF_OK, "protect across regions");
    words[0] = 10;
    check_status(mem_unmap((void *)PLACE, 4 * PAGE), HF_OK, "unmap what was protected");
    check_status(mem_protect(text, PAGE, RW), HF_DENIED, "text can't become writable");
    check_status(mem_protect(rodata, PAGE, RW), HF_DENIED, "constants can't become writable");
    check_status(mem_protect(rodata, PAGE, HF_READ | HF_EXECUTE), HF_DENIED, "constants can't become executable");
    check_status(mem_protect(text, PAGE, HF_READ | HF_EXECUTE), HF_OK, "text can become what it is");
    check_status(map_at(PLACE, PAGE, HF_READ, HF_MAP_GUARD), HF_OK, "map a guard");
    check_status(mem_protect((void *)PLACE, PAGE, RW), HF_DENIED, "a guard can't become memory");
    check_status(mem_unmap((void *)PLACE, PAGE), HF_OK, "unmap a guard");
}

static hf_status_t spawn(const char *image, const char *const *argv, const struct mem_spawn_options *options) {
    struct mem_task task;
    struct hf_exit how;
    hf_status_t status = mem_spawn(image, argv, options, &task);
    if (status == HF_OK) {
        status = mem_wait(task.handle, &how);
        hf_status_t closed = hf_handle_close(task.handle);
        status = status == HF_OK ? closed : status;
    }
    return status;
}

static void test_spawn(void) {
    static char longest[HF_SPAWN_STRINGS + 1];
    const char *many[HF_SPAWN_ARGUMENTS + 2] = {NULL};
    uint64_t before = frames_free();
    memset(longest, 'x', sizeof longest - 1);
    for (unsigned i = 0; i < HF_SPAWN_ARGUMENTS + 1; i++) {
        many[i] = "a";
    }
    check_status(spawn("nosuch", NULL, NULL), HF_NOT_FOUND, "spawn an unknown image");
    check_status(spawn("", NULL, NULL), HF_NOT_FOUND, "spawn an image without a name");
    check_status(spawn("hell", NULL, NULL), HF_NOT_FOUND, "spawn the beginning of a name");
    check_status(spawn("hello ", NULL, NULL), HF_NOT_FOUND, "spawn more than a name");
    check_status(spawn("hello", many, NULL), HF_TOO_BIG, "spawn with too many arguments");
    check_status(spawn("hello", (const char *[]){longest, NULL}, NULL), HF_TOO_BIG, "spawn with too long arguments");
    check_status(spawn(longest, NULL, NULL), HF_TOO_BIG, "spawn with too long a name");
    struct mem_spawn_options options = {.priority = 255};
    check_status(spawn("hello", NULL, &options), HF_DENIED, "spawn above one's own priority");
    options = (struct mem_spawn_options){.flags = HF_SPAWN_INSPECT};
    check_status(spawn("hello", NULL, &options), HF_DENIED, "spawn with the INSPECT right");
    options = (struct mem_spawn_options){.flags = 0x80};
    check_status(spawn("hello", NULL, &options), HF_BAD_ARGUMENT, "spawn with an unknown flag");
    options = (struct mem_spawn_options){.priority = 256};
    check_status(spawn("hello", NULL, &options), HF_BAD_ARGUMENT, "spawn with priority 256");
    options = (struct mem_spawn_options){.handle_count = 1, .handles = {99}};
    check_status(spawn("hello", NULL, &options), HF_BAD_HANDLE, "spawn with a handle that isn't there");
    options = (struct mem_spawn_options){.handle_count = 1, .handles = {4000000000}};
    check_status(spawn("hello", NULL, &options), HF_BAD_HANDLE, "spawn with an impossible handle");
    options = (struct mem_spawn_options){.handle_count = 1, .handles = {HF_SLOT_MEMSRV}};
    check_status(spawn("hello", NULL, &options), HF_DENIED, "spawn with one's own handle to memsrv");
    options = (struct mem_spawn_options){.console = 77};
    check_status(spawn("hello", NULL, &options), HF_BAD_HANDLE, "spawn with a console that isn't there");
    options = (struct mem_spawn_options){.handle_count = HF_SPAWN_HANDLES + 1};
    check_status(spawn("hello", NULL, &options), HF_TOO_BIG, "spawn with too many handles");
    check(frames_free() == before, "refused spawns lose nothing");
}

/* A task with so small a quota that its building fails at every step in turn. */
static void test_quota(void) {
    struct mem_spawn_options options = {0};
    uint64_t before = frames_free();
    unsigned refused = 0;
    hf_status_t status = HF_QUOTA;
    for (options.quota = 1; status == HF_QUOTA && options.quota < 64; options.quota++) {
        status = spawn("hello", NULL, &options);
        refused += status == HF_QUOTA;
    }
    check_status(status, HF_OK, "spawn with a quota that just suffices");
    printf("# %u quotas were too small\n", refused);
    check(refused >= 6, "spawn with a quota that doesn't");
    check(frames_free() == before, "spawns beyond a quota lose nothing");
}

static hf_status_t send(hf_handle_t to, const struct hf_message *request) {
    struct hf_message message = *request;
    hf_status_t status = hf_call(to, &message);
    return status == HF_OK ? (hf_status_t)message.label : status;
}

/* Requests that libipc would never make. */
static void test_requests(void) {
    struct hf_spawn *request = (void *)hf_buffer()->bytes;
    struct mem_task task;
    struct hf_exit how;
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){0}), HF_BAD_CALL, "label 0");
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = HF_MEM_COUNT}), HF_BAD_CALL,
                 "the first unknown label");
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = 0x7fffffff}), HF_BAD_CALL,
                 "the last unknown label");
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = (uint32_t)HF_LABEL_FAULT}), HF_BAD_ARGUMENT,
                 "a forged fault");
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = (uint32_t)HF_LABEL_NOTIFICATION}), HF_BAD_ARGUMENT,
                 "a forged notification");
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = HF_MEM_WAIT}), HF_BAD_HANDLE, "wait for oneself");
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = HF_MEM_KILL}), HF_BAD_HANDLE,
                 "kill through one's own handle");
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = HF_MEM_SPAWN}), HF_BAD_ARGUMENT,
                 "spawn without a request");
    memset(request, 0xff, sizeof *request);
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = HF_MEM_SPAWN, .bytes = sizeof *request}),
                 HF_BAD_ARGUMENT, "spawn with a request of ones");
    *request = (struct hf_spawn){.string_bytes = 5, .strings = "hello"};
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = HF_MEM_SPAWN, .bytes = sizeof *request}),
                 HF_BAD_ARGUMENT, "spawn with a name that doesn't end");
    *request = (struct hf_spawn){.string_bytes = 6, .argument_count = 1, .strings = "hello"};
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = HF_MEM_SPAWN, .bytes = sizeof *request}),
                 HF_BAD_ARGUMENT, "spawn with an argument that isn't there");
    *request = (struct hf_spawn){.string_bytes = 6, .strings = "hello"};
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = HF_MEM_SPAWN, .bytes = 60}), HF_BAD_ARGUMENT,
                 "spawn with half a request");
    check_status(send(HF_SLOT_MEMSRV, &(struct hf_message){.label = HF_MEM_TASK_KILL, .word = {1}}), HF_DENIED,
                 "kill init by its number");
    check_status(mem_spawn("hello", NULL, NULL, &task), HF_OK, "spawn hello");
    check_status(send(task.handle, &(struct hf_message){.label = HF_MEM_MAP, .word = {0, PAGE, RW}}), HF_BAD_HANDLE,
                 "map through another task's handle");
    check_status(mem_wait(task.handle, &how), HF_OK, "wait for hello");
    check_status(mem_wait(task.handle, &how), HF_DEAD, "wait for it again");
    check_status(mem_kill(task.handle), HF_DEAD, "kill what has ended");
    check_status(hf_handle_close(task.handle), HF_OK, "close its handle");
    check_status(mem_wait(task.handle, &how), HF_BAD_HANDLE, "wait through a closed handle");
}

/* The table of handles fills up: spawning must not lose what it built. */
static void test_full_table(void) {
    hf_handle_t endpoint, last = 0;
    struct mem_task task;
    check_status(mem_endpoint_create(&endpoint), HF_OK, "create an endpoint");
    uint64_t before = frames_free();
    hf_status_t status;
    do {
        hf_handle_t copy = HF_SLOT_ANY;
        status = hf_handle_copy(endpoint, HF_RIGHT_CALL, 0, &copy);
        last = status == HF_OK ? copy : last;
    } while (status == HF_OK);
    check_status(status, HF_NO_MEMORY, "fill the handle table");
    check_status(mem_spawn("hello", NULL, NULL, &task), HF_NO_MEMORY, "spawn without room for the handle");
    hf_handle_t other;
    check_status(mem_endpoint_create(&other), HF_NO_MEMORY, "create an endpoint without room for the handle");
    check(frames_free() == before, "without room for a handle nothing is lost");
    check_status(hf_handle_close(last), HF_OK, "make room");
    check_status(mem_spawn("hello", NULL, NULL, &task), HF_OK, "spawn again");
    struct hf_exit how;
    check_status(mem_wait(task.handle, &how), HF_OK, "wait for it");
}

int main(void) {
    test_map();
    test_map_fixed();
    test_unmap();
    test_protect();
    test_spawn();
    test_quota();
    test_requests();
    test_full_table();
    puts("memcalls: done");
    return check_result();
}
