#include "object.h"

#include "core.h"
#include "fault.h"
#include "jobs.h"
#include "memory.h"
#include "pager.h"
#include "record.h"
#include "source.h"

/* An object is an address space that no task runs in. A leaf in its page tables is what keeps a page that
 * nobody has mapped, and is where those who map it find it. So the core counts who has a page, and no list of
 * pages is needed beside the tables. */
struct object {
    struct source source;
    struct aspace aspace;
    struct ledger ledger; /* of what it consists of; its maker's quota pays, even when the maker has ended */
    uint64_t length;      /* bytes, whole pages */
    unsigned priority;    /* of the task that made it */
    struct object *next;  /* among those that are taken apart */
};
_Static_assert(offsetof(struct object, source) == 0, "a source that is an object's is the object");

/* Where its first page is. */
#define BASE 0x8000000000ul
#define LENGTH_MOST (HF_USER_END - BASE)

static struct record_pool pool = {.bytes = sizeof(struct object)};
static struct object *reaping, **reaping_end = &reaping;

static struct object *object_of(const struct request *request) { return (void *)request->source; }

static uint64_t whole_pages(uint64_t bytes) { return (bytes + HF_PAGE_SIZE - 1) & ~(HF_PAGE_SIZE - 1); }

/* ---- beginning and end ---- */

static void close(struct object *object) {
    ledger_records(&object->ledger, -(int64_t)sizeof(*object));
    ledger_close(&object->ledger);
    record_give(&pool, object);
}

/* Nothing was ever mapped in it. */
static void abandon(struct object *object) {
    int cost = PART_COST;
    core_check(aspace_destroy_part(&object->aspace, &cost));
    close(object);
}

static hf_status_t make(const struct task *asker, uint64_t length, struct object **made) {
    const struct ledger *makers = &asker->process->ledger;
    hf_status_t status = quota_room(makers->quota, sizeof(struct object), makers->leave);
    if (status != HF_OK) return status;
    struct object *object = record_take(&pool);
    if (!object) return HF_NO_MEMORY;
    object->length = length;
    object->priority = asker->priority;
    ledger_open(&object->ledger, quota_share(makers->quota), makers->owner);
    ledger_records(&object->ledger, sizeof(*object));
    status = aspace_create(&object->aspace, &object->ledger);
    if (status != HF_OK) {
        close(object);
        return status;
    }
    *made = object;
    return HF_OK;
}

bool object_reaping(void) { return reaping != NULL; }

void object_reap(void) {
    struct object *object = reaping;
    int cost = PART_COST;
    if (!aspace_destroy_part(&object->aspace, &cost)) return;
    reaping = object->next;
    if (!reaping) reaping_end = &reaping;
    close(object);
}

static void end_if_unused(struct object *object) {
    if (object->source.owner || object->source.mapped > 0) return;
    source_remove(&object->source);
    *reaping_end = object;
    reaping_end = &object->next;
    jobs_wake(object->priority);
}

bool object_leave(struct source *source, int *cost) {
    struct object *object = (void *)source;
    if (source->mapped > 0) {
        source_disown(source);
        return true;
    }
    source->number = 0; /* which nothing ever has: no badge names it */
    if (!aspace_destroy_part(&object->aspace, cost)) return false;
    source_remove(source);
    close(object);
    return true;
}

/* ---- pages ---- */

static uint64_t place_of(const struct region *region, uint64_t address) {
    return BASE + region->data.offset + ((address & ~(HF_PAGE_SIZE - 1)) - region->start);
}

/* The page there; or HF_NO_FRAME, and then the level of the lowest table that is. */
static hf_frame_t find_page(const struct object *object, uint64_t place, unsigned *level) {
    struct hf_result result;
    core_must(core_do(&(struct hf_operation){.code = HF_OP_TRANSLATE, .object = object->aspace.root, .address = place},
                      &result));
    *level = result.detail;
    return result.value[0] & 1 ? core_entry_frame(result.value[0]) : HF_NO_FRAME;
}

/* A frame for the page, FREE still, and the tables above it, which stay if the frame can't be had. */
static hf_status_t take_page(struct object *object, uint64_t place, unsigned level, hf_frame_t *frame) {
    struct aspace *aspace = &object->aspace;
    while (--level >= HF_LEVEL_PT) {
        hf_frame_t table;
        hf_status_t status = aspace_take_table(aspace, place, level, &table);
        if (status != HF_OK) return status;
        core_must(core_install(aspace->root, place, level, table));
    }
    return ledger_take(&object->ledger, LEDGER_pages, frame);
}

static void plan_page(struct request *request, const struct object *object, uint64_t place, hf_frame_t frame) {
    list_add(&request->list, &(struct hf_operation){.code = HF_OP_STAGE, .object = frame, .frame = HF_NO_FRAME});
    list_add(&request->list, &(struct hf_operation){.code = HF_OP_MAP,
                                                    .level = HF_LEVEL_PT,
                                                    .rights = HF_READ,
                                                    .object = object->aspace.root,
                                                    .address = place,
                                                    .frame = frame});
}

/* The object's page first: who runs out of memory for his own tables then has it brought for others. */
static hf_status_t bring(struct request *request, const struct fault *fault, struct object *object, uint64_t place,
                         hf_frame_t *frame) {
    unsigned level;
    *frame = find_page(object, place, &level);
    if (*frame != HF_NO_FRAME) return fault_plan_tables(request, fault);
    hf_status_t status = take_page(object, place, level, frame);
    if (status != HF_OK) return status;
    plan_page(request, object, place, *frame);
    return fault_plan_tables(request, fault);
}

static enum hf_reason object_fault(struct request *request, const struct fault *fault, const struct region *region) {
    struct ledger *ledger = &request->task->process->ledger;
    hf_frame_t frame;
    hf_status_t status = bring(request, fault, region->data.object, place_of(region, fault->address), &frame);
    if (status != HF_OK) {
        list_run(&request->list); /* what is in it is whole, and belongs to the object or goes with the process */
        list_clear(&request->list);
        return fault_reason(status);
    }
    fault_plan_map(request, fault->address, frame, region->rights);
    ledger_share(ledger, 1);
    ledger->faults[FAULT_object]++;
    return HF_REASON_NONE;
}

/* Whoever maps it needs `tables` of his own, after what the object needs; perhaps out of the same quota. */
static enum hf_reason object_foresee(const struct region *region, uint64_t address, const struct ledger *ledger,
                                     uint64_t tables) {
    const struct object *object = region->data.object;
    unsigned level;
    bool there = find_page(object, place_of(region, address), &level) != HF_NO_FRAME;
    uint64_t objects = there ? 0 : level - 1;
    hf_status_t status = ledger_has_room(&object->ledger, objects + !there, objects * sizeof(struct table));
    if (status == HF_OK && object->ledger.quota == ledger->quota) {
        status = ledger_has_room(ledger, objects + !there + tables, (objects + tables) * sizeof(struct table));
    }
    return fault_reason(status);
}

static hf_status_t object_populate(struct aspace *aspace, const struct region *region, uint64_t address) {
    struct object *object = region->data.object;
    struct hf_result result;
    uint64_t place = place_of(region, address);
    unsigned level;
    hf_frame_t frame = find_page(object, place, &level);
    if (frame == HF_NO_FRAME) {
        hf_status_t status = take_page(object, place, level, &frame);
        if (status != HF_OK) return status;
        core_must(core_stage(frame, HF_NO_FRAME, 0, 0, 0));
        core_must(core_map(object->aspace.root, place, frame, HF_READ, &result));
    }
    hf_status_t status = aspace_map(aspace, address, frame, region->rights);
    if (status == HF_OK) {
        ledger_share(aspace->ledger, 1);
    }
    return status;
}

/* ---- mappings ---- */

static unsigned object_limit(const struct backing_data *data) { return data->allowed; }

static void object_share(const struct backing_data *data, uint64_t bytes) {
    data->object->source.mapped += bytes / HF_PAGE_SIZE;
}

static void object_unshare(const struct backing_data *data, uint64_t bytes) {
    data->object->source.mapped -= bytes / HF_PAGE_SIZE;
    end_if_unused(data->object);
}

const struct backing backing_object = {
    .name = "object",
    .limit = object_limit,
    .fault = object_fault,
    .brings = HF_OUTCOME_OBJECT,
    .foresee = object_foresee,
    .populate = object_populate,
    .share = object_share,
    .leave = object_unshare,
    .has_offset = true,
    .unpaid = true,
    .direct = true,
};

/* ---- requests ---- */

hf_status_t object_create(struct request *request) {
    uint64_t length = request->message.word[0];
    struct object *object;
    unsigned slot;
    if (length == 0) return HF_BAD_ARGUMENT;
    if (length > LENGTH_MOST) return HF_TOO_BIG;
    hf_status_t status = make(request->asker, whole_pages(length), &object);
    if (status != HF_OK) return status;
    if (!source_add(&object->source, BADGE_OBJECT, request->task)) {
        abandon(object);
        return HF_NO_MEMORY;
    }
    status = source_put_handle(request->task, &object->source, HF_READ | HF_WRITE | HF_EXECUTE, &slot);
    if (status != HF_OK) {
        source_remove(&object->source);
        abandon(object);
        return status;
    }
    request->message.word[0] = slot;
    return HF_OK;
}

hf_status_t object_handle(struct request *request) {
    uint64_t rights = request->message.word[0];
    unsigned slot;
    if (!(rights & HF_READ) || rights > (HF_READ | HF_WRITE | HF_EXECUTE)) return HF_BAD_ARGUMENT;
    if (rights & ~(uint64_t)badge_rights(request->badge)) return HF_DENIED;
    hf_status_t status = source_put_handle(request->task, request->source, (unsigned)rights, &slot);
    if (status == HF_OK) {
        request->message.word[0] = slot;
    }
    return status;
}

hf_status_t object_map(struct request *request) {
    const uint64_t *word = request->message.word;
    uint64_t rights = word[2], flags = word[3], offset = word[4];
    struct place_wanted place = {.start = word[0], .length = word[1]};
    struct object *object = object_of(request);
    if (request->source->kind == BADGE_PAGER) return pager_map(request);
    if ((flags & ~(uint64_t)(HF_MAP_FIXED | HF_MAP_NOW)) || !memory_rights_valid(rights) || offset % HF_PAGE_SIZE ||
        offset > object->length || place.length > object->length - offset) {
        return HF_BAD_ARGUMENT;
    }
    unsigned allowed = badge_rights(request->badge);
    if (rights & ~(uint64_t)allowed) return HF_DENIED;
    hf_status_t status = memory_place(request->task, flags, false, &place);
    if (status != HF_OK) return status;
    return memory_add(request,
                      &(struct region){.start = place.start,
                                       .end = place.end,
                                       .rights = (unsigned)rights,
                                       .backing = &backing_object,
                                       .data = {.object = object, .offset = offset, .allowed = allowed}},
                      flags & HF_MAP_NOW);
}

hf_status_t object_stat(struct request *request) {
    const struct object *object = object_of(request);
    request->message.word[0] = object->length;
    request->message.word[1] = object->ledger.held[LEDGER_pages];
    return HF_OK;
}
