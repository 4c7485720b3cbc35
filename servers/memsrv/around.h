/* Neighbours of a page that come with it, where they will be wanted soon. */
#pragma once

#include "fault.h"

/* The task will grow its stack downwards from here. */
void around_start(struct task *task, uint64_t address);

/* Adds them to the request's list, in which the page itself is. None is a reason to fail. */
void around_bring(struct request *request, const struct fault *fault, const struct region *region);
