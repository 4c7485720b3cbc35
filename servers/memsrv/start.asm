; Where memsrv starts: the core has set RDI to the boot information and RSP to the
; end of a mapped stack.

bits 64

global _start
extern memsrv_main

section .text

_start:
        xor     ebp, ebp                ; the outermost frame
        call    memsrv_main
        ud2

section .note.GNU-stack noalloc noexec nowrite progbits
