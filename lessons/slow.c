/* Lesson 6: a pager that answers when its client is gone. It starts two clients, one after the other, and each
 * reads a page that the pager serves. */
#include <handoff.h>
#include <stdio.h>

#define CLIENT "client"

static char page[HF_PAGE_SIZE] __attribute__((aligned(HF_PAGE_SIZE)));
static hf_handle_t pager;

/* ---- a client: has the pager's handle and nothing else to do ---- */

__attribute__((noinline)) static char load(const volatile char *at) { return *at; }

static hf_status_t read_page(void) {
    void *at = NULL;
    hf_status_t status = mem_object_map(HF_SLOT_GIVEN, 0, HF_PAGE_SIZE, HF_READ, 0, &at);
    if (status == HF_OK) printf("slow: the client has read '%c'\n", load(at));
    return status;
}

/* ---- the pager ---- */

/* A client that has touched the page, and waits. */
static hf_status_t start_client(struct mem_task *client, struct hf_pager_request *request) {
    const char *const arguments[] = {CLIENT, NULL};
    const struct mem_spawn_options options = {.console = HF_SLOT_CONSOLE, .handle_count = 1, .handles = {pager}};
    hf_status_t status = mem_spawn("slow", arguments, &options, client);
    return status == HF_OK ? mem_pager_next(pager, request) : status;
}

__attribute__((noinline)) static hf_status_t lose_patience(hf_handle_t client) {
    struct hf_exit how;
    hf_status_t status = mem_kill(client);
    return status == HF_OK ? mem_wait(client, &how) : status;
}

__attribute__((noinline)) static hf_status_t answer(uint64_t id) { return mem_pager_supply(pager, id, page); }

static hf_status_t serve(void) {
    struct mem_task first, second;
    struct hf_pager_request request, later;
    struct hf_exit how;
    page[0] = '!';
    hf_status_t status = mem_pager_create(&pager);
    if (status == HF_OK) status = start_client(&first, &request);
    if (status == HF_OK) status = lose_patience(first.handle);
    if (status == HF_OK) status = start_client(&second, &later);
    if (status != HF_OK) return status;
    printf("slow: the late answer: %s\n", hf_status_name(answer(request.id)));
    printf("slow: the other one: %s\n", hf_status_name(answer(later.id)));
    return mem_wait(second.handle, &how);
}

int main(int argc, char **argv) {
    (void)argv;
    hf_status_t status = argc > 1 ? read_page() : serve();
    if (status != HF_OK) printf("slow: %s\n", hf_status_text(status));
    return status != HF_OK;
}
