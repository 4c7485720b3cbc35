/* Texts for statuses, and for how tasks end. */
#include <mem.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct status_texts {
    const char *name, *text;
};

static const struct status_texts status_texts[HF_STATUS_COUNT] = {
#define X(name, text) [HF_##name] = {#name, text},
    HF_STATUS_LIST(X)
#undef X
};

const char *hf_status_name(hf_status_t status) { return status < HF_STATUS_COUNT ? status_texts[status].name : "?"; }

const char *hf_status_text(hf_status_t status) {
    return status < HF_STATUS_COUNT ? status_texts[status].text : "an unknown status";
}

static const struct {
    const char *place, *why;
} reason_texts[HF_REASON_COUNT] = {
#define X(name, place, why) [HF_REASON_##name] = {place, why},
    HF_REASON_LIST(X)
#undef X
};

/* "stack" is a kind of thing, ".data of hello" and "memory" are names. */
static const char *article(const char *region) {
    return region[0] == '.' || strcmp(region, "memory") == 0 ? "" : "the ";
}

int hf_reason_text(enum hf_reason reason, const char region[HF_NAME_BYTES], char *text, size_t room) {
    if (reason >= HF_REASON_COUNT) return snprintf(text, room, "for an unknown reason");
    const char *place = reason_texts[reason].place, *why = reason_texts[reason].why;
    if (strcmp(place, HF_REASON_REGION) != 0) return snprintf(text, room, "%s%s%s", place, *place ? ", " : "", why);
    if (region[0] == '\0') return snprintf(text, room, "in a page %s", why);
    return snprintf(text, room, "in %s%.*s, %s", article(region), (int)HF_NAME_BYTES, region, why);
}

/* Intel SDM vol. 3A, 6.3.1. Page faults (14) end a task by other means. */
static const char *const vector_texts[] = {
    [0] = "divide error",         [1] = "debug exception",
    [3] = "breakpoint",           [4] = "overflow",
    [5] = "bound range exceeded", [6] = "invalid opcode",
    [7] = "device not available", [10] = "invalid TSS",
    [11] = "segment not present", [12] = "stack fault",
    [13] = "general protection",  [16] = "x87 floating point",
    [17] = "alignment check",     [19] = "SIMD floating point",
    [21] = "control protection",
};

static const char *vector_text(uint64_t vector) {
    const char *text = vector < sizeof vector_texts / sizeof *vector_texts ? vector_texts[vector] : NULL;
    return text != NULL ? text : "unknown";
}

static const char *access_text(uint64_t error) {
    if (error & HF_FAULT_FETCH) return "execution of";
    return error & HF_FAULT_WRITE ? "write to" : "read of";
}

static int fault_text(const struct hf_exit *how, char *text, size_t room) {
    char reason[HF_REASON_TEXT_BYTES];
    hf_reason_text((enum hf_reason)how->reason, how->region, reason, sizeof reason);
    return snprintf(text, room, "%.*s: %s 0x%lx %s, at rip 0x%lx", (int)HF_NAME_BYTES, how->name,
                    access_text(how->error), how->address, reason, how->rip);
}

int hf_exit_text(const struct hf_exit *how, char *text, size_t room) {
    int name_bytes = (int)HF_NAME_BYTES;
    switch (how->how) {
    case HF_EXIT_CODE:
        return snprintf(text, room, "%.*s: ended with code %ld", name_bytes, how->name, how->code);
    case HF_EXIT_FAULT:
        return fault_text(how, text, room);
    case HF_EXIT_EXCEPTION:
        return snprintf(text, room, "%.*s: exception %lu (%s), error code 0x%lx, at rip 0x%lx", name_bytes, how->name,
                        how->address, vector_text(how->address), how->error, how->rip);
    case HF_EXIT_KILLED:
        return snprintf(text, room, "%.*s: killed", name_bytes, how->name);
    default:
        return snprintf(text, room, "%.*s: ended in an unknown way", name_bytes, how->name);
    }
}
