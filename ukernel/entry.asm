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
extern entry_fast_fault
extern entered_by_interrupt
extern entered_while_idle
extern entered_by_core_exception

%define CURRENT processor + PROCESSOR_CURRENT

MSR_FS_BASE     equ 0xc0000100

; The registers of a message and of a call's results, with their places in the task.
%macro MESSAGE_REGISTERS 1
        %1      RAX, rax
        %1      RDI, rdi
        %1      RSI, rsi
        %1      RDX, rdx
        %1      R10, r10
        %1      R8, r8
        %1      R9, r9
        %1      R12, r12
        %1      R13, r13
        %1      R14, r14
        %1      RBP, rbp
%endmacro

%macro STORE 2
        mov     [rsp + TASK_%1], %2
%endmacro

%macro LOAD 2
        mov     %2, [rsp + TASK_%1]
%endmacro

%macro PUSH_EACH 1-*
        %rep %0
        push    %1
        %rotate 1
        %endrep
%endmacro

%macro POP_EACH 1-*
        %rep %0
        pop     %1
        %rotate 1
        %endrep
%endmacro

section .text

; ---- Calls: SYSCALL has put RIP into RCX and RFLAGS into R11, cleared the flags in
; ---- FMASK, and left RSP as it was.

global entry_call
entry_call:
        mov     r15, rsp                ; R15 is nobody's
        mov     rsp, [CURRENT]
        mov     [rsp + TASK_RIP], rcx
        MESSAGE_REGISTERS STORE
        mov     qword [rsp + TASK_VECTOR], ENTERED_BY_CALL
        mov     rdi, rsp
        mov     [rsp + TASK_RSP], r15
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
        mov     rax, [rdi + TASK_FS_BASE]
        or      rax, [processor + PROCESSOR_FS_BASE]
        jnz     .fs_base
.go:
        lea     rax, [rdi + TASK_REGISTERS_END]
        mov     [tss + TSS_RSP0], rax
        mov     rsp, rdi
        cmp     qword [rdi + TASK_VECTOR], ENTERED_BY_CALL
        jne     entry_return_all

; RIP is canonical: it came from SYSCALL, whose instruction can't be the last of the
; user half because that page is never mapped. (What TASK_SET sets leaves by IRET.)
        MESSAGE_REGISTERS LOAD
        mov     rbx, [rsp + TASK_RBX]
        mov     rcx, [rsp + TASK_RIP]
        mov     r11d, FLAGS_OF_RING3
        xor     r15d, r15d
        mov     rsp, [rsp + TASK_RSP]
        o64 sysret

; Written whenever the last task or this one has one: ring 3 can change it without
; asking, by loading FS, so what was written before says nothing.
.fs_base:
        mov     rax, [rdi + TASK_FS_BASE]
        mov     [processor + PROCESSOR_FS_BASE], rax
        mov     rdx, rax
        shr     rdx, 32
        mov     ecx, MSR_FS_BASE
        wrmsr
        jmp     .go

; To the task whose registers RSP points to, by IRET.
global entry_return_all
entry_return_all:
        POP_EACH r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
        add     rsp, 16                 ; vector and error code
        iretq

; Nothing to run: an interrupt takes the processor out of here through from_core.
idle:
        mov     rsp, STACK_TOP_0
        sti
        hlt
        jmp     idle

; ---- Interrupts and exceptions.

; Vectors for which the processor pushes an error code: Intel SDM vol. 3A, table 6-1.
%define HAS_ERROR(v) (v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 || v == 30)

; One entry point every ENTRY_SPACING bytes.
align ENTRY_SPACING
global entry_vectors
entry_vectors:
%assign v 0
%rep ENTRY_VECTORS
        align   ENTRY_SPACING
        %if !HAS_ERROR(v)
        push    0
        %endif
        push    v
        jmp     interrupted
        %assign v v + 1
%endrep

; The local APIC tells of an interrupt that went away: nothing is to be done, not
; even acknowledging it (Intel SDM vol. 3A, 10.9).
global entry_spurious
entry_spurious:
        iretq

interrupted:
        PUSH_EACH rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
        cld
global entry_clac
entry_clac:
        db      0x0f, 0x1f, 0x00        ; NOP; CLAC where the processor has SMAP
        mov     rdi, rsp
        test    byte [rsp + TASK_CS], 3
        jz      from_core
        cmp     rdi, [CURRENT]
        jne     on_own_stack
to_task:
        mov     rax, [processor + PROCESSOR_FAST_VECTOR]
        cmp     rax, [rdi + TASK_VECTOR]
        je      entry_fast_fault
global entry_slow_interrupt
entry_slow_interrupt:
        mov     rsp, STACK_TOP_0        ; RDI is the task: its registers come first in it
        call    entered_by_interrupt
        jmp     entry_resume

; In ring 0 interrupts are on only while idle. A #DB that a MOV SS before SYSCALL held
; back until it was in ring 0 is dropped.
from_core:
        cmp     qword [rdi + TASK_VECTOR], VECTOR_DEBUG
        je      entry_return_all
        cmp     qword [CURRENT], 0
        jne     fatal
        cmp     qword [rdi + TASK_VECTOR], VECTOR_EXCEPTIONS
        jb      fatal
        mov     rdi, [rdi + TASK_VECTOR]
        mov     rsp, STACK_TOP_0
        call    entered_while_idle
        jmp     entry_resume
fatal:
        call    entered_by_core_exception

; #DB, NMI, #DF and #MC may come at any instruction, also between SYSCALL and the
; switch of stacks. Only #DB of ring 3 is an everyday thing: it goes on as if it had
; come on the task's own frame.
on_own_stack:
        cmp     qword [rsp + TASK_VECTOR], VECTOR_DEBUG
        jne     fatal
        mov     rsi, rsp
        mov     rdi, [CURRENT]
        mov     ecx, TASK_REGISTERS_END / 8
        rep movsq
        mov     rdi, [CURRENT]
        jmp     to_task

global entry_on_stack
entry_on_stack:
        mov     rsp, STACK_TOP_0
        call    rdi

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

section .note.GNU-stack noalloc noexec nowrite progbits
