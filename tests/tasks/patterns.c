/* patterns MS: two tasks keep different patterns in all registers while the timer takes
 * the processor away from them and calls come in between; no bit may change. */
#include <handoff/call.h>
#include <ipc.h>
#include <number.h>

#include "check.h"

/* Fills every register but RSP from `pattern` on, spins, and compares: how many differ. */
__attribute__((naked, noinline)) static uint64_t spin(uint64_t /* pattern */, uint64_t /* rounds */) {
    __asm__("push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
            "push %rsi; push %rdi\n"
            "mov %rdi, %rax\n"
            ".irp register, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15\n"
            "inc %rax; mov %rax, %\\register\n"
            ".endr\n"
            "1: decq 8(%rsp)\n"
            "jnz 1b\n"
            "pop %rax\n"
            "movq $0, (%rsp)\n"
            ".irp register, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15\n"
            "inc %rax; cmp %rax, %\\register; je 2f; incq (%rsp); 2:\n"
            ".endr\n"
            "pop %rax\n"
            "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
            "ret");
}

static uint64_t stack_before __attribute__((used));

/* RBP and RSP survive a call: how many of them do not. */
__attribute__((naked, noinline)) static uint64_t call_with(uint64_t /* pattern */) {
    __asm__("push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
            "push %rdi\n"
            "mov %rsp, stack_before(%rip)\n"
            "mov %rdi, %rbp\n"
            "mov $8, %eax\n"
            "syscall\n"
            "xor %eax, %eax; xor %ecx, %ecx\n"
            "cmp (%rsp), %rbp; setne %al\n"
            "cmp stack_before(%rip), %rsp; setne %cl\n"
            "add %rcx, %rax\n"
            "pop %rdi\n"
            "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
            "ret");
}
_Static_assert(HF_CALL_YIELD == 8, "the call made above");

static uint64_t run(uint64_t pattern, uint64_t milliseconds) {
    uint64_t wrong = 0;
    for (uint64_t start = hf_clock(); hf_clock() - start < milliseconds * 1000000;) {
        wrong += spin(pattern, 100000);
        wrong += call_with(~pattern);
    }
    return wrong;
}

int main(int argc, char **argv) {
    uint64_t milliseconds;
    struct mem_task other;
    struct hf_exit how;
    if (argc < 2 || !number_parse(argv[1], 100000, &milliseconds)) {
        puts("Usage: patterns MILLISECONDS");
        return 2;
    }
    if (argc == 3) {
        return run(0x5555555555555555, milliseconds) != 0;
    }
    check_status(mem_spawn("patterns", (const char *[]){argv[1], "other", NULL}, NULL, &other), HF_OK,
                 "start the other");
    check(run(0xa0a0a0a0a0a0a0a0, milliseconds) == 0, "one's own registers stay");
    check_status(mem_wait(other.handle, &how), HF_OK, "wait for the other");
    check(how.how == HF_EXIT_CODE && how.code == 0, "the other's registers stay");
    check(how.left.ticks > 0, "both had the processor");
    puts("patterns: done");
    return check_result();
}
