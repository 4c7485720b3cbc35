/* Deliberate violations in ring 0, for tests: `selftest=NAME` on the command line. */
#pragma once

/* Runs the one that the command line asks for, if any. Each ends in a panic: in
 * the one that the processor's protection causes, or in one that says it was not
 * protected. An unknown name ends the boot. */
void selftest(const char *command_line);

