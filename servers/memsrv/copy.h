/* Copy on write: what forks share, and pages of an image that are to be written. */
#pragma once

#include "fault.h"

/* A write to a page that is there and may not be written, in a region that may: makes it writable
 * if nobody else has it, and else brings a copy. The first function says which of the two. */
bool copy_is_needed(const struct fault *fault, const struct region *region);
enum hf_reason copy_page(struct request *request, const struct fault *fault, const struct region *region);
