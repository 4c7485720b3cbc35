/* Asks for an audit, and counts what it costs: with QEMU's -icount, in instructions. */
#include "audited.h"

#define FINDINGS_MOST 64u

struct cost {
    unsigned calls;
    uint64_t longest, sum;
};

static uint64_t ticks(void) { return __builtin_ia32_rdtsc(); }

static hf_status_t audit_part(uint64_t cursor, struct hf_result *result, struct cost *cost) {
    uint64_t start = ticks();
    hf_status_t status = hf_mmu_one(&ON(AUDIT, 0, .address = cursor), result);
    uint64_t took = ticks() - start;
    cost->calls++;
    cost->sum += took;
    if (took > cost->longest) cost->longest = took;
    return status;
}

static void say_finding(const struct hf_result *result) {
    say("audited: I%u frame 0x%lx slot %ld\n", result->detail, result->value[1], (long)result->value[2]);
}

static void say_end(unsigned findings, const struct cost *cost) {
    if (findings)
        say("audited: %u findings", findings);
    else
        say("audited: clean");
    say(" in %u calls, at most %lu ticks each, %lu in all\n", cost->calls, cost->longest, cost->sum);
}

static void say_refusal(hf_status_t status) {
    static const char *const names[] = {
#define X(name, text) "HF_" #name,
        HF_STATUS_LIST(X)
#undef X
    };
    say("audited: refused, %s\n", names[status]);
}

void ask_again(void) {
    struct cost cost = {0};
    struct hf_result result = {0};
    for (unsigned i = 0; i < 3; i++) {
        hf_status_t status = audit_part(result.value[0], &result, &cost);
        if (status != HF_OK) say_refusal(status);
    }
    ask_audit();
}

void ask_wrongly(void) {
    struct cost cost = {0};
    struct hf_result result = {0};
    if (audit_part(0, &result, &cost) == HF_OK) say_refusal(audit_part(result.value[0] + 1, &result, &cost));
}

void ask_audit(void) {
    struct cost cost = {0};
    struct hf_result result = {0};
    unsigned findings = 0;
    do {
        hf_status_t status = audit_part(result.value[0], &result, &cost);
        if (status != HF_OK) {
            say_refusal(status);
            return;
        }
        if (result.detail) {
            say_finding(&result);
            findings++;
        }
    } while (result.value[0] && findings < FINDINGS_MOST);
    say_end(findings, &cost);
}
