; Entering and leaving the core.
;
; The processor's stack serves one entry at a time and is empty in between. What
; a task had in its registers is saved into the task's own frame: interrupts push
; it there (TSS.RSP0 points behind the saved registers of the current task), the
; call entry stores it there.

%include "offsets.inc"

bits 64
default rel

extern processor
extern tss
extern entered_by_call
extern entered_by_interrupt
extern entered_while_idle
extern entered_by_core_exception

%define CURRENT processor + PROCESSOR_CURRENT
%define USER_RSP processor + PROCESSOR_USER_RSP

section .text

; ---- Calls: SYSCALL has put RIP into RCX and RFLAGS into R11, cleared the flags in
; ---- FMASK, and left RSP as it was.

global entry_call
entry_call:
        mov     [USER_RSP], rsp
        mov     rsp, [CURRENT]
        mov     [rsp + TASK_RIP], rcx
        mov     [rsp + TASK_RAX], rax
        mov     [rsp + TASK_RDI], rdi
        mov     [rsp + TASK_RSI], rsi
        mov     [rsp + TASK_RDX], rdx
        mov     [rsp + TASK_R10], r10
        mov     [rsp + TASK_R8], r8
        mov     [rsp + TASK_R9], r9
        mov     [rsp + TASK_R12], r12
        mov     [rsp + TASK_R13], r13
        mov     [rsp + TASK_R14], r14
        mov     [rsp + TASK_RBP], rbp
        mov     qword [rsp + TASK_VECTOR], ENTERED_BY_CALL
        mov     rdi, rsp
        mov     rax, [USER_RSP]
        mov     [rsp + TASK_RSP], rax
        mov     rsp, STACK_TOP_0
        call    entered_by_call
        ; fall through

; ---- Leaving: to the current task, which may be another one than came in.

global entry_resume
entry_resume:
        mov     rdi, [CURRENT]
        test    rdi, rdi
        jz      idle
        mov     rax, [rdi + TASK_CR3]
        mov     rcx, cr3
        cmp     rax, rcx
        je      .loaded
        mov     cr3, rax
.loaded:
        lea     rax, [rdi + TASK_REGISTERS_END]
        mov     [tss + TSS_RSP0], rax
        mov     rsp, rdi
        cmp     qword [rdi + TASK_VECTOR], ENTERED_BY_CALL
        je      .by_sysret
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     r11
        pop     r10
        pop     r9
        pop     r8
        pop     rbp
        pop     rdi
        pop     rsi
        pop     rdx
        pop     rcx
        pop     rbx
        pop     rax
        add     rsp, 16                 ; vector and error code
        iretq

; RIP is canonical: it came from SYSCALL, whose instruction can't be the last of the
; user half because that page is never mapped, or was checked by TASK_SET.
.by_sysret:
        mov     rax, [rsp + TASK_RAX]
        mov     rbx, [rsp + TASK_RBX]
        mov     rcx, [rsp + TASK_RIP]
        mov     rdx, [rsp + TASK_RDX]
        mov     rsi, [rsp + TASK_RSI]
        mov     rdi, [rsp + TASK_RDI]
        mov     rbp, [rsp + TASK_RBP]
        mov     r8, [rsp + TASK_R8]
        mov     r9, [rsp + TASK_R9]
        mov     r10, [rsp + TASK_R10]
        mov     r11d, FLAGS_OF_RING3
        mov     r12, [rsp + TASK_R12]
        mov     r13, [rsp + TASK_R13]
        mov     r14, [rsp + TASK_R14]
        xor     r15d, r15d
        mov     rsp, [rsp + TASK_RSP]
        o64 sysret

; Nothing to run: an interrupt takes the processor out of here through from_core.
idle:
        mov     rsp, STACK_TOP_0
        sti
        hlt
        jmp     idle

; ---- Interrupts and exceptions.

; Vectors for which the processor pushes an error code: Intel SDM vol. 3A, table 6-1.
%define HAS_ERROR(v) (v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 || v == 30)

%macro VECTOR 1
entry_vector_%1:
        %if !HAS_ERROR(%1)
        push    0
        %endif
        push    %1
        %if %1 == 1 || %1 == 2 || %1 == 8 || %1 == 18
        jmp     on_own_stack
        %else
        jmp     interrupted
        %endif
%endmacro

%assign v 0
%rep ENTRY_VECTORS
        VECTOR v
        %assign v v + 1
%endrep

; The local APIC tells of an interrupt that went away: nothing is to be done, not
; even acknowledging it (Intel SDM vol. 3A, 10.9).
global entry_spurious
entry_spurious:
        iretq

%macro SAVE 0
        push    rax
        push    rbx
        push    rcx
        push    rdx
        push    rsi
        push    rdi
        push    rbp
        push    r8
        push    r9
        push    r10
        push    r11
        push    r12
        push    r13
        push    r14
        push    r15
        cld
%endmacro

interrupted:
        SAVE
global entry_clac
entry_clac:
        db      0x0f, 0x1f, 0x00        ; NOP; CLAC where the processor has SMAP
        mov     rdi, rsp
        test    byte [rsp + TASK_CS], 3
        jz      from_core
        mov     rsp, STACK_TOP_0        ; RDI is the task: its registers come first in it
        call    entered_by_interrupt
        jmp     entry_resume

; In ring 0 interrupts are on only while idle.
from_core:
        cmp     qword [CURRENT], 0
        jne     .broken
        cmp     qword [rdi + TASK_VECTOR], VECTOR_EXCEPTIONS
        jb      .broken
        mov     rdi, [rdi + TASK_VECTOR]
        mov     rsp, STACK_TOP_0
        call    entered_while_idle
        jmp     entry_resume
.broken:
        call    entered_by_core_exception

; #DB, NMI, #DF and #MC may come at any instruction, also between SYSCALL and the
; switch of stacks. Only #DB of ring 3 is an everyday thing: it goes on as if it had
; come on the task's own frame. A #DB that a MOV SS before SYSCALL held back until
; ring 0 is dropped.
on_own_stack:
        SAVE
        cmp     qword [rsp + TASK_VECTOR], VECTOR_DEBUG
        jne     .fatal
        test    byte [rsp + TASK_CS], 3
        jz      .drop
        mov     rdi, [CURRENT]
        mov     rsi, rsp
        mov     ecx, TASK_REGISTERS_END / 8
        rep movsq
        mov     rdi, [CURRENT]
        mov     rsp, STACK_TOP_0
        call    entered_by_interrupt
        jmp     entry_resume
.drop:
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     r11
        pop     r10
        pop     r9
        pop     r8
        pop     rbp
        pop     rdi
        pop     rsi
        pop     rdx
        pop     rcx
        pop     rbx
        pop     rax
        add     rsp, 16
        iretq
.fatal:
        mov     rdi, rsp
        call    entered_by_core_exception

; void entry_load_segments(void): takes the selectors from the GDT just loaded.
global entry_load_segments
entry_load_segments:
        mov     eax, SEGMENT_KERNEL_DATA
        mov     ss, eax
        xor     eax, eax
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        pop     rax
        push    SEGMENT_KERNEL_CODE
        push    rax
        o64 retf

section .rodata

%macro ADDRESS 1
        dq      entry_vector_%1
%endmacro

global entry_vectors
entry_vectors:
%assign v 0
%rep ENTRY_VECTORS
        ADDRESS v
        %assign v v + 1
%endrep

section .note.GNU-stack noalloc noexec nowrite progbits
