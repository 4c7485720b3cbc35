/* What the compiler's stack protector wants of the core that checks itself (CHECKED=1). */
#include "panic.h"

uint64_t __stack_chk_guard = 0x5bd1e995a7c3f200; /* a zero byte stops what copies text */

_Noreturn void __stack_chk_fail(void);
_Noreturn void __stack_chk_fail(void) { panic("a function wrote beyond its part of the stack"); }
