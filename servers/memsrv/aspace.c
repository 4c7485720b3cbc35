#include "aspace.h"

#include "core.h"

hf_status_t aspace_create(struct aspace *aspace, struct ledger *ledger) {
    hf_frame_t root;
    *aspace = (struct aspace){.root = HF_NO_FRAME, .ledger = ledger};
    hf_status_t status = ledger_take(ledger, LEDGER_tables, &root);
    if (status == HF_OK) {
        core_must(core_object(HF_OP_ASPACE_CREATE, root, NULL));
        core_must(core_object(HF_OP_ASPACE_COPY_KERNEL, root, NULL));
        aspace->root = root;
    }
    return status;
}

hf_status_t aspace_take_table(struct aspace *aspace, uint64_t address, unsigned level, hf_frame_t *frame) {
    hf_status_t status = ledger_take(aspace->ledger, LEDGER_tables, frame);
    if (status != HF_OK) return status;
    if (!table_add(aspace, address, level, *frame)) {
        ledger_give(aspace->ledger, LEDGER_tables, *frame);
        return table_why_not(aspace);
    }
    return HF_OK;
}

bool aspace_is_paid(const struct backing *backing, hf_frame_t frame) { return !backing->unpaid && !program_has(frame); }

unsigned aspace_bulk_rights(const struct aspace *aspace, const struct backing *backing, unsigned rights) {
    bool alone = backing->direct || (backing->page == backing_zero && !aspace->forked);
    return alone ? rights : rights & ~(unsigned)HF_WRITE;
}

/* ---- mapping ---- */

static hf_status_t map_at(struct aspace *aspace, uint64_t address, hf_frame_t frame, unsigned rights, unsigned level) {
    struct hf_result result;
    const struct hf_operation map = {.code = HF_OP_MAP,
                                     .level = (uint8_t)level,
                                     .rights = (uint16_t)rights,
                                     .object = aspace->root,
                                     .address = address,
                                     .frame = frame};
    while (core_do(&map, &result) == HF_NO_TABLE) {
        hf_frame_t table;
        hf_status_t status = aspace_take_table(aspace, address, result.detail, &table);
        if (status != HF_OK) {
            aspace_trim(aspace, address);
            return status;
        }
        core_must(core_install(aspace->root, address, result.detail, table));
    }
    return (hf_status_t)result.status;
}

hf_status_t aspace_map(struct aspace *aspace, uint64_t address, hf_frame_t frame, unsigned rights) {
    return map_at(aspace, address, frame, rights, HF_LEVEL_PT);
}

hf_status_t aspace_map_run(struct aspace *aspace, uint64_t address, hf_frame_t run, unsigned rights) {
    if (table_find(aspace, address, HF_LEVEL_PT)) return HF_EXISTS;
    struct table *note = table_add(aspace, address, TABLE_LARGE, run);
    if (!note) return table_why_not(aspace);
    hf_status_t status = map_at(aspace, address, run, rights, HF_LEVEL_PD);
    if (status != HF_OK) {
        table_drop(aspace, note);
    }
    return status;
}

static hf_status_t map_new(struct aspace *aspace, const struct region *region, uint64_t address,
                           const struct page_source *source) {
    hf_frame_t frame;
    hf_status_t status = ledger_take(aspace->ledger, LEDGER_pages, &frame);
    if (status != HF_OK) return status;
    core_must(core_stage(frame, source->frame, source->offset, source->length, source->at));
    status = aspace_map(aspace, address, frame, region->rights);
    if (status != HF_OK) {
        core_must(core_object(HF_OP_RELEASE, frame, NULL));
        ledger_give(aspace->ledger, LEDGER_pages, frame);
    }
    return status;
}

hf_status_t aspace_populate(struct aspace *aspace, const struct region *region, uint64_t address) {
    struct page_source source;
    if (region->backing->populate) return region->backing->populate(aspace, region, address);
    if (region->backing->page(&region->data, address, region->rights & HF_WRITE, &source) != HF_REASON_NONE) {
        return HF_BAD_ADDRESS;
    }
    if (!source.shared) return map_new(aspace, region, address, &source);
    hf_status_t status = aspace_map(aspace, address, source.frame, region->rights & ~(unsigned)HF_WRITE);
    if (status == HF_OK) {
        ledger_share(aspace->ledger, 1);
    }
    return status;
}

/* ---- regions ---- */

#define REGION_BYTES ((int64_t)sizeof(struct region))

hf_status_t aspace_region_room(const struct aspace *aspace) {
    return quota_room(aspace->ledger->quota, sizeof(struct region), aspace->ledger->leave);
}

hf_status_t aspace_cut_room(const struct aspace *aspace, unsigned more, bool unmaps) {
    const struct ledger *ledger = aspace->ledger;
    if (more == 0) return HF_OK;
    return unmaps ? quota_room_to_free(ledger->quota, more * sizeof(struct region))
                  : quota_room(ledger->quota, more * sizeof(struct region), ledger->leave);
}

void aspace_note_regions(struct aspace *aspace) {
    int64_t more = (int64_t)aspace->regions.count - (int64_t)aspace->regions_noted;
    ledger_records(aspace->ledger, more * REGION_BYTES);
    aspace->regions_noted = aspace->regions.count;
}

void aspace_drop(struct aspace *aspace, struct region *region, uint64_t until) {
    if (region->backing->leave) {
        region->backing->leave(&region->data, until - region->start);
    }
    region_drop(&aspace->regions, region, until);
    aspace_note_regions(aspace);
}
