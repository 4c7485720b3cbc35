/* Stands in for libipc's <mmu.h>: the calls are functions that the test defines. */
#pragma once

#include <handoff/mmu.h>
#include <ipc.h>

hf_status_t hf_mmu(uint64_t count, uint64_t *done);
hf_status_t hf_mmu_one(const struct hf_operation *operation, struct hf_result *result);
hf_status_t hf_mmu_reply_receive(uint64_t count, uint64_t *done, hf_handle_t from, struct hf_message *message,
                                 struct hf_sender *sender);
