/* MMU operations, one function for each that memsrv asks for by itself. (Those of
 * a fault's answer are put together as a list: see fault.c.) */
#pragma once

#include <handoff/boot.h>
#include <handoff/handle.h>
#include <mmu.h>
#include <stdbool.h>

/* memsrv's operation page. */
#define OPERATION_PAGE ((struct hf_operation_page *)HF_MEMSRV_OPERATIONS)

/* The frame that a page-table entry names (Intel SDM vol. 3A, 4.5). */
static inline hf_frame_t core_entry_frame(uint64_t entry) { return (entry & 0x000ffffffffff000ul) >> HF_PAGE_SHIFT; }

/* Any operation; the status is in the result too. */
hf_status_t core_do(const struct hf_operation *operation, struct hf_result *result);

/* Those that have nothing but an object: *_CREATE, *_DESTROY, RELEASE, TASK_START ... */
hf_status_t core_object(enum hf_operation_code code, hf_frame_t object, struct hf_result *result);

/* For what can be refused only if memsrv's books are wrong: stops memsrv, and the
 * core then says where. */
void core_must(hf_status_t status);
void core_check(bool condition);

hf_status_t core_stage(hf_frame_t frame, hf_frame_t source, uint32_t offset, uint32_t length, uint32_t at);
hf_status_t core_map(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights, struct hf_result *result);
hf_status_t core_install(hf_frame_t aspace, uint64_t address, unsigned level, hf_frame_t frame);
hf_status_t core_unmap(hf_frame_t aspace, uint64_t address);
hf_status_t core_remove(hf_frame_t aspace, uint64_t address, unsigned level);
/* The entries of an address below HF_USER_END: all in the operation page, the last one in the result. */
void core_translate(hf_frame_t aspace, uint64_t address, struct hf_result *result);
hf_status_t core_put(hf_frame_t table, unsigned slot, enum hf_put_kind kind, hf_frame_t what, uint64_t address,
                     unsigned rights, unsigned *put);

/* How many leaves and other uses name a frame, those of its run among them. Of a run that is not split, more than
 * 1 if there are more. */
uint32_t core_refs(hf_frame_t frame);
