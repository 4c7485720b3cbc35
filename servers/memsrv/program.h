/* Programs that can be spawned: the boot modules, parsed once. */
#pragma once

#include <handoff/boot.h>
#include <handoff/names.h>
#include <stdbool.h>

#include "image.h"

struct program {
    const char *name;
    hf_frame_t first;   /* the module's first frame */
    hf_status_t status; /* HF_BAD_IMAGE: it can't be spawned */
    struct image image;
};

/* Reads the modules of the boot information, which are mapped for memsrv meanwhile. */
void program_init(const struct hf_boot *boot);

/* By name, or NULL. */
const struct program *program_find(const char *name);

unsigned program_count(void);
const struct program *program_at(unsigned index);

/* Whether a frame is a module's, or of the boot information. */
bool program_has(hf_frame_t frame);

/* What the function is called that has an address. False: there is no name. */
bool program_name_of(uint64_t address, struct hf_name_text *text);

/* Frames of all modules and of the boot information. */
uint64_t program_frames(void);
