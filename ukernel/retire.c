#include "retire.h"

/* There is one processor and there are no process-context identifiers: loading CR3 drops
 * everything that is not global, so only the aspace in CR3 can have translations left.
 * INVLPG drops that of its page, and every paging-structure-cache entry whatever the
 * address is; below an empty table there is nothing else (Intel SDM vol. 3A, 4.10.4.1). */
void retire(hf_frame_t root, uaddr_t address) {
    if (read_cr3() >> HF_PAGE_SHIFT == root) invalidate_page(address.value);
}
