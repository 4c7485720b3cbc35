; Where a program starts. memsrv sets RDI to the address of struct hf_start
; (include/handoff/mem.h), which start gets as its argument.

bits 64

global _start
extern start

section .text

_start:
    xor ebp, ebp            ; the outermost frame
    and rsp, -16            ; System V ABI, 3.2.2: aligned before a call
    call start
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
