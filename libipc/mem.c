/* memsrv's client: each function puts a request together in the IPC buffer and
 * takes the answer apart. What a request may ask for is memsrv's to judge. */
#include <ipc.h>
#include <mem.h>
#include <stdbool.h>
#include <string.h>

/* Sends *message to memsrv, or through a task's handle. */
static hf_status_t ask(hf_handle_t to, struct hf_message *message) {
    hf_status_t status = hf_call(to, message);
    return status == HF_OK ? (hf_status_t)message->label : status;
}

/* The same; `answer` gets what the reply has in the IPC buffer, zeroes beyond it. */
static hf_status_t ask_for(hf_handle_t to, struct hf_message *message, void *answer, size_t room) {
    hf_status_t status = ask(to, message);
    if (status == HF_OK) {
        size_t bytes = message->bytes < room ? message->bytes : room;
        memcpy(answer, hf_buffer()->bytes, bytes);
        memset((char *)answer + bytes, 0, room - bytes);
    }
    return status;
}

/* Adds a string with its 0; false when it doesn't fit. */
static bool add_string(struct hf_spawn *request, const char *string) {
    size_t length = strlen(string) + 1;
    if (length > sizeof request->strings - request->string_bytes) {
        return false;
    }
    memcpy(request->strings + request->string_bytes, string, length);
    request->string_bytes += (uint32_t)length;
    return true;
}

static hf_status_t add_strings(struct hf_spawn *request, const char *image, const char *const *argv) {
    if (!add_string(request, image)) return HF_TOO_BIG;
    for (; argv != NULL && *argv != NULL; argv++) {
        if (request->argument_count == HF_SPAWN_ARGUMENTS || !add_string(request, *argv)) return HF_TOO_BIG;
        request->argument_count++;
    }
    return HF_OK;
}

static const struct mem_spawn_options no_options = {.console = HF_SLOT_CONSOLE};

hf_status_t mem_spawn(const char *image, const char *const *argv, const struct mem_spawn_options *options,
                      struct mem_task *task) {
    if (options == NULL) {
        options = &no_options;
    }
    if (options->handle_count > HF_SPAWN_HANDLES) {
        return HF_TOO_BIG;
    }
    struct hf_spawn *request = (struct hf_spawn *)(void *)hf_buffer()->bytes;
    *request = (struct hf_spawn){
        .quota = options->quota,
        .priority = options->priority,
        .flags = options->flags,
        .console = options->console,
        .handle_count = options->handle_count,
    };
    memcpy(request->handles, options->handles, sizeof request->handles);
    hf_status_t status = add_strings(request, image, argv);
    if (status != HF_OK) return status;
    size_t bytes = offsetof(struct hf_spawn, strings) + request->string_bytes;
    struct hf_message message = {.label = HF_MEM_SPAWN, .bytes = (uint16_t)bytes};
    status = ask(options->pager ? options->pager : HF_SLOT_MEMSRV, &message);
    if (status == HF_OK) {
        *task = (struct mem_task){.handle = (hf_handle_t)message.word[0], .number = message.word[1]};
    }
    return status;
}

hf_status_t mem_wait(hf_handle_t task, struct hf_exit *how) {
    struct hf_message message = {.label = HF_MEM_WAIT};
    return ask_for(task, &message, how, sizeof *how);
}

hf_status_t mem_run(const char *image, const char *const *argv, struct hf_exit *how) {
    struct mem_task task;
    hf_status_t status = mem_spawn(image, argv, NULL, &task);
    if (status != HF_OK) {
        return status;
    }
    status = mem_wait(task.handle, how);
    hf_status_t closed = hf_handle_close(task.handle);
    return status == HF_OK ? closed : status;
}

hf_status_t mem_kill(hf_handle_t task) {
    struct hf_message message = {.label = HF_MEM_KILL};
    return ask(task, &message);
}

_Noreturn void mem_exit(int64_t code) {
    struct hf_message message = {.label = HF_MEM_EXIT, .word = {(uint64_t)code}};
    (void)ask(HF_SLOT_MEMSRV, &message);
    __builtin_trap(); /* whoever closed its handle to memsrv still has to end */
}

hf_status_t mem_map(size_t length, unsigned rights, unsigned flags, void **at) {
    uint64_t address = flags & HF_MAP_FIXED ? (uintptr_t)*at : 0;
    struct hf_message message = {.label = HF_MEM_MAP, .word = {address, length, rights, flags}};
    hf_status_t status = ask(HF_SLOT_MEMSRV, &message);
    if (status == HF_OK) {
        *at = (void *)message.word[0];
    }
    return status;
}

hf_status_t mem_unmap(void *at, size_t length) {
    struct hf_message message = {.label = HF_MEM_UNMAP, .word = {(uintptr_t)at, length}};
    return ask(HF_SLOT_MEMSRV, &message);
}

hf_status_t mem_protect(void *at, size_t length, unsigned rights) {
    struct hf_message message = {.label = HF_MEM_PROTECT, .word = {(uintptr_t)at, length, rights}};
    return ask(HF_SLOT_MEMSRV, &message);
}

hf_status_t mem_stat(struct hf_mem_stat *stat) {
    struct hf_message message = {.label = HF_MEM_STAT};
    return ask_for(HF_SLOT_MEMSRV, &message, stat, sizeof *stat);
}

hf_status_t mem_tasks(uint64_t *cursor, struct hf_task_info infos[MEM_TASKS_AT_ONCE], size_t *count) {
    struct hf_message message = {.label = HF_MEM_TASKS, .word = {*cursor}};
    hf_status_t status = ask_for(HF_SLOT_MEMSRV, &message, infos, MEM_TASKS_AT_ONCE * sizeof *infos);
    if (status == HF_OK) {
        *cursor = message.word[0];
        *count = message.word[1] < MEM_TASKS_AT_ONCE ? message.word[1] : MEM_TASKS_AT_ONCE;
    }
    return status;
}

hf_status_t mem_task_kill(uint64_t number) {
    struct hf_message message = {.label = HF_MEM_TASK_KILL, .word = {number}};
    return ask(HF_SLOT_MEMSRV, &message);
}

hf_status_t mem_images(uint64_t index, char name[HF_NAME_BYTES], uint64_t *count) {
    struct hf_message message = {.label = HF_MEM_IMAGES, .word = {index}};
    hf_status_t status = ask_for(HF_SLOT_MEMSRV, &message, name, HF_NAME_BYTES);
    if (status == HF_OK) {
        name[HF_NAME_BYTES - 1] = '\0';
        *count = message.word[0];
    }
    return status;
}

hf_status_t mem_command_line(char *text, size_t room) {
    struct hf_message message = {.label = HF_MEM_COMMAND_LINE};
    hf_status_t status = ask_for(HF_SLOT_MEMSRV, &message, text, room);
    if (status == HF_OK && (room == 0 || text[room - 1] != '\0')) {
        return HF_TOO_BIG;
    }
    return status;
}

hf_status_t mem_endpoint_create(hf_handle_t *endpoint) {
    struct hf_message message = {.label = HF_MEM_ENDPOINT_CREATE};
    hf_status_t status = ask(HF_SLOT_MEMSRV, &message);
    if (status == HF_OK) {
        *endpoint = (hf_handle_t)message.word[0];
    }
    return status;
}

/* A name in the IPC buffer, with its 0; of one that is too long, enough to show that. */
static uint16_t put_name(const char *name) {
    size_t length = strnlen(name, HF_NAME_BYTES);
    memcpy(hf_buffer()->bytes, name, length);
    hf_buffer()->bytes[length] = 0;
    return (uint16_t)(length + 1);
}

hf_status_t mem_register(const char *name, hf_handle_t handle) {
    struct hf_message message = {.label = HF_MEM_REGISTER, .bytes = put_name(name), .word = {handle}};
    return ask(HF_SLOT_MEMSRV, &message);
}

static hf_status_t lookup(const char *name, unsigned flags, hf_handle_t *handle) {
    struct hf_message message = {.label = HF_MEM_LOOKUP, .bytes = put_name(name), .word = {flags}};
    hf_status_t status = ask(HF_SLOT_MEMSRV, &message);
    if (status == HF_OK) {
        *handle = (hf_handle_t)message.word[0];
    }
    return status;
}

hf_status_t mem_lookup(const char *name, hf_handle_t *handle) { return lookup(name, 0, handle); }

hf_status_t mem_lookup_wait(const char *name, hf_handle_t *handle) { return lookup(name, HF_LOOKUP_WAIT, handle); }
