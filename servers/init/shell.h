/* The prompt. */
#pragma once

/* Reads lines and does what they say, for ever: `exit` ends the machine. */
_Noreturn void shell(void);
