/* The one place that ends translations (invariant I8): called after an entry was
 * removed or narrowed and before the frame it named can change its type. */
#pragma once

#include <stdbool.h>

#include "address.h"

/* One page's translation in the aspace with this root. */
void retire_page(hf_frame_t root, uaddr_t address);

/* All translations that went through a table which covers `address`. */
void retire_table(hf_frame_t root, uaddr_t address);
