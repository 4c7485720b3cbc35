/* pagers [WHAT]: external pagers, as programs see them. Without WHAT, all tests; with it, what the tests start
 * other tasks for, and `silent`: a pager that never answers, with a client. */
#include <string.h>

#include "pagers.h"

hf_handle_t pager;

static char stacks[THREADS][STACK_BYTES] __attribute__((aligned(4096)));

hf_status_t start_thread(unsigned index, void (*entry)(void *), struct mem_task *task) {
    return mem_thread(entry, NULL, stacks[index] + STACK_BYTES, task);
}

hf_status_t ask(hf_handle_t to, enum hf_mem_label label, uint64_t first, uint64_t second) {
    struct hf_message message = {.label = label, .word = {first, second}};
    hf_status_t status = hf_call(to, &message);
    return status == HF_OK ? (hf_status_t)message.label : status;
}

/* ---- the pager's part ---- */

uint64_t content_of(uint64_t offset) { return offset * 0x9e3779b97f4a7c15ul + 1; }

struct hf_pager_request take(const struct mem_task *client) {
    struct hf_pager_request request = {0};
    hf_status_t status = mem_pager_next(pager, &request);
    if (status != HF_OK || request.task != client->number) {
        printf("not ok a request of task %lu: %s, of task %lu\n", client->number, hf_status_name(status), request.task);
    }
    return request;
}

hf_status_t supply(const struct hf_pager_request *request) {
    static uint64_t page[PAGE / sizeof(uint64_t)] __attribute__((aligned(4096)));
    for (size_t i = 0; i < PAGE / sizeof *page; i++) {
        page[i] = content_of(request->offset + i * sizeof *page);
    }
    return mem_pager_supply(pager, request->id, page);
}

/* ---- clients ---- */

static struct mem_task start(const char *what, const struct mem_spawn_options *options) {
    struct mem_task task = {0};
    hf_status_t status = mem_spawn("pagers", (const char *[]){what, NULL}, options, &task);
    if (status != HF_OK) {
        printf("not ok start a client that does %s: %s\n", what, hf_status_name(status));
    }
    return task;
}

struct mem_task start_client(const char *what, uint64_t quota) {
    return start(what, &(struct mem_spawn_options){
                           .console = HF_SLOT_CONSOLE, .quota = quota, .handle_count = 1, .handles = {pager}});
}

struct mem_task start_client_of_all(const char *what) {
    return start(what, &(struct mem_spawn_options){.console = HF_SLOT_CONSOLE, .pager = pager});
}

struct hf_exit finish(const struct mem_task *client) {
    struct hf_exit how;
    if (mem_wait(client->handle, &how) != HF_OK || hf_handle_close(client->handle) != HF_OK ||
        how.left.pages + how.left.tables + how.left.objects + how.left.shared + how.left.records != 0) {
        how = (struct hf_exit){.how = HF_EXIT_CODE, .code = -1000};
    }
    return how;
}

static bool tell(bool good, const struct hf_exit *how) {
    char text[HF_EXIT_TEXT_BYTES];
    if (!good) {
        hf_exit_text(how, text, sizeof text);
        printf("# %s\n", text);
    }
    return good;
}

bool ended_with(const struct mem_task *client, int64_t code) {
    struct hf_exit how = finish(client);
    return tell(how.how == HF_EXIT_CODE && how.code == code, &how);
}

bool ended_for(const struct mem_task *client, enum hf_reason reason) {
    struct hf_exit how = finish(client);
    return tell(how.how == HF_EXIT_FAULT && how.reason == reason, &how);
}

/* A waiter's or the client's own first faults may take a while. */
bool is_waiting(const struct mem_task *client) {
    struct hf_task_stat stat, own;
    if (mem_task_stat(0, &own) != HF_OK) return false;
    for (unsigned tries = 0; tries < 2000; tries++) {
        if (mem_task_stat(client->number, &stat) != HF_OK) return false;
        if (stat.info.state == HF_INFO_WAITING && stat.info.waits_for == own.info.number) return true;
        hf_yield();
    }
    return false;
}

/* ---- deeds ---- */

static int test_all(void) {
    check_status(mem_pager_create(&pager), HF_OK, "create a pager");
    test_answers();
    test_ends();
    test_whole_tasks();
    puts("pagers: done");
    return check_result();
}

static int be_silent(void) {
    struct hf_exit how;
    if (mem_pager_create(&pager) != HF_OK) return 1;
    struct mem_task client = start_client("read", 0);
    return mem_wait(client.handle, &how) == HF_OK && how.how == HF_EXIT_KILLED ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc < 2) return test_all();
    return strcmp(argv[1], "silent") == 0 ? be_silent() : client_deed(argv[1]);
}
