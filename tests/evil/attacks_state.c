/* Attacks by a task's state: what the core loads into registers when the task goes on. */
#include "judge.h"

static void try_registers(struct hf_registers registers) {
    struct hf_task_block block = world_block(HF_TASK_REGISTERS);
    block.registers = registers;
    refused_set(block);
}

#define IN_CODE .rip = AT(AT_CODE), .rsp = AT(1)

static void try_flags(uint64_t flags) { try_registers((struct hf_registers){IN_CODE, .rflags = flags}); }

static const uint64_t bad_addresses[] = {
    HF_USER_END, 0x7fffffffffff, 0x800000000000, 0xffff7fffffffffff, 0xffff800000000000, 0xffffffff80000000, ~0ul};
#define FOR_BAD_ADDRESSES(i) for (unsigned i = 0; i < sizeof bad_addresses / sizeof bad_addresses[0]; i++)

static void rip_of_the_core(void) {
    FOR_BAD_ADDRESSES(i) try_registers((struct hf_registers){.rip = bad_addresses[i], .rsp = AT(1)});
}

static void rsp_of_the_core(void) {
    FOR_BAD_ADDRESSES(i) {
        if (bad_addresses[i] > HF_USER_END) try_registers((struct hf_registers){.rip = AT(1), .rsp = bad_addresses[i]});
    }
}

static void fs_base_of_the_core(void) {
    FOR_BAD_ADDRESSES(i) try_registers((struct hf_registers){IN_CODE, .fs_base = bad_addresses[i]});
}

static void own_fs_base_of_the_core(void) {
    FOR_BAD_ADDRESSES(i) answered("hf_fs_base of an address of the core's", hf_fs_base(bad_addresses[i]));
}

/* Intel SDM vol. 1, 3.4.3. */
static void flags_iopl(void) { try_flags(0x3202), try_flags(0x1202), try_flags(0x2202); }
static void flags_nested_task(void) { try_flags(0x4202); }
static void flags_resume(void) { try_flags(0x10202); }
static void flags_virtual_8086(void) { try_flags(0x20202); }
static void flags_alignment_check(void) { try_flags(0x40202); }
static void flags_virtual_interrupt(void) { try_flags(0x80202), try_flags(0x100202); }
static void flags_id(void) { try_flags(0x200202); }
static void flags_reserved(void) {
    try_flags(0x20a), try_flags(0x222), try_flags(0x8202), try_flags(1ul << 63 | 0x202);
}

static void flags_without_interrupts(void) {
    struct hf_task_block block = world_block(HF_TASK_REGISTERS);
    block.registers.rflags = 0; /* allowed: the core sets what must be set */
    PAGE_OF_OPERATIONS->task = block;
    must(ON(TASK_SET, world.task));
    saw((look_task(world.task)->registers.rflags & 0x202) == 0x202,
        "a task with interrupts off, and look at its flags");
}

static void too_important(void) {
    struct hf_task_block block = world_block(HF_TASK_PRIORITY);
    const uint64_t priorities[] = {256, 1ul << 32, ~0ul};
    for (unsigned i = 0; i < 3; i++) {
        block.priority = priorities[i];
        refused_set(block);
    }
}

static void unknown_fields(void) {
    for (unsigned bit = 9; bit < 64; bit += 6) refused_set(world_block(1ul << bit | HF_TASK_FIELDS_ALL));
}

static void more_than_memory(void) {
    struct hf_task_block block = world_block(HF_TASK_MEMORY);
    block.memory = 2;
    refused_set(block);
}

/* Each field of the block that names a frame, with frames of other types. */
static void try_frames(uint64_t field, hf_frame_t allowed) {
    for (const hf_frame_t *used = world_used(); *used; used++) {
        if (*used == allowed) continue;
        struct hf_task_block block = world_block(field);
        block.handles = block.pager = *used;
        refused_set(block);
    }
}

static void handles_of_another_kind(void) { try_frames(HF_TASK_HANDLES, world.handles); }
static void pager_of_another_kind(void) { try_frames(HF_TASK_PAGER, world.endpoint); }

/* What is no page. */
static void try_pages(uint64_t field) {
    const hf_frame_t frames[] = {world.aspace, world.pt,     world.task, world.endpoint, world.handles,
                                 world.free,   boot->aspace, 0xf0,       ram_end,        1ul << 52};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct hf_task_block block = world_block(field);
        block.buffer = block.operations = frames[i];
        refused_set(block);
    }
}

static void buffer_of_another_kind(void) { try_pages(HF_TASK_BUFFER); }
static void operation_page_of_another_kind(void) { try_pages(HF_TASK_OPERATIONS); }

/* One bad field among good ones: none of them may be set. */
static void half_a_block(void) {
    struct hf_task_block block = world_block(HF_TASK_FIELDS_ALL);
    block.priority = 99;
    block.mark = 0x1234;
    block.aspace = world.second;
    block.pager = world.task;
    refused_set(block);
}

/* ---- tasks that are not stopped ---- */

static void change_the_running_task(void) {
    PAGE_OF_OPERATIONS->task = (struct hf_task_block){.fields = HF_TASK_PRIORITY, .priority = 1};
    REFUSED_EACH(ON(TASK_SET, boot->task), ON(TASK_START, boot->task), ON(TASK_DESTROY, boot->task));
}

static void stop_the_running_task(void) { refused(ON(TASK_STOP, boot->task)); }

static void change_a_waiting_task(void) {
    client_start();
    PAGE_OF_OPERATIONS->task = (struct hf_task_block){.fields = HF_TASK_PRIORITY, .priority = 1};
    REFUSED_EACH(ON(TASK_SET, world.client), ON(TASK_START, world.client), ON(TASK_DESTROY, world.client));
}

static void stop_a_stopped_task(void) { refused(ON(TASK_STOP, world.task)); }

static void change_a_ready_task(void) {
    PAGE_OF_OPERATIONS->task = world_block(HF_TASK_FIELDS_ALL); /* whose priority is less than ours */
    must(ON(TASK_SET, world.task));
    must(ON(TASK_START, world.task));
    REFUSED_EACH(ON(TASK_SET, world.task), ON(TASK_START, world.task), ON(TASK_DESTROY, world.task));
}

/* Zero, or what we had there: without the fast path they are ours again. */
static bool is_nobodys(uint64_t value) { return value == 0 || value == ~0ul; }

/* Only what call.h names may come back in registers: the others held addresses of the core's. */
static void read_registers_of_the_core(void) {
    const struct hf_operation map = MAPPED(world.aspace, AT(AT_FREE), world.staged, HF_READ);
    uint64_t status = HF_CALL_MMU_ONE, first, second = map.object, third = map.address;
    register uint64_t r8 __asm__("r8") = ~0ul, r9 __asm__("r9") = ~0ul, r10 __asm__("r10") = map.frame,
                         r15 __asm__("r15") = ~0ul;
    __builtin_memcpy(&first, &map, sizeof first);
    __asm__ volatile("syscall"
                     : "+a"(status), "+D"(first), "+S"(second), "+d"(third), "+r"(r8), "+r"(r9), "+r"(r10), "+r"(r15)
                     :
                     : "rbx", "rcx", "r11", "r12", "r13", "r14", "cc", "memory");
    saw(status == HF_OK && !second && !third && !r10 && is_nobodys(r8) && is_nobodys(r9) && is_nobodys(r15),
        "map a page by registers, and look at those that answer nothing");
}

const struct attack attacks_state[] = {
    ATTACK(rip_of_the_core, RING_3, BAD_ADDRESS,
           "a task that goes on in the core, or where SYSRET would fault in ring 0"),
    ATTACK(rsp_of_the_core, RING_3, BAD_ADDRESS, "a stack in the core's half, or where no address is canonical"),
    ATTACK(fs_base_of_the_core, RING_3, BAD_ADDRESS, "an FS base that isn't canonical: WRMSR would fault in ring 0"),
    ATTACK(own_fs_base_of_the_core, RING_3, BAD_ADDRESS, "the same by the call for it"),
    ATTACK(flags_iopl, RING_3, BAD_ARGUMENT, "IOPL: every port, CLI and STI would be ring 3's"),
    ATTACK(flags_nested_task, RING_3, BAD_ARGUMENT, "NT: IRET would fault in ring 0"),
    ATTACK(flags_resume, RING_3, BAD_ARGUMENT, "RF, which is the debugger's"),
    ATTACK(flags_virtual_8086, RING_3, BAD_ARGUMENT, "VM, which long mode doesn't have"),
    ATTACK(flags_alignment_check, RING_3, BAD_ARGUMENT, "AC, by which ring 0 could be told to touch ring 3's pages"),
    ATTACK(flags_virtual_interrupt, RING_3, BAD_ARGUMENT, "VIF and VIP"),
    ATTACK(flags_id, RING_3, BAD_ARGUMENT, "ID"),
    ATTACK(flags_reserved, RING_3, BAD_ARGUMENT, "bits that are reserved"),
    ATTACK(flags_without_interrupts, RING_3, OK, "IF clear: nobody would ever run again"),
    ATTACK(too_important, RING_3, BAD_ARGUMENT, "a priority behind the last ready queue"),
    ATTACK(unknown_fields, COMMITTED, BAD_ARGUMENT, "bits for fields that don't exist"),
    ATTACK(more_than_memory, COMMITTED, BAD_ARGUMENT, "a privilege that is neither yes nor no"),
    ATTACK(handles_of_another_kind, TYPED, BAD_FRAME, "every other kind of frame as a task's handle table"),
    ATTACK(pager_of_another_kind, TYPED, BAD_FRAME, "... as its pager's endpoint"),
    ATTACK(buffer_of_another_kind, TYPED, BAD_FRAME, "... as its IPC buffer: messages would be written there"),
    ATTACK(operation_page_of_another_kind, TYPED, BAD_FRAME, "... as its operation page"),
    ATTACK(half_a_block, COMMITTED, BAD_FRAME, "many good fields and one bad: those before it may not be set"),
    ATTACK(change_the_running_task, COMMITTED, NOT_READY, "set, start and destroy the task that asks for it"),
    ATTACK(stop_the_running_task, COMMITTED, BAD_ARGUMENT, "stop the task that asks for it"),
    ATTACK(change_a_waiting_task, COMMITTED, NOT_READY, "set, start and destroy a task whose call is in hand"),
    ATTACK(stop_a_stopped_task, COMMITTED, NOT_READY, "stop a task twice"),
    ATTACK(change_a_ready_task, COMMITTED, NOT_READY, "set, start and destroy a task that is about to run"),
    ATTACK(read_registers_of_the_core, CLEAN, OK, "what the core had in registers that answer nothing"),
    ATTACKS_END,
};
