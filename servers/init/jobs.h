/* Programs that were started, in the foreground and in the background. */
#pragma once

#include <handoff/mem.h>
#include <handoff/status.h>
#include <mem.h>
#include <stdbool.h>

/* Starts a program, words[0], with its arguments. False, and says why, when it
 * can't be. */
bool job_start(char **words, struct mem_task *task);

/* Waits until it ends. False, and says why, when that can't be known. */
bool job_finish(const struct mem_task *task, struct hf_exit *how);

/* "name: ended with code 3", and so on. */
void job_print_end(const struct hf_exit *how);

/* Starts a program and lets it run; jobs_report tells when it has ended. */
void job_start_in_background(char **words);

/* Prints which background programs have ended since the last time, and how. */
void jobs_report(void);
