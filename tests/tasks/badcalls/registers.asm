; What registers.h declares.

%include "tests/tasks/registers.inc"

bits 64
default rel

%define GENERAL_REGISTERS rax, rbx, rcx, rdx, rsi, rbp, r8, r9, r10, r11, r12, r13, r14, r15

struc registers
.rax:   resq 1
.rbx:   resq 1
.rcx:   resq 1
.rdx:   resq 1
.rsi:   resq 1
.rdi:   resq 1
.rbp:   resq 1
.r8:    resq 1
.r9:    resq 1
.r10:   resq 1
.r11:   resq 1
.r12:   resq 1
.r13:   resq 1
.r14:   resq 1
.r15:   resq 1
.rsp:   resq 1
.rflags: resq 1
endstruc

%macro LOAD 1-*
        %rep %0
        mov     %1, [rdi + registers. %+ %1]
        %rotate 1
        %endrep
%endmacro

; To a fixed place: there is no register left to point elsewhere.
%macro STORE 1-*
        %rep %0
        mov     [after + registers. %+ %1], %1
        %rotate 1
        %endrep
%endmacro

section .text

global registers_call
registers_call:
        PUSH_EACH SAVED_REGISTERS
        push    rdi
        mov     [stack], rsp
        LOAD    GENERAL_REGISTERS
        mov     rdi, [rdi + registers.rdi]
        syscall
        STORE   GENERAL_REGISTERS
        STORE   rdi, rsp
        mov     rsp, [stack]
        pushfq
        pop     qword [after + registers.rflags]
        cld
        sub     [after + registers.rsp], rsp
        pop     rdi
        lea     rsi, [after]
        mov     ecx, registers_size / 8
        rep movsq
        POP_EACH SAVED_BACKWARD
        ret

section .bss
stack:  resq 1
after:  resb registers_size

section .note.GNU-stack noalloc noexec nowrite progbits
