#include "core.h"

hf_status_t core_do(const struct hf_operation *operation, struct hf_result *result) {
    return hf_mmu_one(operation, result);
}

hf_status_t core_object(enum hf_operation_code code, hf_frame_t object, struct hf_result *result) {
    struct hf_result unused;
    return core_do(&(struct hf_operation){.code = (uint8_t)code, .object = object}, result ? result : &unused);
}

void core_check(bool condition) {
    if (!condition) {
        __builtin_trap();
    }
}

void core_must(hf_status_t status) { core_check(status == HF_OK); }

hf_status_t core_stage(hf_frame_t frame, hf_frame_t source, uint32_t offset, uint32_t length, uint32_t at) {
    struct hf_result result;
    return core_do(
        &(struct hf_operation){
            .code = HF_OP_STAGE, .object = frame, .frame = source, .count = length, .address = HF_STAGE_AT(offset, at)},
        &result);
}

hf_status_t core_map(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights, struct hf_result *result) {
    return core_do(&(struct hf_operation){.code = HF_OP_MAP,
                                          .level = HF_LEVEL_PT,
                                          .rights = (uint16_t)rights,
                                          .object = aspace,
                                          .address = address,
                                          .frame = frame},
                   result);
}

hf_status_t core_install(hf_frame_t aspace, uint64_t address, unsigned level, hf_frame_t frame) {
    struct hf_result result;
    return core_do(
        &(struct hf_operation){
            .code = HF_OP_TABLE_INSTALL, .level = (uint8_t)level, .object = aspace, .address = address, .frame = frame},
        &result);
}

hf_status_t core_unmap(hf_frame_t aspace, uint64_t address) {
    struct hf_result result;
    return core_do(
        &(struct hf_operation){.code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = aspace, .address = address},
        &result);
}

hf_status_t core_remove(hf_frame_t aspace, uint64_t address, unsigned level) {
    struct hf_result result;
    return core_do(
        &(struct hf_operation){
            .code = HF_OP_TABLE_REMOVE, .level = (uint8_t)level, .object = aspace, .address = address},
        &result);
}

void core_translate(hf_frame_t aspace, uint64_t address, struct hf_result *result) {
    core_must(core_do(&(struct hf_operation){.code = HF_OP_TRANSLATE, .object = aspace, .address = address}, result));
}

hf_status_t core_put(hf_frame_t table, unsigned slot, enum hf_put_kind kind, hf_frame_t what, uint64_t address,
                     unsigned rights, unsigned *put) {
    struct hf_result result;
    hf_status_t status = core_do(&(struct hf_operation){.code = HF_OP_HANDLE_PUT,
                                                        .level = (uint8_t)kind,
                                                        .rights = (uint16_t)rights,
                                                        .count = slot,
                                                        .object = table,
                                                        .address = address,
                                                        .frame = what},
                                 &result);
    if (put) {
        *put = result.detail;
    }
    return status;
}

uint32_t core_refs(hf_frame_t frame) {
    struct hf_result result;
    const struct hf_operation page = {.code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .count = 1, .object = frame};
    const struct hf_operation run = {
        .code = HF_OP_QUERY, .level = HF_QUERY_RUNS, .count = 1, .object = frame / HF_RUN_FRAMES};
    if (core_do(&page, &result) != HF_OK) return 0;
    uint32_t refs = OPERATION_PAGE->entries[0].refs;
    core_must(core_do(&run, &result));
    return refs + OPERATION_PAGE->headers[0].refs;
}
