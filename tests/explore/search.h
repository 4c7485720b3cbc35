/* Breadth first through all states that can be reached. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct search {
    uint64_t most_states; /* how many are visited at most; 0: all */
    unsigned most_depth;  /* how many calls from the first one; 0: any number */
    bool all_bytes;       /* a refused call is judged by every byte of RAM */
    bool quiet;
};

struct found {
    uint64_t states, calls, granted; /* states: in which all calls were made */
    uint64_t border;                 /* states that were found and judged, but no call was made in them */
    unsigned depth;
    const char *wrong; /* the first violation; the way there was printed */
};

/* From the machine's state on. */
struct found search_from_here(const struct search *search);
