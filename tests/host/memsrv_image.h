/* A program for memsrv to spawn. */
#pragma once

#include <handoff/types.h>

#define MEMSRV_IMAGE_BYTES (3 * HF_PAGE_SIZE)

/* A page and a half of text from 0x40000000 on, and data from 0x40002000 on of which half is in the file.
 * It starts a page, and stays. */
const uint8_t *memsrv_image(void);
