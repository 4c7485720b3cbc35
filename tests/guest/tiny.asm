; A guest that only tries out the tools: prints its command line and its modules' strings on
; COM1, a line each, and then ends as END says. A flat file that GRUB loads at 2 MiB.
bits 32
org 0x200000

%define COM1 0x3f8
%define LINE_CONTROL 3
%define EIGHT_BITS 3
%define LINE_STATUS 5
%define TRANSMITTER_EMPTY 0x40
%define TAG_END 0
%define TAG_COMMAND_LINE 1
%define TAG_MODULE 3

%macro EXIT 1
    mov dx, 0xf4
    mov al, %1
    out dx, al
%endmacro

%macro SHUTDOWN 0
    mov dx, 0x8900              ; Bochs
    mov esi, shutdown
    mov ecx, 8
    rep outsb
%endmacro

%macro TRIPLE_FAULT 0
    lidt [no_table]
    int3
%endmacro

%macro RESET 0
    mov al, 0xfe                ; the keyboard controller pulls the reset line
    out 0x64, al
%endmacro

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
    mov esp, stack
    mov dx, COM1 + LINE_CONTROL
    mov al, EIGHT_BITS
    out dx, al
    lea ebx, [ebx + 8]          ; EBX: the boot information, its first tag 8 bytes on
.tag:
    lea esi, [ebx + 8]
    cmp dword [ebx], TAG_COMMAND_LINE
    je .show
    lea esi, [ebx + 16]
    cmp dword [ebx], TAG_MODULE
    je .show
    cmp dword [ebx], TAG_END
    je .done
.next:
    mov eax, [ebx + 4]
    add eax, 7
    and eax, -8
    add ebx, eax
    jmp .tag
.show:
    call print
    mov esi, newline
    call print
    jmp .next
.done:
    mov esi, prompt
    call print
    END
    hlt

print:
    mov dx, COM1 + LINE_STATUS
.wait:
    in al, dx
    test al, TRANSMITTER_EMPTY
    jz .wait
    mov dx, COM1
    lodsb
    test al, al
    jz .end
    out dx, al
    jmp print
.end:
    ret

newline: db 13, 10, 0
prompt: db "handoff> ", 0
shutdown: db "Shutdown"
no_table: dw 0
    dd 0
    align 16
    times 1024 db 0
stack:
