; What fpu.h declares.

%include "tests/tasks/registers.inc"

bits 64
default rel

; The image: FXSAVE's area, then the upper halves of the YMM registers.
UPPER           equ 512
HALF            equ 16

%macro STORE_ALL 1 ; to [%1]; EDX: whether there are upper halves
        fxsave64 [%1]
        test    edx, edx
        jz      %%done
        %assign i 0
        %rep 16
        vextractf128 [%1 + UPPER + i * HALF], ymm %+ i, 1
        %assign i i + 1
        %endrep
%%done:
%endmacro

%macro LOAD_ALL 1
        fxrstor64 [%1]
        test    edx, edx
        jz      %%done
        %assign i 0
        %rep 16
        vinsertf128 ymm %+ i, ymm %+ i, [%1 + UPPER + i * HALF], 1
        %assign i i + 1
        %endrep
%%done:
%endmacro

section .text

global fpu_look
fpu_look:
        mov     edx, esi
        STORE_ALL rdi
        ret

; RDI: what to load, RSI: where to store, EDX: upper halves, RCX: what to do in between,
; with R8 as its argument.
global fpu_keep
fpu_keep:
        PUSH_EACH SAVED_REGISTERS
        push    rdx
        push    rsi
        LOAD_ALL rdi
        mov     rdi, r8
        call    rcx
        pop     rsi
        pop     rdx
        STORE_ALL rsi
        POP_EACH SAVED_BACKWARD
        ret

global between_nothing
between_nothing:
        ret

global between_spin
between_spin:
        mov     rcx, rdi
.again: loop    .again
        ret

global between_touch
between_touch:
        mov     byte [rdi], 1
        ret

; RDI: number of the call in bits 0 to 31, a handle in 32 to 63. No word but 0.
global between_call
between_call:
        mov     eax, edi
        shr     rdi, 32
        xor     esi, esi
        syscall
        ret

; ---- Deaths (ends.h). Which exceptions are masked: Intel SDM vol. 1, 8.1.5 and 10.2.3.

ZERO_DIVIDE     equ 1 << 2

global x87_error, x87_error_at
x87_error:
        push    0x37f & ~ZERO_DIVIDE
        fninit
        fldcw   [rsp]
        fld1
        fldz
        fdivp   st1, st0                ; noted; told of by the next instruction that waits
x87_error_at:
        fwait

global simd_error, simd_error_at, simd_error_passed
simd_error:
        push    0x1f80 & ~(ZERO_DIVIDE << 7)
        ldmxcsr [rsp]
        xorps   xmm0, xmm0
        mov     eax, 1
        cvtsi2ss xmm1, eax
simd_error_at:
        divss   xmm1, xmm0
simd_error_passed:
        ud2

global x87_at_rest, x87_at_rest_at
x87_at_rest:
        fninit
        fld1
        fldz
        fdivp   st1, st0                ; masked: infinity
        fwait
x87_at_rest_at:
        ud2

section .note.GNU-stack noalloc noexec nowrite progbits
