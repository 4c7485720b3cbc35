/* The one place that ends translations (invariant I8), before the frame that an entry
 * named can change its type. */
#pragma once

#include "address.h"

/* Replaces a present entry in the aspace with this root, `address` being one that it
 * translates, by `left`; nothing that went through the old one can be used afterwards.
 * The old one.
 *
 * There is one processor and there are no process-context identifiers: loading CR3 drops
 * everything that is not global, so only the aspace in CR3 can have translations left.
 * INVLPG drops that of its page, of whatever size, and every paging-structure-cache entry
 * whatever the address is (Intel SDM vol. 3A, 4.10.4.1). That is all, since a table is empty
 * before its entry goes. */
static inline pte_t retire(hf_frame_t root, uint64_t address, pte_t *entry, pte_t left) {
    pte_t old = *entry;
    *entry = left;
    if (read_cr3() == root << HF_PAGE_SHIFT) invalidate_page(address);
    return old;
}
