; What served.h declares.

%include "tests/tasks/registers.inc"

bits 64
default rel

DIRECTION       equ 0x400

section .text

global touch_with_pattern
touch_with_pattern:
        PUSH_EACH SAVED_REGISTERS
        push    rdi
        mov     rcx, rsi
        mov     rax, rdi
        FILL    PATTERN_REGISTERS
        mov     [stack], rsp
        push    ALL_FLAGS
        popfq
        mov     rcx, [rcx]              ; the fault
        pushfq
        cld
        xor     eax, eax
        cmp     qword [rsp], ALL_FLAGS
        setne   al
        add     rsp, 8
        cmp     rsp, [stack]
        mov     rsp, [stack]
        setne   ah
        add     al, ah
        movzx   eax, al
        add     rcx, rax
        pop     rax
        push    rcx
        COUNT_CHANGED PATTERN_REGISTERS
        pop     rax
        POP_EACH SAVED_BACKWARD
        ret

; Both with RDI, RSI, RCX as the string instructions want them; R8 the direction.
%macro STRING 1
        mov     r9, rdi
        mov     r10, rsi
        mov     r11, rcx
        test    r8, r8
        jz      %%forward
        std
        neg     r11
%%forward:
        rep %1
        pushfq
        pop     rdx
        cld
        xor     eax, eax
        test    rcx, rcx
        setnz   al
        add     r9, r11
        cmp     rdi, r9
        je      %%to
        or      al, 4
%%to:
        and     edx, DIRECTION
        setnz   dl
        test    r8, r8
        setnz   cl
        cmp     cl, dl
        je      %%direction
        or      al, 8
%%direction:
%endmacro

global move_bytes
move_bytes:
        mov     r8, rcx
        mov     rcx, rdx
        STRING  movsb
        add     r10, r11
        cmp     rsi, r10
        je      .from
        or      al, 2
.from:
        ret

global store_bytes
store_bytes:
        mov     r8, rcx
        mov     rcx, rdx
        mov     eax, esi
        STRING  stosb
        ret

global push_deep
push_deep:
        xor     eax, eax
        mov     rcx, rdi
.push:
        push    rcx
        loop    .push
.pop:
        inc     rcx
        pop     rdx
        cmp     rcx, rdx
        je      .same
        inc     rax
.same:
        cmp     rcx, rdi
        jb      .pop
        ret

section .bss
stack:  resq 1

section .note.GNU-stack noalloc noexec nowrite progbits
