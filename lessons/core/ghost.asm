; In place of ukernel/invalidate.asm: what the processor remembers of a translation outlives
; its entry. Invariant I8 is broken here, and only here.

bits 64
section .text

global invalidate
invalidate:
    ret
