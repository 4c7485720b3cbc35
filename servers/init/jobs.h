/* Programs that were started, in the foreground and in the background. */
#pragma once

#include <handoff/mem.h>
#include <stdbool.h>

/* Runs a program, words[0], with its arguments, until it ends. `quota`: frames for it alone, 0: it shares
 * init's. False, and says why, when it can't be started, or how it ended can't be known. */
bool job_run(char **words, uint64_t quota, struct hf_exit *how);

/* "name: ended with code 3", and so on; of a fault or exception also the walk, and who had called whom. */
void job_print_end(const struct hf_exit *how);

/* Starts a program and lets it run; jobs_report tells when it has ended. */
void job_start_in_background(char **words, uint64_t quota);

/* Prints which background programs have ended since the last time, and how. */
void jobs_report(void);
