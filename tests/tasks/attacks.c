/* attacks: starts itself once for each attack of the table, and checks that each ends
 * as it must; then again, with each of the flags that a task can set. attacks FLAG: only with
 * that one ("plain": none). attacks NAME FLAG: makes that attack with that flag set. */
#include <handoff/call.h>
#include <ipc.h>
#include <string.h>

#include "check.h"

/* How an attack may end: exceptions by vector, page faults by memsrv's reason. */
#define EXCEPTION(vector) (1ul << (vector))
#define FAULT(reason) (1ul << (32 + HF_REASON_##reason))

#define DIVIDE_ERROR EXCEPTION(0)
#define DEBUG EXCEPTION(1)
#define BREAKPOINT EXCEPTION(3)
#define INVALID_OPCODE EXCEPTION(6)
#define STACK_FAULT EXCEPTION(12)
#define PROTECTION EXCEPTION(13)

/* Single instructions, or a few, and how the task ends. UD2 behind what is allowed
 * tells that the task went on. Where two ends stand, the second is QEMU 7.2's: it
 * does not know ICEBP, tells no stack faults, looks at the privilege of XSETBV first, and reads the stack
 * of a far return in ring 3 with ring 0's rights, which SMAP forbids. */
#define INSTRUCTIONS(X) \
    X(hlt, "hlt", PROTECTION) \
    X(cli, "cli", PROTECTION) \
    X(sti, "sti", PROTECTION) \
    X(clts, "clts", PROTECTION) \
    X(invd, "invd", PROTECTION) \
    X(wbinvd, "wbinvd", PROTECTION) \
    X(lgdt, "lgdt (%rsp)", PROTECTION) \
    X(lidt, "lidt (%rsp)", PROTECTION) \
    X(lldt, "xor %eax, %eax; lldt %ax", PROTECTION) \
    X(ltr, "mov $0x28, %eax; ltr %ax", PROTECTION) \
    X(lmsw, "lmsw %ax", PROTECTION) \
    X(read_cr0, "mov %cr0, %rax", PROTECTION) \
    X(write_cr0, "mov %rax, %cr0", PROTECTION) \
    X(read_cr3, "mov %cr3, %rax", PROTECTION) \
    X(write_cr3, "mov %rax, %cr3", PROTECTION) \
    X(write_cr4, "mov %rax, %cr4", PROTECTION) \
    X(write_cr8, "mov %rax, %cr8", PROTECTION) \
    X(read_dr7, "mov %db7, %rax", PROTECTION) \
    X(write_dr7, "mov %rax, %db7", PROTECTION) \
    X(rdmsr, "mov $0xc0000080, %ecx; rdmsr", PROTECTION) \
    X(wrmsr, "mov $0xc0000082, %ecx; wrmsr", PROTECTION) \
    X(rdpmc, "xor %ecx, %ecx; rdpmc", PROTECTION) \
    X(invlpg, "invlpg (%rsp)", PROTECTION) \
    X(swapgs, "swapgs", PROTECTION) \
    X(sysret, "sysretq", PROTECTION) \
    X(in_byte, "inb $0x60, %al", PROTECTION) \
    X(in_long, "mov $0xcf8, %edx; inl %dx, %eax", PROTECTION) \
    X(out_byte, "mov $0xfe, %al; outb %al, $0x64", PROTECTION) \
    X(out_string, "mov $0x3f8, %edx; mov %rsp, %rsi; outsb", PROTECTION) \
    X(int_double_fault, "int $8", PROTECTION) \
    X(int_page_fault, "int $14", PROTECTION) \
    X(int_nmi, "int $2", PROTECTION) \
    X(int_timer, "int $0x30", PROTECTION) \
    X(int_line, "int $0x24", PROTECTION) \
    X(int_linux, "int $0x80", PROTECTION) \
    X(int_last, "int $0xff", PROTECTION) \
    X(int3, "int3", BREAKPOINT) \
    X(icebp, ".byte 0xf1", DEBUG | INVALID_OPCODE) \
    X(step, "pushfq; orq $0x100, (%rsp); popfq; nop; nop", DEBUG) \
    X(ud2, "ud2", INVALID_OPCODE) \
    X(lock_cmpxchg8b, ".byte 0xf0, 0x0f, 0xc7, 0xc8", INVALID_OPCODE) \
    X(stac, ".byte 0x0f, 0x01, 0xcb", INVALID_OPCODE) \
    X(clac, ".byte 0x0f, 0x01, 0xca", INVALID_OPCODE) \
    X(rdfsbase, "rdfsbase %rax", INVALID_OPCODE) \
    X(wrgsbase, "wrgsbase %rax", INVALID_OPCODE) \
    X(xsetbv, "xor %ecx, %ecx; xsetbv", INVALID_OPCODE | PROTECTION) \
    X(vmcall, "vmcall", INVALID_OPCODE) \
    X(sgdt, "sub $16, %rsp; sgdt (%rsp)", PROTECTION) \
    X(sidt, "sub $16, %rsp; sidt (%rsp)", PROTECTION) \
    X(sldt, "sldt %rax", PROTECTION) \
    X(str, "str %rax", PROTECTION) \
    X(smsw, "smsw %rax", PROTECTION) \
    X(return_to_ring_0, "pushq $8; pushq $0; lretq", PROTECTION | FAULT(KERNEL)) \
    X(iret_to_ring_0, "pushq $0x10; pushq %rsp; pushq $2; pushq $8; pushq $0; iretq", PROTECTION | FAULT(KERNEL)) \
    X(iret_nested, "pushfq; orq $0x4000, (%rsp); popfq; iretq", PROTECTION | FAULT(KERNEL)) \
    X(load_kernel_data, "mov $0x10, %eax; mov %eax, %ds", PROTECTION) \
    X(load_kernel_stack, "mov $0x10, %eax; mov %eax, %ss", PROTECTION) \
    X(load_no_stack, "xor %eax, %eax; mov %eax, %ss", PROTECTION) \
    X(load_tss, "mov $0x28, %eax; mov %eax, %es", PROTECTION) \
    X(load_ldt, "mov $7, %eax; mov %eax, %fs", PROTECTION) \
    X(load_own_data, "mov $0x1b, %eax; mov %eax, %ds; mov %eax, %fs; mov %eax, %gs; ud2", INVALID_OPCODE) \
    X(own_io_privilege, "pushfq; orq $0x3000, (%rsp); popfq; cli", PROTECTION) \
    X(alignment_flag, "pushfq; orq $0x40000, (%rsp); popfq; mov -9(%rsp), %eax; ud2", INVALID_OPCODE) \
    X(divide, "xor %ecx, %ecx; mov $1, %eax; div %ecx", DIVIDE_ERROR) \
    X(read_noncanonical, "movabs $0x800000000000, %rax; mov (%rax), %eax", PROTECTION) \
    X(push_noncanonical, "movabs $0x800000000010, %rsp; push %rax", STACK_FAULT | PROTECTION) \
    X(return_noncanonical, "movabs $0x800000000000, %rax; push %rax; ret", PROTECTION) \
    X(trap_without_stack, "mov $1, %esp; int3", BREAKPOINT) \
    X(trap_on_kernel_stack, "movabs $0xffffe0000000fff8, %rsp; int3", BREAKPOINT) \
    X(trap_on_noncanonical_stack, "movabs $0x800000000000, %rsp; int3", BREAKPOINT) \
    X(call_on_noncanonical_stack, \
      "movabs $0x800000000010, %rsp; mov %rsp, %rbp; mov $8, %eax; syscall; cmp %rsp, %rbp; jne 1f; ud2; " \
      "1: hlt", \
      INVALID_OPCODE) \
    X(call_on_kernel_stack, "movabs $0xffffffff80200800, %rsp; mov $8, %eax; syscall; ud2", INVALID_OPCODE) \
    X(tick_on_noncanonical_stack, \
      "movabs $0x800000000010, %rsp; mov %rsp, %rbp; rdtsc; mov %eax, %ebx; 2: rdtsc; sub %ebx, %eax;" \
      "cmp $200000000, %eax; jb 2b; cmp %rsp, %rbp; jne 1f; ud2; 1: hlt", \
      INVALID_OPCODE) \
    X(flags_of_a_call, \
      "pushfq; orq $0x244cd5, (%rsp); popfq; mov $8, %eax; syscall; pushfq; pop %rax; cmp $0x202, %rax;" \
      "jne 1f; ud2; 1: cld; hlt", \
      INVALID_OPCODE) \
    X(trap_flag_and_a_call, "mov $8, %eax; pushfq; orq $0x100, (%rsp); popfq; syscall; nop; ud2", INVALID_OPCODE) \
    X(stack_segment_then_call, "mov $0x1b, %ecx; mov $8, %eax; mov %ecx, %ss; syscall; ud2", INVALID_OPCODE) \
    X(stack_segment_step_call, \
      "mov $0x1b, %ecx; mov $8, %eax; pushfq; orq $0x100, (%rsp); popfq; mov %ecx, %ss; syscall; ud2", \
      INVALID_OPCODE | DEBUG) \
    X(stack_segment_then_trap, "mov $0x1b, %ecx; mov %ecx, %ss; int3", BREAKPOINT) \
    X(stack_segment_then_interrupt, "mov $0x1b, %ecx; mov %ecx, %ss; int $0x80", PROTECTION) \
    X(stack_segment_then_cli, "mov $0x1b, %ecx; mov %ecx, %ss; cli", PROTECTION) \
    X(all_flags_and_a_call, "mov $8, %eax; pushq $-1; popfq; syscall; nop; ud2", INVALID_OPCODE | DEBUG) \
    X(all_flags_and_a_trap, "pushq $0x7ffeff; popfq; ud2", INVALID_OPCODE) \
    X(sysenter, "sysenter", PROTECTION | INVALID_OPCODE) \
    X(sysexit, "sysexitl", PROTECTION | INVALID_OPCODE) \
    X(rsm, "rsm", INVALID_OPCODE) \
    X(in_string, "mov $0x60, %edx; sub $16, %rsp; mov %rsp, %rdi; rep insb", PROTECTION) \
    X(invlpg_of_the_core, "mov $0xffffffff80200000, %rax; invlpg (%rax)", PROTECTION) \
    X(mov_cr2, "mov %cr2, %rax", PROTECTION) \
    X(mov_cr8, "mov %cr8, %rax", PROTECTION) \
    X(mov_no_cr, ".byte 0x0f, 0x20, 0xe8", INVALID_OPCODE | PROTECTION) \
    X(far_call_to_32_bits, "pushq $0x0b; pushq $0x1000; lcall *(%rsp)", PROTECTION) \
    X(far_jump_to_the_tss, "movl $0, -16(%rsp); movw $0x28, -12(%rsp); ljmp *-16(%rsp)", PROTECTION) \
    X(return_to_noncanonical, "pushq $0x23; movabs $0x800000000000, %rax; push %rax; lretq", \
      PROTECTION | FAULT(KERNEL)) \
    X(return_to_virtual_8086, "pushq $0x1b; pushq %rsp; pushq $0x20202; pushq $0x23; pushq $0; iretq", \
      PROTECTION | FAULT(NULL_PAGE) | FAULT(KERNEL)) \
    X(jump_round_the_end, "mov $-8, %rax; jmp *%rax", FAULT(KERNEL)) \
    X(push_round_the_end, "mov $8, %esp; push %rax; push %rax", FAULT(NULL_PAGE)) \
    X(string_down_from_null, "std; xor %edi, %edi; mov $1, %ecx; rep stosb; cld", FAULT(NULL_PAGE)) \
    X(string_up_to_the_core, "cld; movabs $0x7ffffffff000, %rdi; mov $0x2000, %ecx; rep stosb", FAULT(NO_REGION)) \
    X(locked_write_to_the_core, "mov $0xffffffff80200000, %rax; lock incq (%rax)", FAULT(KERNEL)) \
    X(exchange_with_the_core, "mov $0xffff800000000000, %rdi; xor %eax, %eax; xor %edx, %edx; cmpxchg8b (%rdi)", \
      FAULT(KERNEL)) \
    X(prefetch_the_core, "mov $0xffffffff80200000, %rax; prefetcht0 (%rax); prefetchw (%rax); ud2", INVALID_OPCODE) \
    X(look_at_segments, "mov $8, %ecx; lar %ecx, %eax; lsl %ecx, %eax; verr %cx; verw %cx; ud2", INVALID_OPCODE) \
    X(long_instruction, ".fill 15, 1, 0x66; nop", PROTECTION)

#define X(name, text, ends) \
    static void attack_##name(void) { __asm__ volatile(text); }
INSTRUCTIONS(X)
#undef X

static void write_to(uint64_t address) { __asm__ volatile("movb $1, (%0)" : : "r"(address) : "memory"); }

/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): also to 0, on purpose */
static void jump_to(uint64_t address) { ((void (*)(void))address)(); }

static void attack_write_null(void) { write_to(8); }
static void attack_write_core_text(void) { write_to(0xffffffff80200000); }
static void attack_write_all_memory(void) { write_to(0xffff800000000000); }
static void attack_write_frame_table(void) { write_to(0xffffc04000000000); }
static void attack_write_core_stack(void) { write_to(0xffffe0000000fff8); }
static void attack_jump_to_core(void) { jump_to(0xffffffff80200000); }
static void attack_jump_to_null(void) { jump_to(0); }
static void attack_jump_to_stack(void) {
    volatile uint8_t code = 0xc3;
    jump_to((uint64_t)&code);
}

/* SYSCALL as the last instruction of a page with nothing behind it. */
static void call_at_end(uint64_t page) {
    void *at = (void *)page;
    if (mem_map(HF_PAGE_SIZE, HF_READ | HF_WRITE, HF_MAP_FIXED, &at) != HF_OK) {
        return;
    }
    uint8_t *end = (uint8_t *)at + HF_PAGE_SIZE;
    memcpy(end - 7, (const uint8_t[]){0xb8, HF_CALL_YIELD, 0, 0, 0, 0x0f, 0x05}, 7);
    if (mem_protect(at, HF_PAGE_SIZE, HF_READ | HF_EXECUTE) == HF_OK) {
        jump_to((uint64_t)end - 7);
    }
}

/* Code at the end of a page that is followed by nothing: the next fetch is behind it. */
static void run_off(uint64_t page) {
    void *at = (void *)page;
    if (mem_map(HF_PAGE_SIZE, HF_READ | HF_WRITE, HF_MAP_FIXED, &at) != HF_OK) {
        return;
    }
    uint8_t *end = (uint8_t *)at + HF_PAGE_SIZE;
    memset(end - 4, 0x90, 4);
    if (mem_protect(at, HF_PAGE_SIZE, HF_READ | HF_EXECUTE) == HF_OK) {
        jump_to((uint64_t)end - 4);
    }
}

/* A jump backwards over 0, by a displacement. */
static void attack_jump_round_null(void) {
    void *at = (void *)HF_USER_FIRST;
    if (mem_map(HF_PAGE_SIZE, HF_READ | HF_WRITE, HF_MAP_FIXED, &at) != HF_OK) {
        return;
    }
    memcpy(at, (const uint8_t[]){0xe9, 0, 0, 0xfe, 0xff}, 5); /* by -0x20000 */
    if (mem_protect(at, HF_PAGE_SIZE, HF_READ | HF_EXECUTE) == HF_OK) {
        jump_to(HF_USER_FIRST);
    }
}

static void attack_run_off_the_user_half(void) { run_off(HF_USER_END - HF_PAGE_SIZE); }
static void attack_call_at_the_end_of_a_page(void) { call_at_end(0x90000000); }
static void attack_call_at_the_end_of_the_user_half(void) { call_at_end(HF_USER_END - HF_PAGE_SIZE); }

_Static_assert(HF_CALL_YIELD == 8, "the call that the instructions above make");

enum {
#define X(name, text, ends) NUMBER_##name,
    INSTRUCTIONS(X)
#undef X
        INSTRUCTION_COUNT
};

static const struct attack {
    const char *name;
    void (*make)(void);
    uint64_t ends;
} attacks[] = {
#define X(name, text, ends) {#name, attack_##name, ends},
    INSTRUCTIONS(X)
#undef X
        {"write_null", attack_write_null, FAULT(NULL_PAGE)},
    {"write_core_text", attack_write_core_text, FAULT(KERNEL)},
    {"write_all_memory", attack_write_all_memory, FAULT(KERNEL)},
    {"write_frame_table", attack_write_frame_table, FAULT(KERNEL)},
    {"write_core_stack", attack_write_core_stack, FAULT(KERNEL)},
    {"jump_to_core", attack_jump_to_core, FAULT(KERNEL)},
    {"jump_to_null", attack_jump_to_null, FAULT(NULL_PAGE)},
    {"jump_to_stack", attack_jump_to_stack, FAULT(NOT_EXECUTABLE)},
    {"jump_round_null", attack_jump_round_null, FAULT(KERNEL)},
    {"run_off_the_user_half", attack_run_off_the_user_half, FAULT(NO_REGION)},
    {"call_at_the_end_of_a_page", attack_call_at_the_end_of_a_page, FAULT(NO_REGION)},
    {"call_at_the_end_of_the_user_half", attack_call_at_the_end_of_the_user_half, FAULT(NO_REGION)},
};

static uint64_t ends_as(const struct hf_exit *how) {
    switch (how->how) {
    case HF_EXIT_EXCEPTION:
        return 1ul << how->address;
    case HF_EXIT_FAULT:
        return 1ul << (32 + how->reason);
    default:
        return 0;
    }
}

/* What ring 3 can set and the core must not be led astray by. X(name, bit of RFLAGS) */
#define FLAGS(X) \
    X(direction, 10) \
    X(nested, 14) \
    X(alignment, 18)

static const struct flag {
    const char *name;
    uint64_t bits;
} flags[] = {{"plain", 0},
#define X(name, bit) {#name, 1ul << (bit)},
             FLAGS(X)
#undef X
};

#define FLAG_COUNT (sizeof flags / sizeof *flags)

/* With NT set, IRETQ is #GP wherever it leads; an attack in C has its own use for DF; and what
 * waits for a tick takes long. */
static bool fits(const struct attack *attack, const struct flag *flag) {
    static const char *const once[] = {"iret_to_ring_0", "iret_nested", "return_to_virtual_8086",
                                       "tick_on_noncanonical_stack"};
    bool named = false;
    for (size_t i = 0; i < sizeof once / sizeof *once; i++) {
        named = named || strcmp(attack->name, once[i]) == 0;
    }
    return flag->bits == 0 || !(named || attack >= &attacks[INSTRUCTION_COUNT]);
}

static void attempt(const struct attack *attack, const struct flag *flag) {
    struct hf_exit how;
    char text[HF_EXIT_TEXT_BYTES], name[80];
    snprintf(name, sizeof name, flag->bits ? "%s with %s" : "%s", attack->name, flag->name);
    hf_status_t status = mem_run("attacks", (const char *[]){attack->name, flag->name, NULL}, &how);
    if (status != HF_OK) {
        check_status(status, HF_OK, name);
        return;
    }
    bool good = (ends_as(&how) & attack->ends) != 0;
    if (!good) {
        hf_exit_text(&how, text, sizeof text);
        printf("# %s\n", text);
    }
    check(good, name);
}

static void make(const struct attack *attack, const struct flag *flag) {
    __asm__ volatile("pushfq; orq %0, (%%rsp); popfq" : : "r"(flag->bits) : "cc", "memory");
    attack->make();
}

static int attack_by_name(const char *name, const char *flag_name) {
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        for (size_t flag = 0; flag < FLAG_COUNT; flag++) {
            if (strcmp(name, attacks[i].name) == 0 && strcmp(flag_name, flags[flag].name) == 0) {
                make(&attacks[i], &flags[flag]);
            }
        }
    }
    return 1; /* nothing stopped it */
}

int main(int argc, char **argv) {
    if (argc == 3) return attack_by_name(argv[1], argv[2]);
    for (size_t flag = 0; flag < FLAG_COUNT; flag++) {
        for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
            if (argc == 2 && strcmp(argv[1], flags[flag].name) != 0) continue;
            if (fits(&attacks[i], &flags[flag])) attempt(&attacks[i], &flags[flag]);
        }
    }
    puts("attacks: done");
    return check_result();
}
