; From GRUB to C: Multiboot2 header, checks, the first page tables, long mode.
;
; What is reached here runs at its physical address until the jump to the higher
; half: PHYS() turns a linked address into it.

%include "offsets.inc"

%define PHYS(x) ((x) - IMAGE_BASE)

IMAGE_BASE      equ 0xffffffff80000000
PAGE            equ 4096

; ---- Multiboot2 specification 3.1: the header.

MULTIBOOT_MAGIC equ 0xe85250d6
MULTIBOOT_GIVEN equ 0x36d76289          ; in EAX when a Multiboot2 loader starts us
TAG_END         equ 0
TAG_ALIGN       equ 6

section .multiboot align=8
header:
        dd      MULTIBOOT_MAGIC
        dd      0                       ; i386
        dd      header_end - header
        dd      0x100000000 - (MULTIBOOT_MAGIC + (header_end - header))
        dw      TAG_ALIGN, 0            ; modules start at pages
        dd      8
        dw      TAG_END, 0
        dd      8
header_end:

section .boot align=16
bits 32

global boot_start
extern core_main
extern clock_start

boot_start:
        cli
        cld
        mov     esp, PHYS(boot_stack_top)
        mov     edi, ebx                ; kept: the information's address
        mov     esi, eax                ; kept: the magic
        rdtsc
        mov     [PHYS(clock_start)], eax
        mov     [PHYS(clock_start) + 4], edx
        cmp     esi, MULTIBOOT_GIVEN
        mov     ebx, PHYS(text_magic)
        jne     refuse
        call    check_processor
        call    make_tables
        call    enter_long_mode
        lgdt    [PHYS(boot_gdt_register)]
        jmp     0x08:PHYS(in_long_mode)

; Long mode and NX: Intel SDM vol. 2A, CPUID. A processor that does not know CPUID
; has no long mode either.
check_processor:
        mov     ebx, PHYS(text_long_mode)
        pushfd
        pop     eax
        mov     ecx, eax
        xor     eax, 1 << 21            ; EFLAGS.ID can be changed where there is CPUID
        push    eax
        popfd
        pushfd
        pop     eax
        cmp     eax, ecx
        je      refuse
        push    ebx
        mov     eax, 0x80000000
        cpuid
        pop     ebx
        cmp     eax, 0x80000001
        jb      refuse
        push    ebx
        mov     eax, 0x80000001
        cpuid
        pop     ebx
        bt      edx, 29
        jnc     refuse
        mov     ebx, PHYS(text_nx)
        bt      edx, 20
        jnc     refuse
        ret

; 4 GiB in 2 MiB pages, seen three times: at 0 (until C is entered), at the PMO's
; place, and its first GiB where the image is linked.
make_tables:
        mov     dword [PHYS(boot_pml4)], PHYS(boot_pdpt) + 3
        mov     dword [PHYS(boot_pml4) + 256 * 8], PHYS(boot_pdpt) + 3
        mov     dword [PHYS(boot_pml4) + 511 * 8], PHYS(boot_pdpt_top) + 3
        mov     dword [PHYS(boot_pdpt_top) + 510 * 8], PHYS(boot_pd) + 3
        mov     ecx, 4
.pdpt:
        mov     eax, ecx
        shl     eax, 12
        add     eax, PHYS(boot_pd) - PAGE + 3
        mov     [PHYS(boot_pdpt) + ecx * 8 - 8], eax
        loop    .pdpt
        mov     ecx, 4 * 512
.pd:
        mov     eax, ecx
        dec     eax
        shl     eax, 21
        or      eax, 0x83               ; present, writable, 2 MiB
        mov     [PHYS(boot_pd) + ecx * 8 - 8], eax
        loop    .pd
        ret

; The order is the manual's: PAE, CR3, EFER.LME, then CR0.PG (Intel SDM vol. 3A,
; 9.8.5). NXE comes with LME, WP with PG: before any entry that relies on them.
enter_long_mode:
        mov     eax, 1 << 5
        mov     cr4, eax
        mov     eax, PHYS(boot_pml4)
        mov     cr3, eax
        mov     ecx, 0xc0000080
        mov     eax, 1 << 8 | 1 << 11
        xor     edx, edx
        wrmsr
        mov     eax, 1 << 31 | 1 << 16 | 1 << 5 | 1 << 0
        mov     cr0, eax
        ret

; Says the sentence at EBX on VGA text and COM1, and stops for good.
refuse:
        mov     edi, 0xb8000
        mov     ah, 0x4f
.next:
        mov     al, [ebx]
        test    al, al
        jz      .end
        mov     [edi], ax
        add     edi, 2
        mov     dx, 0x3f8
        out     dx, al
        mov     dx, 0x3f8 + 5
        mov     ecx, 100000
.wait:
        in      al, dx
        test    al, 0x20
        loopz   .wait
        inc     ebx
        jmp     .next
.end:
        mov     dx, 0xf4                ; QEMU's isa-debug-exit
        mov     eax, END_BOOT
        out     dx, eax
        mov     ebx, PHYS(text_shutdown)
        mov     dx, 0x8900              ; Bochs
.shutdown:
        mov     al, [ebx]
        out     dx, al
        inc     ebx
        test    al, al
        jnz     .shutdown
        hlt
        jmp     $ - 1

bits 64
in_long_mode:
        xor     eax, eax
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax
        mov     edi, edi                ; the upper half was undefined
        mov     rsp, boot_stack_top
        mov     rax, core_main
        call    rax                     ; never returns

section .rodata

text_magic:     db "boot refused: the core wants a Multiboot2 boot loader", 13, 10, 0
text_long_mode: db "boot refused: the processor has no long mode", 13, 10, 0
text_nx:        db "boot refused: the processor can't forbid execution (NX)", 13, 10, 0
text_shutdown:  db "Shutdown", 0

align 8
boot_gdt:
        dq      0
        dq      0x00209b0000000000      ; ring 0 code, 64-bit
boot_gdt_register:
        dw      $ - boot_gdt - 1
        dd      PHYS(boot_gdt)

section .bss
alignb PAGE
boot_pml4:      resb PAGE
boot_pdpt:      resb PAGE
boot_pdpt_top:  resb PAGE
boot_pd:        resb 4 * PAGE
boot_stack:     resb 2 * PAGE
boot_stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
