/* The one place that ends translations (invariant I8): called after an entry was
 * removed or narrowed and before the frame it named can change its type. */
#pragma once

#include "address.h"

/* In the aspace with this root: the page's translation, or whatever went through an
 * empty table that covers the address. */
void retire(hf_frame_t root, uaddr_t address);
