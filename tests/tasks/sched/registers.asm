; What registers.h declares.

%include "tests/tasks/registers.inc"

bits 64
default rel

section .text

global registers_spin
registers_spin:
        PUSH_EACH SAVED_REGISTERS
        push    rdi
        mov     rcx, rsi
        mov     rax, rdi
        FILL    PATTERN_REGISTERS
        push    ALL_FLAGS
        popfq
.again:
        loop    .again                  ; changes no flag
        pushfq
        cld
        cmp     rax, r15
        xchg    rax, [rsp]              ; RAX: the flags
        setne   cl
        cmp     rax, ALL_FLAGS
        setne   ch
        add     cl, ch
        movzx   ecx, cl
        mov     rax, [rsp + 8]
        mov     [rsp], rcx
        COUNT_CHANGED PATTERN_REGISTERS
        pop     rax
        pop     rdi
        POP_EACH SAVED_BACKWARD
        ret

global registers_call
registers_call:
        PUSH_EACH SAVED_REGISTERS
        push    rdi
        mov     [.stack], rsp
        mov     rbp, rdi
        mov     rax, rsi
        syscall
        xor     eax, eax
        xor     ecx, ecx
        cmp     rsp, [.stack]
        mov     rsp, [.stack]
        setne   al
        cmp     rbp, [rsp]
        setne   cl
        add     rax, rcx
        pop     rdi
        POP_EACH SAVED_BACKWARD
        ret

section .bss
registers_call.stack: resq 1

section .note.GNU-stack noalloc noexec nowrite progbits
