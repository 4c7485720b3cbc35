; A boot loader between GRUB and the core, for boot information that GRUB would never give: puts
; the core's image where it belongs and enters it with EAX and EBX as loader.py says.
bits 32
org 0x1000000

header:
    dd 0xe85250d6, 0, header_end - header, -(0xe85250d6 + header_end - header)
    dw 2, 0                     ; where to load what
    dd 24, header, header, 0, 0
    dw 3, 0                     ; where to start
    dd 12, start
    align 8
    dw 0, 0
    dd 8
header_end:

start:
    cld
    mov esi, IMAGE
    mov edi, IMAGE_LOAD
    mov ecx, IMAGE_BYTES / 4
    rep movsd
    mov eax, MAGIC
    mov ebx, INFO
    jmp ENTRY

    times 4096 - ($ - $$) db 0
