/* What a test feeds to a parser is a good start for its fuzzer: with CORPUS=FOLDER
 * in the environment it is kept there, one file for each input. */
#ifndef TESTS_CORPUS_H
#define TESTS_CORPUS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The name is made from the content (FNV-1a), so that no input stands there twice. */
static inline void corpus_keep(const void *bytes, size_t length) {
    const char *folder = getenv("CORPUS");
    if (folder == NULL) {
        return;
    }
    uint64_t hash = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3ull;
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/%016llx", folder, (unsigned long long)hash);
    FILE *file = fopen(path, "wb");
    if (file != NULL) {
        fwrite(bytes, 1, length, file);
        fclose(file);
    }
}

#endif
