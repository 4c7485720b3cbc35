/* The first task: starts the servers, then what the kernel's command line
 * asks for, or the shell. */
#include <mem.h>
#include <stdio.h>

#include "jobs.h"
#include "machine.h"
#include "parse.h"
#include "servers.h"
#include "shell.h"

#define COMMAND_LINE_BYTES 2048
#define WORDS_MAX 64

/* Words of the kernel's command line that others look at. */
static bool is_known(char *word) {
    static const char *const known[] = {"selftest=", "fastpath=", "addresses="};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (parse_after(word, known[i]) != NULL) return true;
    }
    return false;
}

/* What "run=" asks for, NULL for nothing; says which words mean nothing. */
static char *read_options(char *text) {
    char *run = NULL, *word;
    while ((word = parse_option(&text)) != NULL) {
        char *after = parse_after(word, PARSE_RUN);
        if (after != NULL) {
            run = after;
        } else if (!is_known(word)) {
            printf("init: \"%s\" on the kernel's command line means nothing.\n", word);
        }
    }
    return run;
}

/* Runs the program and ends the machine with its code. */
_Noreturn static void run(char *line) {
    char *words[WORDS_MAX + 1];
    struct hf_exit how;
    if (parse_words(line, words, WORDS_MAX + 1) <= 0) {
        puts("init: after \"run=\" a program and its arguments should stand.");
        machine_end(MACHINE_CODE_NOT_STARTED);
    }
    if (!job_run(words, 0, &how)) {
        machine_end(MACHINE_CODE_NOT_STARTED);
    }
    job_print_end(&how);
    machine_end(machine_code_of(&how));
}

static void greet(void) {
    struct hf_mem_stat stat;
    if (mem_stat(&stat) == HF_OK) {
        printf("Handoff: %lu MiB of memory, %lu MiB free. ", stat.total * HF_PAGE_SIZE >> 20,
               stat.free * HF_PAGE_SIZE >> 20);
    }
    puts("`help` lists the commands.");
}

int main(void) {
    static char command_line[COMMAND_LINE_BYTES];
    if (mem_given() != HF_INIT_SLOTS_END - HF_SLOT_GIVEN || servers_start() != HF_OK) {
        machine_end(MACHINE_CODE_NOT_STARTED);
    }
    hf_status_t status = mem_command_line(command_line, sizeof command_line);
    if (status != HF_OK) {
        printf("init: the kernel's command line can't be read: %s.\n", hf_status_text(status));
    }
    char *wanted = status == HF_OK ? read_options(command_line) : NULL;
    if (wanted != NULL) {
        run(wanted);
    }
    greet();
    shell();
}
