#include "memory.h"

#include "part.h"

bool memory_rights_valid(uint64_t rights) {
    return (rights & HF_READ) && rights <= (HF_READ | HF_WRITE | HF_EXECUTE) &&
           (rights & (HF_WRITE | HF_EXECUTE)) != (HF_WRITE | HF_EXECUTE);
}

/* A range of pages in the user half; its length may be any number of bytes above 0. */
static hf_status_t range_of(uint64_t start, uint64_t length, uint64_t *end) {
    if (length == 0 || length > HF_USER_END) return HF_BAD_ARGUMENT;
    if (start % HF_PAGE_SIZE || start < HF_USER_FIRST || start > HF_USER_END) return HF_BAD_ADDRESS;
    *end = (start + length + HF_PAGE_SIZE - 1) & ~(HF_PAGE_SIZE - 1);
    return *end <= HF_USER_END ? HF_OK : HF_BAD_ADDRESS;
}

/* Where so many bytes (whole pages) have room: above the process's own start if possible. Pages of 2 MiB start
 * where one can. */
static uint64_t gap(const struct task *process, uint64_t length, bool large) {
    const struct region_list *regions = &process->aspace.regions;
    uint64_t align = large ? HF_RUN_SIZE : HF_PAGE_SIZE;
    uint64_t room = length + align - HF_PAGE_SIZE;
    uint64_t start = region_gap(regions, process->place.map_start, room, PLACE_MAP_END);
    if (!start) start = region_gap(regions, PLACE_MAP_LOWEST, room, PLACE_MAP_END);
    return (start + align - 1) & ~(align - 1);
}

hf_status_t memory_place(const struct task *process, uint64_t flags, bool large, struct place_wanted *place) {
    uint64_t start = flags & HF_MAP_FIXED ? place->start : PLACE_MAP_LOWEST;
    hf_status_t status = range_of(start, place->length, &place->end);
    if (status != HF_OK) return status;
    if (flags & HF_MAP_FIXED) {
        return region_is_free(&process->aspace.regions, start, place->end) ? HF_OK : HF_EXISTS;
    }
    uint64_t length = place->end - start;
    place->start = gap(process, length, large);
    place->end = place->start + length;
    return place->start ? HF_OK : HF_NO_MEMORY;
}

hf_status_t memory_add(struct request *request, const struct region *region, bool now) {
    struct task *process = request->task;
    uint64_t length = region->end - region->start;
    hf_status_t status = now ? work_admit(request->asker, WORK_POPULATE, length) : HF_OK;
    if (status == HF_OK) {
        status = part_region(process, region->start, region->end, region->rights, region->backing, region->data);
    }
    if (status != HF_OK) return status;
    if (region->backing->share) {
        region->backing->share(&region->data, length);
    }
    request->message.word[0] = region->start;
    if (!now) return HF_OK;
    return work_start(
        request->asker,
        &(struct work){.kind = WORK_POPULATE, .start = region->start, .end = region->end, .word = {region->start}});
}

#define MAP_FLAGS (HF_MAP_FIXED | HF_MAP_NOW | HF_MAP_GUARD | HF_MAP_LARGE | HF_MAP_SMALL)

static const struct backing *backing_of(uint64_t flags, uint64_t length) {
    if (flags & HF_MAP_GUARD) return &backing_guard;
    bool large = (flags & HF_MAP_LARGE) || length >= HF_MAP_LARGE_LENGTH;
    return large && !(flags & HF_MAP_SMALL) ? &backing_large : &backing_anonymous;
}

hf_status_t memory_map(struct request *request) {
    uint64_t rights = request->message.word[2], flags = request->message.word[3];
    struct place_wanted place = {.start = request->message.word[0], .length = request->message.word[1]};
    uint64_t no_pages = HF_MAP_NOW | HF_MAP_LARGE | HF_MAP_SMALL;
    bool guard = flags & HF_MAP_GUARD, both = (flags & HF_MAP_LARGE) && (flags & HF_MAP_SMALL);
    if ((flags & ~(uint64_t)MAP_FLAGS) || both || !memory_rights_valid(rights) || (guard && (flags & no_pages))) {
        return HF_BAD_ARGUMENT;
    }
    const struct backing *backing = backing_of(flags, place.length);
    hf_status_t status = memory_place(request->task, flags, backing->large, &place);
    if (status != HF_OK) return status;
    return memory_add(
        request,
        &(struct region){.start = place.start, .end = place.end, .rights = (unsigned)rights, .backing = backing},
        flags & HF_MAP_NOW);
}

/* Whether a border there makes two regions of one. */
static bool cuts(struct region_list *regions, uint64_t address) {
    const struct region *region = region_find(regions, address);
    return region && region->start < address;
}

/* Nothing has been changed yet that anyone could see; all of [start, end) is in regions of its own, and no page of
 * 2 MiB reaches over its ends. */
static hf_status_t admit(const struct request *request, enum work_kind kind, uint64_t start, uint64_t end) {
    struct aspace *aspace = &request->task->aspace;
    unsigned more = (cuts(&aspace->regions, start) ? 1u : 0) + (cuts(&aspace->regions, end) ? 1u : 0);
    hf_status_t status = aspace_cut_room(aspace, more, kind == WORK_UNMAP);
    if (status == HF_OK && start % HF_RUN_SIZE) status = aspace_split(aspace, start);
    if (status == HF_OK && end % HF_RUN_SIZE) status = aspace_split(aspace, end);
    if (status == HF_OK) status = work_admit(request->asker, kind, end - start);
    if (status == HF_OK) status = region_cut(&aspace->regions, start, end);
    aspace_note_regions(aspace);
    return status;
}

hf_status_t memory_unmap(struct request *request) {
    uint64_t start = request->message.word[0], end;
    hf_status_t status = range_of(start, request->message.word[1], &end);
    if (status == HF_OK && !region_is_full(&request->task->aspace.regions, start, end)) {
        status = HF_NOT_MAPPED;
    }
    if (status == HF_OK) {
        status = admit(request, WORK_UNMAP, start, end);
    }
    if (status != HF_OK) return status;
    return work_start(request->asker, &(struct work){.kind = WORK_UNMAP, .start = start, .end = end});
}

hf_status_t memory_protect(struct request *request) {
    const struct region_list *regions = &request->task->aspace.regions;
    uint64_t start = request->message.word[0], rights = request->message.word[2], end;
    hf_status_t status =
        memory_rights_valid(rights) ? range_of(start, request->message.word[1], &end) : HF_BAD_ARGUMENT;
    if (status == HF_OK && !region_is_full(regions, start, end)) {
        status = HF_NOT_MAPPED;
    }
    if (status == HF_OK && !region_may(regions, start, end, (unsigned)rights)) {
        status = HF_DENIED;
    }
    if (status == HF_OK) {
        status = admit(request, WORK_PROTECT, start, end);
    }
    if (status != HF_OK) return status;
    return work_start(request->asker,
                      &(struct work){.kind = WORK_PROTECT, .start = start, .end = end, .rights = (unsigned)rights});
}
