; Instructions that end a task. Each function has a label where RIP stands when the exception is
; told of: at the instruction for a fault, behind it for a trap (Intel SDM vol. 3A, 6.5).

bits 64
default rel

%macro DEATH 1
        global  %1, %1_at
%1:
%endmacro

TRAP_FLAG       equ 0x100
ALIGNMENT_FLAG  equ 0x40000

; Sets flags by way of the stack.
%macro SET_FLAGS 1
        pushfq
        or      qword [rsp], %1
        popfq
%endmacro

section .text

DEATH divide_by_zero
        xor     ecx, ecx
        mov     eax, 1
        xor     edx, edx
divide_by_zero_at:
        div     ecx

DEATH divide_overflow
        mov     eax, 1 << 31
        cdq
        mov     ecx, -1
divide_overflow_at:
        idiv    ecx

DEATH single_step
        SET_FLAGS TRAP_FLAG
        nop
single_step_at:
        nop

; SYSCALL itself is not stepped over: it clears TF, and the call comes back without.
; EDI: the number of a call without arguments.
DEATH single_step_into_a_call
        mov     eax, edi
        SET_FLAGS TRAP_FLAG
        syscall
        nop
single_step_into_a_call_at:
        ud2

; QEMU 7.2 does not know it, and says #UD.
DEATH one_byte_debug_trap
        db      0xf1
one_byte_debug_trap_at:
        nop

DEATH breakpoint
        int3
breakpoint_at:
        nop

DEATH breakpoint_by_number
        db      0xcd, 3
breakpoint_by_number_at:
        nop

DEATH invalid_opcode
invalid_opcode_at:
        ud2

DEATH not_in_64_bits
not_in_64_bits_at:
        db      0xce                    ; INTO

DEATH lock_without_memory
lock_without_memory_at:
        db      0xf0, 0x90              ; LOCK NOP

DEATH privileged
privileged_at:
        hlt

DEATH port_access
        mov     edx, 0x3f8
port_access_at:
        in      al, dx

DEATH interrupt_of_a_fault
interrupt_of_a_fault_at:
        int     14

DEATH interrupt_of_nobody
interrupt_of_nobody_at:
        int     0x80

DEATH kernel_selector
        mov     eax, 0x10
kernel_selector_at:
        mov     ds, eax

DEATH selector_beyond_the_table
        mov     eax, 0xfff8
selector_beyond_the_table_at:
        mov     fs, eax

DEATH read_of_no_address
        mov     rax, 0x800000000000
read_of_no_address_at:
        mov     eax, [rax]

DEATH push_to_no_address
        mov     rsp, 0x800000000010
push_to_no_address_at:
        push    rax

; Misaligned, with AC set: it counts only if CR0.AM is set too.
DEATH misaligned_access
        SET_FLAGS ALIGNMENT_FLAG
        mov     eax, [rsp - 9]
misaligned_access_at:
        ud2

; The core does not touch the task's stack.
DEATH on_the_kernels_stack
        mov     rsp, 0xffffe0000000fff8
on_the_kernels_stack_at:
        ud2

DEATH without_a_stack
        xor     esp, esp
without_a_stack_at:
        ud2

; EDI points to memory that isn't there yet: first the page is brought, then the step is over.
DEATH step_over_a_page_fault
        SET_FLAGS TRAP_FLAG
        mov     byte [rdi], 1
step_over_a_page_fault_at:
        nop

; Page faults: RDI has the address.
DEATH read_at
read_at_at:
        mov     al, [rdi]

DEATH write_at
write_at_at:
        mov     byte [rdi], 1

DEATH read_word_at
read_word_at_at:
        mov     rax, [rdi]

DEATH read_fs_at
read_fs_at_at:
        mov     rax, [fs:rdi]

; FS without a selector: what its base is then depends on the processor, but it is
; none of another task's (Intel SDM vol. 3A, 3.4.4).
DEATH read_fs_without_selector_at
        xor     eax, eax
        mov     fs, eax
read_fs_without_selector_at_at:
        mov     rax, [fs:rdi]

DEATH read_gs_at
read_gs_at_at:
        mov     rax, [gs:rdi]

DEATH jump_to
        jmp     rdi
jump_to_at:

section .note.GNU-stack noalloc noexec nowrite progbits
