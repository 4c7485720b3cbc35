/* Telling return addresses from other words: they lead behind a CALL. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HF_CALL_BYTES 7u /* the longest CALL, but for prefixes */

/* Bytes of an indirect CALL with this ModRM, and with this SIB if it has one (Intel SDM vol. 2A, 2.1.5, tables 2-2
 * and 2-3); 0: it is another instruction. */
static inline unsigned hf_indirect_call_bytes(uint8_t modrm, uint8_t sib) {
    unsigned mode = modrm >> 6;
    bool scaled = (modrm & 7) == 4;
    unsigned base = (scaled ? sib : modrm) & 7;
    if ((modrm >> 3 & 7) != 2) return 0;
    if (mode == 3) return 2;
    unsigned distance = mode == 1 ? 1 : mode == 2 || base == 5 ? 4 : 0;
    return 2 + scaled + distance;
}

/* Whether a CALL ends where these bytes end. Other code can look like one. */
static inline bool hf_ends_with_call(const uint8_t bytes[HF_CALL_BYTES]) {
    const uint8_t *end = bytes + HF_CALL_BYTES;
    for (int n = 2; n <= (int)HF_CALL_BYTES; n++) {
        uint8_t sib = n > 2 ? end[2 - n] : 0;
        if (end[-n] == 0xff && hf_indirect_call_bytes(end[1 - n], sib) == (unsigned)n) return true;
    }
    return end[-5] == 0xe8; /* a distance of 4 bytes follows */
}
