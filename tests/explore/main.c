/* explore [--states N] [--depth N] [--all-bytes] [--quiet] [--from NAME]
 *
 * Visits every state that can be reached, from boot or from a prepared state, and judges each. */
#include "report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct search options(int count, char **arguments, const char **from) {
    struct search search = {0};
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--all-bytes") == 0) {
            search.all_bytes = true;
        } else if (strcmp(arguments[i], "--quiet") == 0) {
            search.quiet = true;
        } else if (i + 1 < count && strcmp(arguments[i], "--states") == 0) {
            search.most_states = strtoull(arguments[++i], NULL, 0);
        } else if (i + 1 < count && strcmp(arguments[i], "--depth") == 0) {
            search.most_depth = (unsigned)strtoul(arguments[++i], NULL, 0);
        } else if (i + 1 < count && strcmp(arguments[i], "--from") == 0) {
            *from = arguments[++i];
        } else {
            fputs("usage: explore [--states N] [--depth N] [--all-bytes] [--quiet] [--from NAME]\n", stderr);
            exit(2);
        }
    }
    return search;
}

int main(int count, char **arguments) {
    const char *from = NULL;
    bool good = true;
    unsigned runs = 0;
    struct search search = options(count, arguments, &from);
    report_start();
    for (enum prepared_name name = 0; name < PREPARED_COUNT && good; name++) {
        if (from ? strcmp(from, prepared_names[name]) != 0 : !prepared_fits(name)) continue;
        good = report_search(name, &search);
        runs++;
    }
    if (good && runs && !from) good = report_reached();
    return good && runs ? 0 : 1;
}
