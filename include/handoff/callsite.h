/* Telling return addresses from other words: they lead behind a CALL. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HF_CALL_BYTES 7u /* the longest CALL, but for prefixes */

/* Bytes of an indirect CALL with this ModRM (Intel SDM vol. 2A, 2.1.5, table 2-2); 0: it is another instruction. */
static inline unsigned hf_indirect_call_bytes(uint8_t modrm) {
    unsigned mode = modrm >> 6, base = modrm & 7;
    if ((modrm >> 3 & 7) != 2) return 0;
    if (mode == 3) return 2;
    unsigned distance = mode == 1 ? 1 : mode == 2 || base == 5 ? 4 : 0;
    return 2 + (base == 4) + distance;
}

/* Whether a CALL ends where these bytes end. Other code can look like one. */
static inline bool hf_ends_with_call(const uint8_t bytes[HF_CALL_BYTES]) {
    const uint8_t *end = bytes + HF_CALL_BYTES;
    for (unsigned n = 2; n <= HF_CALL_BYTES; n++) {
        if (end[-(int)n] == 0xff && hf_indirect_call_bytes(end[1 - (int)n]) == n) return true;
    }
    return end[-5] == 0xe8; /* a distance of 4 bytes follows */
}
