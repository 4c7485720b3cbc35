; Forking: the child starts behind the parent's call, on its copy of the parent's stack. What a
; function's caller expects to find unchanged stands there (System V ABI, 3.2.1).

bits 64

global mem_fork
extern fork_ask

section .text

; hf_status_t mem_fork(struct mem_task *task)
mem_fork:
        push    rbp
        push    rbx
        push    r12
        push    r13
        push    r14
        push    r15
        push    rdi
        lea     rsi, [rel .child]
        mov     rdx, rsp
        call    fork_ask                ; (task, where the child starts, its stack pointer)
        pop     rdi
        jmp     .return
.child:
        pop     rdi
        mov     qword [rdi], 0          ; handle
        mov     qword [rdi + 8], 0      ; number
        xor     eax, eax                ; HF_OK
.return:
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbx
        pop     rbp
        ret

section .note.GNU-stack noalloc noexec nowrite progbits
