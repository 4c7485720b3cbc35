; Where a thread starts. memsrv sets RDI to the address of its block (thread.c) and RSI to
; that of its IPC buffer: thread_main's arguments. The stack pointer is aligned.

bits 64

global thread_enter
extern thread_main

section .text

thread_enter:
    xor ebp, ebp            ; the outermost frame
    call thread_main
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
