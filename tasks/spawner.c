/* spawner COUNT NAME [ARGUMENTS]: runs a program so many times, one after another.
 * All must end in the same way; it prints which, and whether memory was lost. */
#include <mem.h>
#include <number.h>
#include <stdio.h>

static bool is_same_end(const struct hf_exit *a, const struct hf_exit *b) {
    return a->how == b->how && a->reason == b->reason && a->code == b->code && a->rip == b->rip;
}

static bool is_all_given_back(const struct hf_exit *how) {
    return how->left.pages + how->left.tables + how->left.objects == 0;
}

/* Runs it once. False, and says why, when it can't be, or didn't end like before. */
static bool once(char **argv, uint64_t round, struct hf_exit *first) {
    struct hf_exit how;
    char text[HF_EXIT_TEXT_BYTES];
    hf_status_t status = mem_run(argv[0], (const char *const *)argv + 1, &how);
    if (status != HF_OK) {
        printf("spawner: round %lu: %s: %s\n", round, argv[0], hf_status_text(status));
        return false;
    }
    hf_exit_text(&how, text, sizeof text);
    if (round == 0) {
        *first = how;
        printf("spawner: %s\n", text);
    }
    if (!is_all_given_back(&how) || !is_same_end(&how, first)) {
        printf("spawner: round %lu ended otherwise: %s\n", round, text);
        return false;
    }
    return true;
}

int main(int argc, char **argv) {
    uint64_t count;
    struct hf_exit first;
    struct hf_mem_stat before, after;
    if (argc < 3 || !number_parse(argv[1], UINT64_MAX, &count) || count == 0) {
        puts("Usage: spawner COUNT NAME [ARGUMENTS], with a COUNT of at least 1");
        return 2;
    }
    for (uint64_t round = 0; round < count; round++) {
        if (!once(argv + 2, round, &first)) {
            return 1;
        }
        /* From the first round on: what memsrv keeps for later uses is there then. */
        if (round == 0 && mem_stat(&before) != HF_OK) {
            return 1;
        }
    }
    if (mem_stat(&after) != HF_OK) {
        return 1;
    }
    printf("spawner: %lu times %s, %ld frames lost\n", count, argv[2], (long)(before.free - after.free));
    return before.free != after.free;
}
