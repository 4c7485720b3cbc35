/* Tasks that never go on, for somebody who asks why.
 *
 *     stuck ring NUMBER COUNT   calls the next of a ring of so many; a higher NUMBER is not in it
 *     stuck pager NAME          runs a program as the pager of all its memory, and never answers */
#include <handoff.h>
#include <number.h>
#include <stdio.h>
#include <string.h>

static hf_status_t register_as(uint64_t number, hf_handle_t endpoint) {
    char name[HF_NAME_BYTES];
    hf_handle_t copy = HF_SLOT_ANY;
    snprintf(name, sizeof name, "ring.%lu", number);
    hf_status_t status = hf_handle_copy(endpoint, HF_RIGHT_CALL | HF_RIGHT_GRANT, 0, &copy);
    return status == HF_OK ? mem_register(name, copy) : status;
}

/* The first has somebody's call in hand; the others find nobody who receives. */
static hf_status_t ring(uint64_t number, uint64_t count) {
    char name[HF_NAME_BYTES];
    hf_handle_t own, next;
    struct hf_message message = {0};
    struct hf_sender sender;
    snprintf(name, sizeof name, "ring.%lu", (number + 1) % count);
    hf_status_t status = mem_endpoint_create(&own);
    if (status == HF_OK) status = register_as(number, own);
    if (status == HF_OK) status = mem_lookup_wait(name, &next);
    if (status == HF_OK && number == 0) status = hf_receive(own, &message, &sender);
    return status == HF_OK ? hf_call(next, &message) : status;
}

static hf_status_t pager(const char *name) {
    hf_handle_t endpoint;
    struct mem_task client;
    struct hf_message message;
    struct hf_sender sender;
    struct hf_pager_request request;
    struct mem_spawn_options options = {.console = HF_SLOT_CONSOLE};
    hf_status_t status = mem_pager_create(&options.pager);
    if (status == HF_OK) status = mem_spawn(name, NULL, &options, &client);
    if (status == HF_OK) status = mem_pager_next(options.pager, &request);
    if (status == HF_OK) status = mem_endpoint_create(&endpoint);
    return status == HF_OK ? hf_receive(endpoint, &message, &sender) : status;
}

int main(int argc, char **argv) {
    uint64_t number, count;
    hf_status_t status = HF_BAD_ARGUMENT;
    if (argc == 4 && strcmp(argv[1], "ring") == 0 && number_parse(argv[2], UINT64_MAX, &number) &&
        number_parse(argv[3], UINT64_MAX, &count) && count > 0) {
        status = ring(number, count);
    } else if (argc == 3 && strcmp(argv[1], "pager") == 0) {
        status = pager(argv[2]);
    }
    printf("stuck: %s\n", hf_status_text(status));
    return 1;
}
