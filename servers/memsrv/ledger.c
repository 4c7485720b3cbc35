#include "ledger.h"

#include "core.h"
#include "own.h"

static uint64_t total;

hf_status_t ledger_take(struct ledger *ledger, enum ledger_kind kind, hf_frame_t *frame) {
    if (ledger->sum >= ledger->quota) return HF_QUOTA;
    hf_status_t status = buddy_allocate(&frames, 0, frame);
    if (status != HF_OK) return status;
    ledger->held[kind]++;
    ledger->sum++;
    total++;
    if (ledger->sum > ledger->peak) {
        ledger->peak = ledger->sum;
    }
    return HF_OK;
}

void ledger_give(struct ledger *ledger, enum ledger_kind kind, hf_frame_t frame) {
    core_check(ledger->held[kind] > 0 && buddy_free(&frames, frame, 0) == BUDDY_OK);
    ledger->held[kind]--;
    ledger->sum--;
    total--;
}

uint64_t ledger_total(void) { return total; }

struct hf_ledger ledger_show(const struct ledger *ledger, uint64_t ticks) {
    return (struct hf_ledger){
        .pages = ledger->held[LEDGER_PAGES],
        .tables = ledger->held[LEDGER_TABLES],
        .objects = ledger->held[LEDGER_OBJECTS],
        .peak = ledger->peak,
        .faults_zero = ledger->faults_zero,
        .faults_image = ledger->faults_image,
        .faults_refused = ledger->faults_refused,
        .ticks = ticks,
    };
}
