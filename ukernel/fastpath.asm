; The fast path of messages: a call to a waiting receiver, and the reply with which a
; server goes back to waiting. It is where LSTAR points; whatever it doesn't do it
; leaves to entry_call, having changed nothing that counts, and the result is the same either way.
;
; What makes a message common, and what is then left out:
;
;   checked here                            so there is no need to
;   ------------------------------------    ---------------------------------------------
;   the tag is a label alone, below the     check and move bytes and a handle
;     core's: RSI is below 2^31
;   the handle has the right, its frame     (nothing: this is what authority is)
;     is an endpoint, its serial the same
;   call: somebody receives there           queue the sender
;   reply: a caller waits; nothing is to    look for what to receive next, or for a place
;     be received, nobody else receives       in the queue: the server is alone in it
;   reply: the caller is as important as    choose who runs next (of a call the receiver
;     all that are ready                      does: it is raised to its caller's priority)
;   TASK_SLOW of both is zero: no FPU       save the FPU, write FS base, take apart what
;     state, no FS base, no fault             of the registers is the message
;
; The words of the message stay in their registers all the way. RSP stays ring 3's:
; nothing is pushed, nothing can fault, and what could interrupt (NMI, #MC, #DB) has
; stacks of its own.
; Free to be used are RAX, RBX, R11 and R15, in which no argument comes, and R14,
; which is one for MMU_REPLY_RECEIVE only.
;
; A page fault is a call too, which the core makes to the task's pager, and takes the
; same way: the words are found in the fault instead of the sender's registers. (Other
; exceptions are rare.) `fastpath=off` on the command line turns all of it off.

%include "offsets.inc"

bits 64
default rel

extern processor
extern tss
extern entry_call
extern entry_resume
extern entry_return_all
extern call_mmu
extern mmu_granted
extern call_reply_receive
extern call_end
extern entry_slow_interrupt
extern ipc_fault_words

%define CURRENT processor + PROCESSOR_CURRENT

; The frame table's entry of an object in the PMO: 8 bytes for each 4096.
%define ENTRY_SHIFT 9
%define ENTRY_BASE (FRAME_ENTRIES_START - (PMO_START >> ENTRY_SHIFT))

; Whether the handle RBX names an endpoint that is there still: that is R11; else goes to %1.
%macro ALIVE 1
        mov     r11, ENTRY_BASE
        mov     rax, [rbx + HANDLE_OBJECT]
        shr     rax, ENTRY_SHIFT
        cmp     byte [r11 + rax], HF_FRAME_ENDPOINT
        jne     %1
        mov     r11, [rbx + HANDLE_OBJECT]
        mov     rax, [rbx + HANDLE_SERIAL]
        cmp     rax, [r11 + ENDPOINT_SERIAL]
        jne     %1
%endmacro

; R15: the current task, RBX: its handle of number RDI, which must have the right %1,
; R11: the endpoint that this names; else goes to %2.
%macro FIND_ENDPOINT 2
        cmp     rsi, TAG_CORE_LABEL - 1
        ja      entry_call
        cmp     rdi, HF_HANDLE_COUNT - 1
        ja      entry_call
        mov     r15, [CURRENT]
        mov     rbx, rdi
        shl     rbx, HANDLE_SHIFT
        add     rbx, [r15 + TASK_HANDLES]
        mov     eax, [rbx + HANDLE_KIND]
        and     eax, (%1 << 8) | 0xff   ; the rights stand behind the kind
        cmp     eax, (%1 << 8) | HF_HANDLE_ENDPOINT
        jne     %2
        ALIVE   %2
%endmacro

; R14: the caller whose call R15 has in hand; else goes to %1.
%macro FIND_CALLER 1
        mov     r14, [r15 + TASK_CALLER]
        cmp     r14, GONE_CALL          ; or NO_CALL, which is less
        jbe     %1
%endmacro

; Nothing is to be received from the endpoint R11, nobody else receives from it, and
; R14 is as important as whoever is ready; else goes to %1.
%macro CALLER_IS_NEXT 1
        mov     rax, [r11 + ENDPOINT_SENDERS_FIRST]
        or      rax, [r11 + ENDPOINT_RECEIVERS_FIRST]
        or      rax, [r11 + ENDPOINT_BITS]
        jnz     %1
        movzx   eax, byte [r14 + TASK_EFFECTIVE]
        cmp     rax, [processor + PROCESSOR_TOP]
        jl      %1
%endmacro

; R15 stops here, until it is given a message.
%macro SAVE 0
        mov     [r15 + TASK_RIP], rcx
        mov     [r15 + TASK_RSP], rsp
        mov     [r15 + TASK_RBP], rbp
        mov     qword [r15 + TASK_VECTOR], ENTERED_BY_CALL
%endmacro

; R14: who receives at the endpoint R11, and neither of the two is slow; else goes to %1.
%macro FIND_RECEIVER 1
        mov     r14, [r11 + ENDPOINT_RECEIVERS_FIRST]
        test    r14, r14
        jz      %1
        mov     al, [r15 + TASK_SLOW]
        or      al, [r14 + TASK_SLOW]
        jnz     %1
%endmacro

; R14, the first receiver at the endpoint R11, has R15's call in hand from now on.
%macro DELIVER 0
        mov     rax, [r14 + TASK_NEXT]
        mov     [r11 + ENDPOINT_RECEIVERS_FIRST], rax
        mov     byte [r15 + TASK_STATE], HF_TASK_WAITING
        mov     [r15 + TASK_SERVER], r14
        mov     [r14 + TASK_CALLER], r15
        mov     al, [r15 + TASK_EFFECTIVE]
        cmp     al, [r14 + TASK_EFFECTIVE]
        jbe     %%important_enough
        mov     [r14 + TASK_EFFECTIVE], al
%%important_enough:
%endmacro

; R15 waits at the endpoint R11, with no call in hand.
%macro WAIT_AT_ENDPOINT 0
        mov     [r11 + ENDPOINT_RECEIVERS_FIRST], r15
        mov     [r11 + ENDPOINT_RECEIVERS_LAST], r15
        mov     qword [r15 + TASK_NEXT], 0
        mov     [r15 + TASK_QUEUED_AT], r11
        mov     byte [r15 + TASK_STATE], HF_TASK_RECEIVING
        mov     qword [r15 + TASK_CALLER], NO_CALL
        mov     al, [r15 + TASK_PRIORITY]
        mov     [r15 + TASK_EFFECTIVE], al
%endmacro

; R14 runs instead of R15.
%macro SWITCH 0
        mov     byte [r14 + TASK_STATE], HF_TASK_READY
        mov     [CURRENT], r14
        mov     rax, [r14 + TASK_CR3]
        cmp     rax, [r15 + TASK_CR3]
        je      %%same_aspace
        mov     cr3, rax
%%same_aspace:
        lea     rax, [r14 + TASK_REGISTERS_END]
        mov     [tss + TSS_RSP0], rax
%endmacro

; To ring 3, with RCX as RIP: it is canonical (see entry_resume).
%macro LEAVE 0
        xor     eax, eax                ; HF_OK
        xor     r15d, r15d
        mov     r11d, FLAGS_OF_RING3
        o64 sysret
%endmacro

%macro RESUME_CALL 0
        mov     rcx, [r14 + TASK_RIP]
        mov     rsp, [r14 + TASK_RSP]
        mov     rbp, [r14 + TASK_RBP]
        mov     r14, [r14 + TASK_R14]   ; how many operations MMU_REPLY_RECEIVE did
        LEAVE
%endmacro

; A page fault's answer says only that the task may go on, and all its registers are
; as the fault found them.
%macro RESUME_FAULT 0
        mov     byte [r14 + TASK_SLOW], 0
        mov     rsp, r14
        jmp     entry_return_all
%endmacro

section .rodata align=8

; The calls that have a fast path, by number.
fast_calls:
%assign number 0
%rep HF_CALL_COUNT
    %if number == HF_CALL_CALL
        dq      call
    %elif number == HF_CALL_REPLY_RECEIVE
        dq      reply_receive
    %elif number == HF_CALL_MMU_REPLY_RECEIVE
        dq      mmu_reply_receive
    %elif number == HF_CALL_MMU_ONE
        dq      mmu_operation
    %elif number == HF_CALL_YIELD
        dq      yield
    %else
        dq      entry_call
    %endif
    %assign number number + 1
%endrep

section .text

global entry_fast_call
entry_fast_call:
        cmp     rax, HF_CALL_COUNT
        jae     entry_call
        jmp     [abs fast_calls + rax * 8]

call:
        FIND_ENDPOINT HF_RIGHT_CALL, not_call
        FIND_RECEIVER not_call
; commit
        SAVE
        DELIVER
        SWITCH
        mov     rdi, [rbx + HANDLE_BADGE]
        mov     rbx, [r15 + TASK_SERIAL]
        RESUME_CALL

reply_receive:
        FIND_ENDPOINT HF_RIGHT_RECEIVE, not_reply_receive
        FIND_CALLER not_reply_receive
        CALLER_IS_NEXT not_reply_receive
        mov     al, [r15 + TASK_SLOW]
        or      al, [r14 + TASK_SLOW]
        jnz     .maybe_fault
; commit
        SAVE
        WAIT_AT_ENDPOINT
        SWITCH
        xor     edi, edi                ; no badge and no serial comes with a reply
        xor     ebx, ebx
        RESUME_CALL

.maybe_fault:
        cmp     al, SLOW_FAULT
        jne     not_reply_receive
; commit
        SAVE
        WAIT_AT_ENDPOINT
        SWITCH
        RESUME_FAULT

; A yield with nobody to yield to changes nothing. Its caller polls, so it is common.
yield:
        mov     r15, [CURRENT]
        movzx   ebx, byte [r15 + TASK_EFFECTIVE]
        cmp     rbx, [processor + PROCESSOR_TOP]
        jle     entry_call
        cmp     byte [r15 + TASK_SLOW], 0
        jne     entry_call
        LEAVE

; One MMU operation: it comes and goes in four registers. R12 and R13 keep RIP and RSP
; meanwhile, since C keeps them.
mmu_operation:
        mov     r15, [CURRENT]
        cmp     word [r15 + TASK_SLOW], MEMORY_AND_NOT_SLOW
        jne     entry_call
        mov     r12, rcx
        mov     r13, rsp
        mov     rsp, STACK_TOP_0
        push    r10                     ; struct hf_operation
        push    rdx
        push    rsi
        push    rdi
        mov     rsi, rsp
        %rep HF_RESULT_BYTES / 8
        push    0                       ; struct hf_result
        %endrep
        mov     rdx, rsp
        push    0                       ; struct mmu
        mov     rax, MMU_BUDGET
        push    rax
        push    r15
        mov     rdi, rsp
        call    mmu_granted
        add     rsp, MMU_BYTES
        mov     [rsp], eax              ; the result's status
        pop     rdi
        pop     rsi
        pop     rdx
        pop     r10
        movzx   ecx, byte [r15 + TASK_EFFECTIVE]
        cmp     rcx, [processor + PROCESSOR_TOP]
        mov     rcx, r12
        mov     rsp, r13
        jl      .switch
        xor     r8d, r8d
        xor     r9d, r9d
        xor     r15d, r15d
        mov     r11d, FLAGS_OF_RING3
        o64 sysret
.switch:
        SAVE
        mov     [r15 + TASK_RDI], rdi
        mov     [r15 + TASK_RSI], rsi
        mov     [r15 + TASK_RDX], rdx
        mov     [r15 + TASK_R10], r10
        mov     rsp, STACK_TOP_0
        mov     rdi, r15
        mov     esi, eax
        call    call_end
        jmp     entry_resume

; What a pager does for a fault: the same, with operations before the reply (who has no
; MEMORY is refused there). They may change everything, so what the reply needs is looked
; at again after them.
mmu_reply_receive:
        FIND_ENDPOINT HF_RIGHT_RECEIVE, not_mmu_reply_receive
        mov     [r15 + TASK_R14], r14
        FIND_CALLER not_after_count
        mov     al, [r15 + TASK_SLOW]
        or      al, [r14 + TASK_SLOW]
        cmp     al, SLOW_FAULT
        jne     not_after_count
; commit
        SAVE
        mov     [r15 + TASK_RDI], rdi
        mov     [r15 + TASK_RSI], rsi
        mov     rdi, r15
        mov     rsp, STACK_TOP_0
        call    call_mmu                ; keeps RBX, RBP, R14 and R15
        test    eax, eax
        jnz     .end
        ALIVE   .slow
        cmp     r14, [r15 + TASK_CALLER]
        jne     .slow
        CALLER_IS_NEXT .slow
        WAIT_AT_ENDPOINT
        SWITCH
        RESUME_FAULT
.slow:  mov     qword [r15 + TASK_RAX], HF_CALL_REPLY_RECEIVE
        mov     rdi, r15
        call    call_reply_receive
.end:   mov     rdi, r15
        mov     esi, eax
        call    call_end
        jmp     entry_resume

; A page fault: RDI is the task, whose registers are saved.
global entry_fast_fault
entry_fast_fault:
        mov     r15, rdi
        lea     rbx, [r15 + TASK_PAGER]
        cmp     byte [rbx + HANDLE_KIND], HF_HANDLE_ENDPOINT
        jne     entry_slow_interrupt
        ALIVE   entry_slow_interrupt
        FIND_RECEIVER entry_slow_interrupt
; commit
        mov     byte [r15 + TASK_SLOW], SLOW_FAULT
        mov     rax, cr2
        mov     [r15 + TASK_FAULT_ADDRESS], rax
        DELIVER
        SWITCH
        mov     rdi, r15
        mov     rsp, STACK_TOP_0
        call    ipc_fault_words         ; keeps RBX, R14 and R15
        mov     rdi, [rbx + HANDLE_BADGE]
        mov     rbx, [r15 + TASK_SERIAL]
        mov     esi, HF_LABEL_FAULT
        mov     r12, rax
        mov     r13, rdx
        mov     rdx, [r15 + TASK_FAULT_ADDRESS]
        mov     r10, [r15 + TASK_ERROR]
        mov     r8, [r15 + TASK_RIP]
        mov     r9, [r15 + TASK_RSP]
        RESUME_CALL

not_call:
        mov     eax, HF_CALL_CALL
        xor     r14d, r14d              ; comes back to ring 3 as it is now
        jmp     entry_call
not_reply_receive:
        mov     eax, HF_CALL_REPLY_RECEIVE
        xor     r14d, r14d
        jmp     entry_call
not_after_count:
        mov     r14, [r15 + TASK_R14]
not_mmu_reply_receive:
        mov     eax, HF_CALL_MMU_REPLY_RECEIVE
        jmp     entry_call

section .note.GNU-stack noalloc noexec nowrite progbits
