/* Reads the order, and takes nothing for it that isn't. */
#include "order.h"

#include <number.h>
#include <string.h>

#define NAME "evil="
#define SEED_MOST 1000000000000000000ul
#define CALLS_MOST 1000000000000ul

static const char *find(const char *line) {
    const char *at = strstr(line, NAME);
    while (at && at != line && at[-1] != ' ') at = strstr(at + 1, NAME);
    return at ? at + strlen(NAME) : NULL;
}

/* The piece before the next comma, or the last one; NULL behind that. */
static const char *cut(char **rest) {
    char *piece = *rest;
    if (!piece) return NULL;
    *rest = strchr(piece, ',');
    if (*rest) *(*rest)++ = '\0';
    return piece;
}

/* A number may be left out. */
static bool take_number(char **rest, uint64_t limit, uint64_t *number) {
    const char *piece = cut(rest);
    return !piece || number_parse(piece, limit, number);
}

static bool parse(char *rest, struct order *order) {
    const char *piece = cut(&rest);
    order->attacks = strcmp(piece, "attacks") == 0;
    if (order->attacks) piece = cut(&rest);
    if (!piece) return true;
    order->random = strcmp(piece, "random") == 0;
    return order->random && take_number(&rest, SEED_MOST, &order->seed) &&
           take_number(&rest, CALLS_MOST, &order->calls) && order->calls > 0 && !rest;
}

bool order_read(const char *command_line, struct order *order) {
    char text[64] = {0};
    const char *word = find(command_line);
    *order = (struct order){.attacks = !word, .random = !word, .seed = 1, .calls = 1000000};
    if (!word) return true;
    size_t length = 0;
    while (word[length] && word[length] != ' ') length++;
    if (length >= sizeof text) return false;
    memcpy(text, word, length);
    return parse(text, order);
}
