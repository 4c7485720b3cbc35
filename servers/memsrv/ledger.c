#include "ledger.h"

#include "core.h"
#include "own.h"
#include "record.h"

static uint64_t total;

void ledger_open(struct ledger *ledger, struct quota *quota, bool owner) {
    *ledger = (struct ledger){.quota = quota, .owner = owner, .leave = owner ? 0 : quota_kept(quota)};
}

void ledger_close(struct ledger *ledger) {
    for (unsigned kind = 0; kind < LEDGER_KINDS; kind++) {
        core_check(ledger->held[kind] == 0);
    }
    core_check(ledger->sum == 0);
    if (ledger->quota) {
        quota_leave(ledger->quota);
    }
    ledger->quota = NULL;
}

hf_status_t ledger_frames(unsigned order, hf_frame_t *first) {
    hf_status_t status = buddy_allocate(&frames, order, first);
    if (status == HF_OK) {
        total += 1ull << order;
    }
    return status;
}

void ledger_frames_give(hf_frame_t first, unsigned order) {
    core_check(buddy_free(&frames, first, order) == BUDDY_OK);
    total -= 1ull << order;
}

static unsigned frames_one_by_one(hf_frame_t *list, unsigned count) {
    unsigned taken = 0;
    while (taken < count && buddy_allocate(&frames, 0, &list[taken]) == HF_OK) {
        taken++;
    }
    return taken;
}

unsigned ledger_frames_many(hf_frame_t *list, unsigned count) {
    hf_frame_t first;
    unsigned taken = count;
    if (buddy_allocate_singles(&frames, count, &first) == HF_OK) {
        for (unsigned i = 0; i < count; i++) {
            list[i] = first + i;
        }
    } else {
        taken = frames_one_by_one(list, count);
    }
    total += taken;
    return taken;
}

void ledger_frames_give_all(const hf_frame_t frame[], unsigned count) {
    core_check(buddy_free_singles(&frames, frame, count) == count);
    total -= count;
}

hf_status_t ledger_run_split(hf_frame_t run) {
    hf_status_t status = buddy_split(&frames, run, BUDDY_RUN_ORDER);
    return status == HF_BAD_ARGUMENT ? HF_OK : status;
}

bool ledger_run_is_split(hf_frame_t run) { return !buddy_is_used(&frames, run, BUDDY_RUN_ORDER); }

bool ledger_run_give(hf_frame_t run) {
    bool whole = buddy_free(&frames, run, BUDDY_RUN_ORDER) == BUDDY_OK;
    total -= whole ? HF_RUN_FRAMES : 0;
    return whole;
}

static void note(struct ledger *ledger, enum ledger_kind kind, uint64_t count) {
    ledger->held[kind] += count;
    ledger->sum += count;
    if (ledger->sum > ledger->peak) {
        ledger->peak = ledger->sum;
    }
}

hf_status_t ledger_pay(struct ledger *ledger, enum ledger_kind kind, uint64_t count) {
    hf_status_t status = quota_take(ledger->quota, count, ledger->leave);
    if (status == HF_OK) {
        note(ledger, kind, count);
    }
    return status;
}

void ledger_unpay(struct ledger *ledger, enum ledger_kind kind, uint64_t count) {
    core_check(ledger->held[kind] >= count);
    ledger->held[kind] -= count;
    ledger->sum -= count;
    quota_give(ledger->quota, count);
}

hf_status_t ledger_take(struct ledger *ledger, enum ledger_kind kind, hf_frame_t *frame) {
    hf_status_t status = quota_take(ledger->quota, 1, ledger->leave);
    if (status != HF_OK) return status;
    status = buddy_allocate(&frames, 0, frame);
    if (status != HF_OK) {
        quota_give(ledger->quota, 1);
        return status;
    }
    total++;
    note(ledger, kind, 1);
    return HF_OK;
}

hf_status_t ledger_take_urgent(struct ledger *ledger, enum ledger_kind kind, hf_frame_t *frame) {
    if (buddy_allocate(&frames, 0, frame) != HF_OK && !own_spare(frame)) return HF_NO_MEMORY;
    ledger->quota->used++;
    total++;
    note(ledger, kind, 1);
    return HF_OK;
}

void ledger_give(struct ledger *ledger, enum ledger_kind kind, hf_frame_t frame) {
    ledger_unpay(ledger, kind, 1);
    ledger_frames_give(frame, 0);
}

hf_status_t ledger_has_room(const struct ledger *ledger, uint64_t frames_wanted, uint64_t record_bytes) {
    if (frames_wanted == 0) return HF_OK;
    hf_status_t status = quota_room(ledger->quota, record_bytes, ledger->leave + frames_wanted);
    return status == HF_OK && buddy_free_frames(&frames) < frames_wanted ? HF_NO_MEMORY : status;
}

void ledger_records(struct ledger *ledger, int64_t bytes) {
    ledger->held[LEDGER_records] += (uint64_t)bytes;
    quota_records(ledger->quota, bytes);
}

void *ledger_record(struct ledger *ledger, struct record_pool *pool) {
    if (quota_room(ledger->quota, pool->bytes, ledger->leave) != HF_OK) return NULL;
    void *record = record_take(pool);
    if (record) {
        ledger_records(ledger, (int64_t)pool->bytes);
    }
    return record;
}

hf_status_t ledger_why_no_record(const struct ledger *ledger, const struct record_pool *pool) {
    hf_status_t status = quota_room(ledger->quota, pool->bytes, ledger->leave);
    return status == HF_OK ? HF_NO_MEMORY : status;
}

void ledger_record_give(struct ledger *ledger, struct record_pool *pool, void *record) {
    ledger_records(ledger, -(int64_t)pool->bytes);
    record_give(pool, record);
}

uint64_t ledger_total(void) { return total; }

struct hf_ledger ledger_show(const struct ledger *ledger, uint64_t ticks) {
    struct hf_ledger shown = {.peak = ledger->peak, .ticks = ticks};
#define X(name, text) shown.name = ledger->held[LEDGER_##name];
    HF_LEDGER_LIST(X)
#undef X
#define X(name, text) shown.faults_##name = ledger->faults[FAULT_##name];
    HF_FAULT_KIND_LIST(X)
#undef X
    shown.records /= HF_PAGE_SIZE;
    return shown;
}
