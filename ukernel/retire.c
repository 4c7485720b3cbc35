#include "retire.h"

/* There is one processor and there are no process-context identifiers: loading
 * CR3 drops everything that is not global (Intel SDM vol. 3A, 4.10.4.1), so
 * only the aspace in CR3 can have translations left. */
static bool is_loaded(hf_frame_t root) { return (read_cr3() >> HF_PAGE_SHIFT) == root; }

void retire_page(hf_frame_t root, uaddr_t address) {
    if (is_loaded(root)) invalidate_page(address.value);
}

/* INVLPG drops every paging-structure-cache entry, whatever address it is given
 * (4.10.4.1), but only one page's translation; there is none below an empty table. */
void retire_table(hf_frame_t root, uaddr_t address) {
    if (is_loaded(root)) invalidate_page(address.value);
}
