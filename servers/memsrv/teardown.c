/* What address spaces lose: mappings, rights, tables, and in the end everything. */
#include "aspace.h"
#include "core.h"

/* ---- frames that became FREE ---- */

/* Of a run that was one page, all that the core has just let go. */
static void give_run(hf_frame_t run, const struct hf_result *result, int *cost) {
    bool whole = result->detail & HF_LEAF_FREED, part = result->detail & HF_LEAF_FREED_PART;
    if (whole && ledger_run_give(run)) return;
    if (!whole && !part) return;
    *cost -= COST_PIECES;
    for (unsigned i = 0; i < HF_RUN_FRAMES; i++) {
        if (whole || (OPERATION_PAGE->freed[i / 64] >> i % 64 & 1)) {
            ledger_frames_give(run + i, 0);
        }
    }
}

static void unmap_run(struct aspace *aspace, struct table *large, int *cost) {
    struct hf_result result;
    core_must(core_do(
        &(struct hf_operation){
            .code = HF_OP_UNMAP, .level = HF_LEVEL_PD, .object = aspace->root, .address = large->address},
        &result));
    *cost -= COST_LARGE;
    give_run(large->frame, &result, cost);
    ledger_unpay(aspace->ledger, LEDGER_pages, HF_RUN_FRAMES);
    table_drop(aspace, large);
}

static void unmapped(struct aspace *aspace, const struct backing *backing, const struct hf_result *result) {
    hf_frame_t frame = result->value[0];
    if (!aspace_is_paid(backing, frame)) {
        ledger_unshare(aspace->ledger, 1);
        return;
    }
    bool freed = result->detail & HF_LEAF_FREED;
    /* An IPC buffer that was unmapped is its task's still, which gives it back; no fork pays for it. */
    if (backing == &backing_buffer && !freed) {
        ledger_move(aspace->ledger, LEDGER_pages, LEDGER_objects);
        return;
    }
    ledger_unpay(aspace->ledger, LEDGER_pages, 1);
    if (freed) {
        ledger_frames_give(frame, 0);
    }
}

/* ---- tables that became empty ---- */

static bool remove_table(struct aspace *aspace, struct table *table) {
    if (core_remove(aspace->root, table->address, table->level) != HF_OK) return false;
    ledger_give(aspace->ledger, LEDGER_tables, table->frame);
    table_drop(aspace, table);
    return true;
}

void aspace_trim(struct aspace *aspace, uint64_t address) {
    for (unsigned level = HF_LEVEL_PT; level < HF_LEVEL_PML4; level++) {
        struct table *table = table_find(aspace, address, level);
        if (table && !remove_table(aspace, table)) return; /* where a page of 2 MiB was, there is no PT */
    }
}

/* ---- a range, a part at a time ---- */

static uint64_t slot_end(uint64_t address) { return (address | (HF_RUN_SIZE - 1)) + 1; }

/* Where no PT is: the end of what could be mapped if the table was there that is missing. */
static uint64_t empty_end(const struct aspace *aspace, uint64_t address) {
    unsigned level = HF_LEVEL_PDPT;
    while (level > HF_LEVEL_PT && table_find(aspace, address, level)) {
        level--;
    }
    return (address | (table_span(level) - 1)) + 1;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Does `operation` to pages of one PT. */
static uint64_t each_page(struct aspace *aspace, struct hf_operation operation, const struct backing *backing,
                          uint64_t start, uint64_t end, int *cost) {
    struct hf_result result;
    operation.level = HF_LEVEL_PT;
    operation.object = aspace->root;
    for (; *cost > 0 && start < end; start += HF_PAGE_SIZE, *cost -= COST_PAGE) {
        operation.address = start;
        hf_status_t status = core_do(&operation, &result);
        core_check(status == HF_OK || status == HF_NOT_MAPPED);
        if (status == HF_OK && operation.code == HF_OP_UNMAP) {
            unmapped(aspace, backing, &result);
        }
    }
    return start;
}

/* Up to 256 pages of a PT, all alike. True when it is empty. */
static bool clear_part(struct aspace *aspace, const struct table *table, uint64_t *removed, int *cost) {
    struct hf_result result;
    hf_status_t status = core_do(
        &(struct hf_operation){.code = HF_OP_CLEAR, .object = aspace->root, .address = table->address}, &result);
    core_check(status == HF_OK || status == HF_AGAIN);
    ledger_frames_give_all(OPERATION_PAGE->frames, result.detail);
    *removed = result.value[0];
    *cost -= COST_CLEAR + COST_CLEARED * (int)*removed;
    return status == HF_OK;
}

static bool clear_slot(struct aspace *aspace, const struct backing *backing, const struct table *table, int *cost) {
    uint64_t removed;
    bool empty = clear_part(aspace, table, &removed, cost);
    if (backing->unpaid) {
        ledger_unshare(aspace->ledger, removed);
    } else {
        ledger_unpay(aspace->ledger, LEDGER_pages, removed);
    }
    return empty;
}

/* What is mapped below one entry of a PD. An image's pages may be the module's or the task's own, so
 * each is looked at. */
static uint64_t unmap_slot(struct aspace *aspace, const struct backing *backing, struct table *table, uint64_t start,
                           uint64_t end, int *cost) {
    bool whole = end - start == HF_RUN_SIZE;
    if (table->level == TABLE_LARGE) {
        core_check(whole);
        unmap_run(aspace, table, cost);
    } else if (whole && !backing->image) {
        if (!clear_slot(aspace, backing, table, cost)) return start;
    } else {
        uint64_t at = each_page(aspace, (struct hf_operation){.code = HF_OP_UNMAP}, backing, start, end, cost);
        if (at < end) return at;
    }
    aspace_trim(aspace, start);
    return end;
}

uint64_t aspace_unmap(struct aspace *aspace, const struct backing *backing, uint64_t start, uint64_t end, int *cost) {
    while (*cost > 0 && start < end) {
        uint64_t until = least(end, slot_end(start));
        struct table *table = table_find(aspace, start, HF_LEVEL_PT);
        *cost -= COST_SLOT;
        start = table ? unmap_slot(aspace, backing, table, start, until, cost) : least(end, empty_end(aspace, start));
    }
    return start;
}

static void protect_run(struct aspace *aspace, uint64_t address, unsigned rights, int *cost) {
    struct hf_result result;
    core_must(core_do(&(struct hf_operation){.code = HF_OP_PROTECT,
                                             .level = HF_LEVEL_PD,
                                             .rights = (uint16_t)rights,
                                             .object = aspace->root,
                                             .address = address},
                      &result));
    *cost -= COST_LARGE;
}

uint64_t aspace_protect(struct aspace *aspace, const struct backing *backing, uint64_t start, uint64_t end,
                        unsigned rights, int *cost) {
    rights = aspace_bulk_rights(aspace, backing, rights);
    while (*cost > 0 && start < end) {
        uint64_t until = least(end, slot_end(start));
        const struct table *table = table_find(aspace, start, HF_LEVEL_PT);
        *cost -= COST_SLOT;
        if (table && table->level == TABLE_LARGE) {
            protect_run(aspace, start, rights, cost);
        } else if (table) {
            until = each_page(aspace, (struct hf_operation){.code = HF_OP_PROTECT, .rights = (uint16_t)rights}, backing,
                              start, until, cost);
        } else {
            until = least(end, empty_end(aspace, start));
        }
        start = until;
    }
    return start;
}

/* ---- pages of 2 MiB ---- */

hf_status_t aspace_split(struct aspace *aspace, uint64_t address) {
    struct table *table = table_find(aspace, address, HF_LEVEL_PT);
    struct hf_result result;
    hf_frame_t frame;
    if (!table || table->level != TABLE_LARGE) return HF_OK;
    hf_status_t status = ledger_take_urgent(aspace->ledger, LEDGER_tables, &frame);
    if (status != HF_OK) return status;
    if (ledger_run_split(table->frame) != HF_OK) {
        ledger_give(aspace->ledger, LEDGER_tables, frame);
        return HF_NO_MEMORY;
    }
    core_must(core_do(
        &(struct hf_operation){.code = HF_OP_SPLIT, .object = aspace->root, .address = table->address, .frame = frame},
        &result));
    table_split(aspace, table, frame);
    return HF_OK;
}

/* ---- all of it ---- */

static void destroy_table(struct aspace *aspace, struct table *table, int *cost) {
    uint64_t removed;
    if (table->level == TABLE_LARGE) {
        unmap_run(aspace, table, cost);
        return;
    }
    if (table->level == HF_LEVEL_PT) {
        bool empty = clear_part(aspace, table, &removed, cost);
        aspace->cleared += removed;
        if (!empty) return;
    }
    *cost -= COST_LARGE;
    core_check(remove_table(aspace, table));
}

static bool destroy_mappings(struct aspace *aspace, int *cost) {
    for (unsigned level = 0; level < TABLE_LEVELS; level++) {
        while (aspace->tables[level]) {
            if (*cost <= 0) return false;
            destroy_table(aspace, aspace->tables[level], cost);
        }
    }
    return true;
}

static bool destroy_regions(struct aspace *aspace, int *cost) {
    for (struct region *region; *cost > 0 && (region = region_pick(&aspace->regions)); *cost -= COST_PAGE) {
        if (region->backing->leave) {
            region->backing->leave(&region->data, region->end - region->start);
        }
        region_free(region);
    }
    aspace_note_regions(aspace);
    return aspace->regions.count == 0;
}

/* What was unmapped must be all that the ledger has, no more and no less. */
static void settle(struct aspace *aspace) {
    struct ledger *ledger = aspace->ledger;
    uint64_t shared = ledger->held[LEDGER_shared];
    uint64_t counted = ledger->held[LEDGER_pages] + shared;
    core_check(aspace->cleared == counted || (aspace->partial && aspace->cleared < counted));
    ledger_unshare(ledger, shared);
    ledger_unpay(ledger, LEDGER_pages, ledger->held[LEDGER_pages]);
    aspace->cleared = 0;
}

bool aspace_destroy_part(struct aspace *aspace, int *cost) {
    if (aspace->root == HF_NO_FRAME) return true;
    if (!destroy_mappings(aspace, cost) || !destroy_regions(aspace, cost)) return false;
    settle(aspace);
    core_must(core_object(HF_OP_ASPACE_DESTROY, aspace->root, NULL));
    ledger_give(aspace->ledger, LEDGER_tables, aspace->root);
    aspace->root = HF_NO_FRAME;
    return true;
}
