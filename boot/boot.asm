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
TAG_ALIGN       equ 6                   ; modules start at pages

section .multiboot align=8
header:
        dd      MULTIBOOT_MAGIC, 0, header_end - header ; 0 is i386
        dd      0x100000000 - (MULTIBOOT_MAGIC + (header_end - header))
        dw      TAG_ALIGN, 0, 8, 0      ; type, flags, size in two halves
        dw      TAG_END, 0, 8, 0
header_end:

section .boot align=16
bits 32

global boot_start
extern core_main, clock_start

boot_start:
        cli
        cld
        mov     esp, PHYS(boot_stack_top)
        mov     edi, ebx                ; kept: the information's address
        mov     esi, PHYS(text_magic)
        cmp     eax, MULTIBOOT_GIVEN
        jne     refuse
        rdtsc
        mov     [PHYS(clock_start)], eax
        mov     [PHYS(clock_start) + 4], edx

; Long mode and NX: Intel SDM vol. 2A, CPUID. A processor that does not know CPUID
; has no long mode either: it can't change EFLAGS.ID.
        mov     esi, PHYS(text_long_mode)
        pushfd
        pop     eax
        btc     eax, 21
        push    eax
        popfd
        pushfd
        xor     eax, [esp]
        bt      eax, 21
        jc      refuse
        mov     eax, 0x80000000
        cpuid
        cmp     eax, 0x80000001
        jb      refuse
        mov     eax, 0x80000001
        cpuid
        bt      edx, 29
        jnc     refuse
        mov     esi, PHYS(text_nx)
        bt      edx, 20
        jnc     refuse

; The order is the manual's: PAE, CR3, EFER.LME, then CR0.PG (Intel SDM vol. 3A,
; 9.8.5). NXE comes with LME, WP with PG: before any entry that relies on them.
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
        lgdt    [PHYS(boot_gdt)]
        jmp     0x08:PHYS(in_long_mode)

; Says the sentence at ESI on VGA text, white on red, and on COM1, and stops for good.
refuse:
        mov     edi, 0xb8000
.next:
        lodsb
        mov     ah, 0x4f
        stosw
        mov     dx, 0x3f8
        out     dx, al
        mov     dx, 0x3f8 + 5
        mov     ecx, 100000
.wait:
        in      al, dx
        test    al, 0x20
        loopz   .wait
        cmp     byte [esi], 0
        jne     .next
        mov     dx, 0xf4                ; QEMU's isa-debug-exit
        mov     eax, END_BOOT
        out     dx, eax
        mov     esi, PHYS(text_shutdown)
        mov     ecx, 8
        mov     dx, 0x8900              ; Bochs
        rep     outsb
        hlt
        jmp     $ - 1

bits 64
in_long_mode:
        mov     edi, edi                ; the upper half was undefined
        mov     rsp, boot_stack_top
        mov     rax, core_main
        call    rax                     ; never returns

section .rodata

text_magic:     db "boot refused: the core wants a Multiboot2 boot loader", 13, 10, 0
text_long_mode: db "boot refused: the processor has no long mode", 13, 10, 0
text_nx:        db "boot refused: the processor can't forbid execution (NX)", 13, 10, 0
text_shutdown:  db "Shutdown"

align 8
boot_gdt:
        dw      15                      ; the first descriptor is never read: here it is LGDT's
        dd      PHYS(boot_gdt)          ; operand, limit and base
        dw      0
        dq      0x00209b0000000000      ; ring 0 code, 64-bit

; 4 GiB in 2 MiB pages, seen three times: at 0 (until C has tables of its own), at the
; PMO's place, and the first GiB where the image is linked.

%define TABLE(x) (PHYS(x) + 3)          ; present, writable
%define PAGE_2M  0x83                   ; the same, and large

section .data
align PAGE
boot_pml4:
        dq      TABLE(boot_pdpt)
        times 255 dq 0
        dq      TABLE(boot_pdpt)
        times 254 dq 0
        dq      TABLE(boot_pdpt_top)
boot_pdpt:
        dq      TABLE(boot_pd), TABLE(boot_pd + PAGE), TABLE(boot_pd + 2 * PAGE), TABLE(boot_pd + 3 * PAGE)
        times 508 dq 0
boot_pdpt_top:
        times 510 dq 0
        dq      TABLE(boot_pd), 0
boot_pd:
%assign address 0
%rep 4 * 512
        dq      address + PAGE_2M
%assign address address + (2 << 20)
%endrep

section .bss
alignb PAGE
boot_stack:     resb 2 * PAGE
boot_stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
