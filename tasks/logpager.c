/* logpager NAME [ARGUMENTS]: runs a program as the pager of all its memory: tells of each page that the program
 * touches for the first time, and leaves it to memsrv what comes there. */
#include <handoff.h>
#include <stdbool.h>
#include <stdio.h>

#define STACK_BYTES 16384u

static char stack[STACK_BYTES] __attribute__((aligned(4096)));
static hf_handle_t pager;
static volatile uint64_t faults;

static const char *access_text(uint64_t error) {
    if (error & HF_FAULT_FETCH) return "fetch from";
    return error & HF_FAULT_WRITE ? "write to" : "read of";
}

/* What the program starts itself is served too, but its regions are not for others to see. */
static void tell(const struct hf_pager_request *request) {
    struct hf_explain explain;
    bool known = mem_explain(request->task, request->address, &explain) == HF_OK;
    printf("logpager: task %lu, rip 0x%lx: %s 0x%lx%s%s\n", request->task, request->rip, access_text(request->error),
           request->address, known ? ", " : "", known ? explain.region.name : "");
}

/* A fault whose task has ended meanwhile is nothing to worry about. */
static void serve(void *unused) {
    struct hf_pager_request request;
    hf_status_t status;
    (void)unused;
    while ((status = mem_pager_next(pager, &request)) == HF_OK) {
        faults++;
        tell(&request);
        status = mem_pager_pass(pager, request.id);
        if (status != HF_OK && status != HF_NOT_FOUND) break;
    }
    printf("logpager: %s\n", hf_status_text(status));
}

/* Another thread serves; this one waits for the program's end. */
static hf_status_t run(char **argv, struct hf_exit *how) {
    struct mem_task server, client;
    struct mem_spawn_options options = {.console = HF_SLOT_CONSOLE};
    hf_status_t status = mem_pager_create(&pager);
    if (status == HF_OK) {
        status = mem_thread(serve, NULL, stack + STACK_BYTES, &server);
    }
    options.pager = pager;
    if (status == HF_OK) {
        status = mem_spawn(argv[0], (const char *const *)argv + 1, &options, &client);
    }
    return status == HF_OK ? mem_wait(client.handle, how) : status;
}

int main(int argc, char **argv) {
    char text[HF_EXIT_TEXT_BYTES];
    struct hf_exit how;
    if (argc < 2) {
        puts("Usage: logpager NAME [ARGUMENTS]");
        return 2;
    }
    hf_status_t status = run(argv + 1, &how);
    if (status != HF_OK) {
        printf("logpager: %s: %s\n", argv[1], hf_status_text(status));
        return 1;
    }
    hf_exit_text(&how, text, sizeof text);
    printf("logpager: %s; %lu faults were passed on\n", text, faults);
    return how.how != HF_EXIT_CODE || how.code != 0;
}
