/* memsrv's client: what it tells about tasks and their memory. */
#include <ipc.h>
#include <mem.h>
#include <string.h>

/* `answer` gets what the reply has in the IPC buffer, zeroes beyond it. */
static hf_status_t look(struct hf_message *message, void *answer, size_t room) {
    hf_status_t status = hf_call(HF_SLOT_MEMSRV, message);
    if (status != HF_OK || message->label != HF_OK) return status != HF_OK ? status : (hf_status_t)message->label;
    size_t bytes = message->bytes < room ? message->bytes : room;
    memcpy(answer, hf_buffer()->bytes, bytes);
    memset((char *)answer + bytes, 0, room - bytes);
    return HF_OK;
}

hf_status_t mem_task_stat(uint64_t number, struct hf_task_stat *stat) {
    struct hf_message message = {.label = HF_MEM_TASK_STAT, .word = {number}};
    return look(&message, stat, sizeof *stat);
}

hf_status_t mem_regions(uint64_t number, uint64_t *cursor, struct hf_region regions[MEM_REGIONS_AT_ONCE],
                        size_t *count) {
    struct hf_message message = {.label = HF_MEM_REGIONS, .word = {number, *cursor}};
    hf_status_t status = look(&message, regions, MEM_REGIONS_AT_ONCE * sizeof *regions);
    if (status == HF_OK) {
        *cursor = message.word[0];
        *count = message.word[1] < MEM_REGIONS_AT_ONCE ? message.word[1] : MEM_REGIONS_AT_ONCE;
    }
    return status;
}

hf_status_t mem_name_of(uint64_t address, char *text, size_t room) {
    struct hf_message message = {.label = HF_MEM_NAME_OF, .word = {address}};
    hf_status_t status = look(&message, text, room);
    if (status == HF_OK && room > 0) {
        text[room - 1] = '\0';
    }
    return status;
}

hf_status_t mem_explain(uint64_t number, uint64_t address, struct hf_explain *explain) {
    struct hf_message message = {.label = HF_MEM_EXPLAIN, .word = {number, address}};
    return look(&message, explain, sizeof *explain);
}
