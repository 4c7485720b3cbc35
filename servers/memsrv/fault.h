/* From a task's exception to what is done about it. */
#pragma once

#include "serve.h"

/* HF_LABEL_FAULT: brings the page by operations that the core runs before it
 * delivers the reply, or ends the task. */
void fault_page(struct request *request);

/* HF_LABEL_EXCEPTION: ends the task. */
void fault_exception(struct request *request);
