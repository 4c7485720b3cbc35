#include "bench.h"

#define STACK_TOP 0x30000000ul
#define PRIORITY 50u

/* Bits of a page-table entry: Intel SDM vol. 3A, table 4-20. */
#define ENTRY_PRESENT 1ul
#define ENTRY_WRITE 2ul
#define ENTRY_FRAME 0x000ffffffffff000ul
#define ENTRY_NO_EXECUTE (1ul << 63)

extern char image_base[] __asm__("IMAGE_BASE"); /* where this program is linked */

void client_map(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights) {
    struct hf_result result;
    while (core_map(aspace, address, frame, rights, &result) == HF_NO_TABLE) {
        core_must(core_install(aspace, address, result.detail, machine_frame()));
    }
    core_must((hf_status_t)result.status);
}

/* The leaf entry of one of this program's own pages; 0 for none. */
static uint64_t own_entry(const struct hf_boot *boot, uint64_t address) {
    struct hf_result result;
    core_must(
        core_do(&(struct hf_operation){.code = HF_OP_TRANSLATE, .object = boot->aspace, .address = address}, &result));
    return result.detail == HF_LEVEL_PT && (result.value[0] & ENTRY_PRESENT) ? result.value[0] : 0;
}

static unsigned rights_of(uint64_t entry) {
    if (entry & ENTRY_WRITE) return HF_READ | HF_WRITE;
    return entry & ENTRY_NO_EXECUTE ? HF_READ : HF_READ | HF_EXECUTE;
}

hf_frame_t client_aspace(const struct hf_boot *boot) {
    hf_frame_t aspace = machine_frame();
    uint64_t address = (uint64_t)image_base, entry;
    core_must(core_object(HF_OP_ASPACE_CREATE, aspace, NULL));
    core_must(core_object(HF_OP_ASPACE_COPY_KERNEL, aspace, NULL));
    for (; (entry = own_entry(boot, address)) != 0; address += HF_PAGE_SIZE) {
        client_map(aspace, address, (entry & ENTRY_FRAME) >> HF_PAGE_SHIFT, rights_of(entry));
    }
    return aspace;
}

static hf_frame_t made(enum hf_operation_code code) {
    hf_frame_t frame = machine_frame();
    core_must(core_object(code, frame, NULL));
    return frame;
}

void client_start(hf_frame_t aspace, hf_frame_t endpoint, void (*entry)(uint64_t argument), uint64_t argument) {
    hf_frame_t stack = machine_frame(), handles = made(HF_OP_HANDLES_CREATE), task = made(HF_OP_TASK_CREATE);
    core_must(core_stage(stack, HF_NO_FRAME, 0, 0, 0));
    client_map(aspace, STACK_TOP - HF_PAGE_SIZE, stack, HF_READ | HF_WRITE);
    core_must(core_put(handles, CLIENT_ENDPOINT, HF_PUT_ENDPOINT, endpoint, 0, HF_RIGHT_CALL, NULL));
    OPERATION_PAGE->task = (struct hf_task_block){
        .fields = HF_TASK_REGISTERS | HF_TASK_PRIORITY | HF_TASK_ASPACE | HF_TASK_HANDLES | HF_TASK_PAGER,
        /* As if called: the return address would be there. */
        .registers = {.rip = (uint64_t)entry, .rsp = STACK_TOP - 8, .rdi = argument},
        .priority = PRIORITY,
        .aspace = aspace,
        .handles = handles,
        .pager = endpoint,
    };
    core_must(core_object(HF_OP_TASK_SET, task, NULL));
    core_must(core_object(HF_OP_TASK_START, task, NULL));
}
