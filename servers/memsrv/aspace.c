#include "aspace.h"

#include "core.h"
#include "record.h"

static struct record_pool tables = {.bytes = sizeof(struct table)};

hf_status_t aspace_create(struct aspace *aspace, struct ledger *ledger) {
    hf_frame_t root;
    *aspace = (struct aspace){.root = HF_NO_FRAME, .ledger = ledger};
    hf_status_t status = ledger_take(ledger, LEDGER_TABLES, &root);
    if (status == HF_OK) {
        core_must(core_object(HF_OP_ASPACE_CREATE, root, NULL));
        core_must(core_object(HF_OP_ASPACE_COPY_KERNEL, root, NULL));
        aspace->root = root;
    }
    return status;
}

hf_status_t aspace_take_table(struct aspace *aspace, uint64_t address, unsigned level, hf_frame_t *frame) {
    struct table *table = record_take(&tables);
    if (!table) {
        return HF_NO_MEMORY;
    }
    hf_status_t status = ledger_take(aspace->ledger, LEDGER_TABLES, frame);
    if (status != HF_OK) {
        record_give(&tables, table);
        return status;
    }
    table->address = address;
    table->frame = *frame;
    table->next = aspace->tables[level - 1];
    aspace->tables[level - 1] = table;
    return HF_OK;
}

hf_status_t aspace_map(struct aspace *aspace, uint64_t address, hf_frame_t frame, unsigned rights) {
    struct hf_result result;
    while (core_map(aspace->root, address, frame, rights, &result) == HF_NO_TABLE) {
        hf_frame_t table;
        hf_status_t status = aspace_take_table(aspace, address, result.detail, &table);
        if (status != HF_OK) {
            return status;
        }
        core_must(core_install(aspace->root, address, result.detail, table));
    }
    return (hf_status_t)result.status;
}

static hf_status_t map_new(struct aspace *aspace, const struct region *region, uint64_t address,
                           const struct page_source *source) {
    hf_frame_t frame;
    hf_status_t status = ledger_take(aspace->ledger, LEDGER_PAGES, &frame);
    if (status != HF_OK) {
        return status;
    }
    core_must(core_stage(frame, source->frame, source->offset, source->length, source->at));
    status = aspace_map(aspace, address, frame, region->rights);
    if (status != HF_OK) {
        core_must(core_object(HF_OP_RELEASE, frame, NULL));
        ledger_give(aspace->ledger, LEDGER_PAGES, frame);
    }
    return status;
}

hf_status_t aspace_populate(struct aspace *aspace, const struct region *region, uint64_t address) {
    struct page_source source;
    if (region->backing->page(&region->data, address, &source) != HF_REASON_NONE) {
        return HF_BAD_ADDRESS;
    }
    return source.shared ? aspace_map(aspace, address, source.frame, region->rights)
                         : map_new(aspace, region, address, &source);
}

/* Does `operation` to one page after the other; where a table is missing, so is
 * everything that it would cover. */
static uint64_t each_page(struct aspace *aspace, struct hf_operation operation, uint64_t start, uint64_t end) {
    struct hf_result result;
    operation.level = HF_LEVEL_PT;
    operation.object = aspace->root;
    for (unsigned pages = 0; pages < ASPACE_PART_PAGES && start < end; pages++) {
        uint64_t span = HF_PAGE_SIZE;
        operation.address = start;
        hf_status_t status = core_do(&operation, &result);
        if (status == HF_NO_TABLE) {
            span <<= 9 * result.detail;
        } else if (status == HF_OK && (result.detail & HF_LEAF_FREED)) {
            ledger_give(aspace->ledger, LEDGER_PAGES, result.value[0]);
        } else {
            core_check(status == HF_OK || status == HF_NOT_MAPPED);
        }
        start = (start & ~(span - 1)) + span;
    }
    return start < end ? start : end;
}

uint64_t aspace_unmap(struct aspace *aspace, uint64_t start, uint64_t end) {
    return each_page(aspace, (struct hf_operation){.code = HF_OP_UNMAP}, start, end);
}

uint64_t aspace_protect(struct aspace *aspace, uint64_t start, uint64_t end, unsigned rights) {
    return each_page(aspace, (struct hf_operation){.code = HF_OP_PROTECT, .rights = (uint16_t)rights}, start, end);
}

/* Up to 256 pages of a PT. True when it is empty. */
static bool clear_part(struct aspace *aspace, const struct table *table) {
    struct hf_result result;
    hf_status_t status = core_do(
        &(struct hf_operation){.code = HF_OP_CLEAR, .object = aspace->root, .address = table->address}, &result);
    core_check(status == HF_OK || status == HF_AGAIN);
    for (uint32_t i = 0; i < result.detail; i++) {
        ledger_give(aspace->ledger, LEDGER_PAGES, OPERATION_PAGE->frames[i]);
    }
    return status == HF_OK;
}

static void remove_table(struct aspace *aspace, unsigned level) {
    struct table *table = aspace->tables[level - 1];
    core_must(core_remove(aspace->root, table->address, level));
    ledger_give(aspace->ledger, LEDGER_TABLES, table->frame);
    aspace->tables[level - 1] = table->next;
    record_give(&tables, table);
}

bool aspace_destroy_part(struct aspace *aspace) {
    if (aspace->root == HF_NO_FRAME) {
        return true;
    }
    for (unsigned level = HF_LEVEL_PT; level < HF_LEVEL_PML4; level++) {
        if (!aspace->tables[level - 1]) {
            continue;
        }
        if (level != HF_LEVEL_PT || clear_part(aspace, aspace->tables[0])) {
            remove_table(aspace, level);
        }
        return false;
    }
    region_remove(&aspace->regions, 0, HF_USER_END);
    core_must(core_object(HF_OP_ASPACE_DESTROY, aspace->root, NULL));
    ledger_give(aspace->ledger, LEDGER_TABLES, aspace->root);
    aspace->root = HF_NO_FRAME;
    return true;
}
