#include "table.h"

#include "aspace.h"
#include "record.h"

#define CHAINS 4096u

static struct table *chains[CHAINS];
static struct record_pool pool = {.bytes = sizeof(struct table)};

/* A PT and a page of 2 MiB are found alike. */
static unsigned place_of(unsigned level) { return level == TABLE_LARGE ? HF_LEVEL_PT : level; }

static struct table **chain_of(hf_frame_t root, uint64_t address, unsigned place) {
    uint64_t key = (address >> (HF_PAGE_SHIFT + 9 * place)) + root * 0x9e3779b1u + place;
    return &chains[(key ^ key >> 12) % CHAINS];
}

struct table *table_find(const struct aspace *aspace, uint64_t address, unsigned level) {
    struct table *table = *chain_of(aspace->root, address, level);
    uint64_t span = table_span(level);
    while (table &&
           ((table->address ^ address) >= span || table->root != aspace->root || place_of(table->level) != level)) {
        table = table->same_hash;
    }
    return table;
}

static void link_in(struct aspace *aspace, struct table *table) {
    struct table **list = &aspace->tables[table->level];
    table->previous = NULL;
    table->next = *list;
    if (*list) (*list)->previous = table;
    *list = table;
}

static void link_out(struct aspace *aspace, const struct table *table) {
    if (table->next) table->next->previous = table->previous;
    if (table->previous) {
        table->previous->next = table->next;
    } else {
        aspace->tables[table->level] = table->next;
    }
}

struct table *table_add(struct aspace *aspace, uint64_t address, unsigned level, hf_frame_t frame) {
    struct table *table = ledger_record(aspace->ledger, &pool);
    if (!table) return NULL;
    struct table **chain = chain_of(aspace->root, address, place_of(level));
    table->same_hash = *chain;
    *chain = table;
    table->root = aspace->root;
    table->address = address;
    table->frame = frame;
    table->level = level;
    link_in(aspace, table);
    return table;
}

hf_status_t table_why_not(const struct aspace *aspace) { return ledger_why_no_record(aspace->ledger, &pool); }

void table_drop(struct aspace *aspace, struct table *table) {
    struct table **link = chain_of(table->root, table->address, place_of(table->level));
    while (*link != table) {
        link = &(*link)->same_hash;
    }
    *link = table->same_hash;
    link_out(aspace, table);
    ledger_record_give(aspace->ledger, &pool, table);
}

void table_split(struct aspace *aspace, struct table *table, hf_frame_t frame) {
    link_out(aspace, table);
    table->level = HF_LEVEL_PT;
    table->frame = frame;
    link_in(aspace, table);
}
