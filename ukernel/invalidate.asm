; Drops what the processor remembers of the translation of address RDI. Changes no register.

bits 64
section .text

global invalidate
invalidate:
    invlpg  [rdi]
    ret
