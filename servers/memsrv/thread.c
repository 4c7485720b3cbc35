#include "thread.h"

#include <string.h>

#include "core.h"
#include "end.h"
#include "part.h"

static hf_status_t place_buffer(const struct task *process, uint64_t *address) {
    const struct region_list *regions = &process->aspace.regions;
    const struct place *place = &process->place;
    *address = region_gap(regions, place->table_start, HF_PAGE_SIZE, place->guard_start);
    if (*address == 0) {
        *address = region_gap(regions, PLACE_MAP_LOWEST, HF_PAGE_SIZE, PLACE_MAP_END);
    }
    return *address ? HF_OK : HF_NO_MEMORY;
}

static struct task *make_record(const struct task *creator) {
    struct task *process = creator->process;
    struct task *thread = task_new(process);
    if (!thread) return NULL;
    memcpy(thread->name, process->name, HF_NAME_BYTES);
    thread->priority = creator->priority;
    thread->process = process;
    thread->next_thread = process->threads;
    if (thread->next_thread) thread->next_thread->previous_thread = thread;
    process->threads = thread;
    process->thread_count++;
    return thread;
}

static hf_status_t build(struct task *thread, const struct hf_registers *registers) {
    struct hf_registers start = *registers;
    uint64_t buffer;
    hf_status_t status = place_buffer(thread->process, &buffer);
    if (status == HF_OK) {
        status = part_buffer(thread, buffer);
    }
    start.rsi = buffer;
    return status == HF_OK ? part_task(thread, &start) : status;
}

hf_status_t thread_serve(struct request *request) {
    const uint64_t *word = request->message.word;
    const struct hf_registers registers = {.rip = word[0], .rdi = word[1], .rsp = word[2], .fs_base = word[3]};
    if (word[0] >= HF_USER_END || word[2] > HF_USER_END || word[3] >= HF_USER_END) return HF_BAD_ADDRESS;
    struct task *thread = make_record(request->asker);
    if (!thread) return task_why_not(request->task);
    hf_status_t status = build(thread, &registers);
    if (status != HF_OK) {
        end_unborn(thread);
        return status;
    }
    thread->state = TASK_RUNNING;
    return serve_put_task(request, thread);
}

/* The buffer's own region is removed with its page; but if it was unmapped before, something else
 * may be there by now. The page goes back by its last use: as buffer, or by the mapping. */
static void remove_buffer(struct task *thread) {
    struct aspace *aspace = &thread->process->aspace;
    struct ledger *ledger = aspace->ledger;
    struct region *region = part_buffer_region(thread);
    if (!region) return;
    int cost = PART_COST;
    uint64_t objects = ledger->held[LEDGER_objects], end = region->end;
    (void)aspace_unmap(aspace, &backing_buffer, region->start, end, &cost);
    ledger_unpay(ledger, LEDGER_objects, ledger->held[LEDGER_objects] - objects); /* of a fork that failed, still */
    aspace_drop(aspace, region, end);
}

void thread_reap(struct task *thread) {
    struct task *next = thread->next_thread, *previous = thread->previous_thread;
    if (thread->buffer != HF_NO_FRAME) {
        remove_buffer(thread);
    }
    *(previous ? &previous->next_thread : &thread->process->threads) = next;
    if (next) next->previous_thread = previous;
    thread->process->thread_count--;
}
