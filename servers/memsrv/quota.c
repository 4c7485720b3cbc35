#include "quota.h"

#include "core.h"
#include "record.h"

/* So much of a quota stays for its owner, when others share it: it has to end them, after all. */
#define KEPT_SHARE 16u

static struct record_pool pool = {.bytes = sizeof(struct quota)};

struct quota *quota_root(uint64_t frames) {
    struct quota *root = record_take(&pool);
    if (root) {
        *root = (struct quota){.limit = frames, .users = 1};
    }
    return root;
}

hf_status_t quota_short(const struct quota *quota) { return quota->parent ? HF_QUOTA : HF_NO_MEMORY; }

hf_status_t quota_make(struct quota *parent, uint64_t limit, uint64_t leave, struct quota **made) {
    struct quota *quota = record_take(&pool);
    if (!quota) return HF_NO_MEMORY;
    hf_status_t status = quota_take(parent, limit, leave);
    if (status != HF_OK) {
        record_give(&pool, quota);
        return status;
    }
    *quota = (struct quota){.parent = quota_share(parent), .limit = limit, .users = 1};
    *made = quota;
    return HF_OK;
}

struct quota *quota_share(struct quota *quota) {
    quota->users++;
    return quota;
}

/* Each user gives back what it has used before it leaves. */
void quota_leave(struct quota *quota) {
    while (quota && --quota->users == 0) {
        struct quota *parent = quota->parent;
        core_check(quota->used == 0 && quota->record_bytes == 0);
        if (parent) {
            quota_give(parent, quota->limit);
        }
        record_give(&pool, quota);
        quota = parent;
    }
}

uint64_t quota_kept(const struct quota *quota) { return quota->limit / KEPT_SHARE; }

static uint64_t more_frames(const struct quota *quota, uint64_t bytes) {
    return (quota->record_bytes + bytes) / HF_PAGE_SIZE - quota->record_bytes / HF_PAGE_SIZE;
}

hf_status_t quota_room(const struct quota *quota, uint64_t bytes, uint64_t leave) {
    return quota->used + leave + more_frames(quota, bytes) <= quota->limit ? HF_OK : quota_short(quota);
}

hf_status_t quota_room_to_free(const struct quota *quota, uint64_t bytes) {
    return quota->used + more_frames(quota, bytes) <= quota->limit + 1 ? HF_OK : quota_short(quota);
}

void quota_records(struct quota *quota, int64_t bytes) {
    uint64_t before = quota->record_bytes / HF_PAGE_SIZE;
    quota->record_bytes += (uint64_t)bytes;
    quota->used += quota->record_bytes / HF_PAGE_SIZE - before;
}
