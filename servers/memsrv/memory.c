#include "memory.h"

static bool rights_valid(uint64_t rights) {
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

static hf_status_t place_mapping(const struct request *request, uint64_t *start, uint64_t *end) {
    const struct region_list *regions = &request->task->aspace.regions;
    uint64_t length = request->message.word[1];
    if (request->message.word[3] & HF_MAP_FIXED) {
        hf_status_t status = range_of(request->message.word[0], length, end);
        *start = request->message.word[0];
        return status != HF_OK ? status : region_is_free(regions, *start, *end) ? HF_OK : HF_EXISTS;
    }
    hf_status_t status = range_of(SERVE_MAP_START, length, end);
    if (status == HF_OK) {
        length = *end - SERVE_MAP_START;
        *start = region_gap(regions, SERVE_MAP_START, length, SERVE_MAP_END);
        *end = *start + length;
    }
    return status != HF_OK ? status : *start ? HF_OK : HF_NO_MEMORY;
}

hf_status_t memory_map(struct request *request) {
    uint64_t start = 0, end = 0, rights = request->message.word[2], flags = request->message.word[3];
    bool now = flags & HF_MAP_NOW, guard = flags & HF_MAP_GUARD;
    if (flags & ~(uint64_t)(HF_MAP_FIXED | HF_MAP_NOW | HF_MAP_GUARD) || !rights_valid(rights) || (now && guard)) {
        return HF_BAD_ARGUMENT;
    }
    hf_status_t status = place_mapping(request, &start, &end);
    if (status == HF_OK && now) {
        status = work_admit(request->asker, WORK_POPULATE, end - start);
    }
    if (status == HF_OK) {
        status = region_add(&request->task->aspace.regions,
                            &(struct region){.start = start,
                                             .end = end,
                                             .rights = (unsigned)rights,
                                             .backing = guard ? &backing_guard : &backing_anonymous});
    }
    if (status == HF_OK && now) {
        status = work_start(request->asker,
                            &(struct work){.kind = WORK_POPULATE, .start = start, .end = end, .word = start});
    }
    request->message.word[0] = start;
    return status;
}

/* Nothing has been changed yet that anyone could see; all of [start, end) is in regions of its own. */
static hf_status_t admit(const struct request *request, enum work_kind kind, uint64_t start, uint64_t end) {
    hf_status_t status = region_cut(&request->task->aspace.regions, start, end);
    return status == HF_OK ? work_admit(request->asker, kind, end - start) : status;
}

hf_status_t memory_unmap(struct request *request) {
    struct region_list *regions = &request->task->aspace.regions;
    uint64_t start = request->message.word[0], end;
    hf_status_t status = range_of(start, request->message.word[1], &end);
    if (status == HF_OK && !region_is_full(regions, start, end)) {
        status = HF_NOT_MAPPED;
    }
    if (status == HF_OK) {
        status = admit(request, WORK_UNMAP, start, end);
    }
    if (status != HF_OK) {
        return status;
    }
    region_remove(regions, start, end);
    return work_start(request->asker, &(struct work){.kind = WORK_UNMAP, .start = start, .end = end});
}

hf_status_t memory_protect(struct request *request) {
    struct region_list *regions = &request->task->aspace.regions;
    uint64_t start = request->message.word[0], rights = request->message.word[2], end;
    hf_status_t status = rights_valid(rights) ? range_of(start, request->message.word[1], &end) : HF_BAD_ARGUMENT;
    if (status == HF_OK && !region_is_full(regions, start, end)) {
        status = HF_NOT_MAPPED;
    }
    if (status == HF_OK && !region_may(regions, start, end, (unsigned)rights)) {
        status = HF_DENIED;
    }
    if (status == HF_OK) {
        status = admit(request, WORK_PROTECT, start, end);
    }
    if (status != HF_OK) {
        return status;
    }
    region_protect(regions, start, end, (unsigned)rights);
    return work_start(request->asker,
                      &(struct work){.kind = WORK_PROTECT, .start = start, .end = end, .rights = (unsigned)rights});
}
