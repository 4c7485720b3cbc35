/* Operations in few words. */
#pragma once

#include "bench.h"

/* ON(RELEASE, frame, .count = ...): the fields not named are zero. */
#define ON(op, what, ...) ((struct hf_operation){.code = HF_OP_##op, .object = (what), ##__VA_ARGS__})
#define STAGED(what) ON(STAGE, what, .frame = HF_NO_FRAME)
#define COPIED(what, source) ON(STAGE, what, .frame = (source), .count = HF_PAGE_SIZE)
#define LEAF(op, aspace, at, ...) ON(op, aspace, .level = HF_LEVEL_PT, .address = (at), ##__VA_ARGS__)
#define MAPPED(aspace, at, what) LEAF(MAP, aspace, at, .rights = HF_READ | HF_WRITE, .frame = (what))
#define TABLE(table_level, aspace, at, what) \
    ON(TABLE_INSTALL, aspace, .level = HF_LEVEL_##table_level, .address = (at), .frame = (what))
#define NO_TABLE(table_level, aspace, at) ON(TABLE_REMOVE, aspace, .level = HF_LEVEL_##table_level, .address = (at))
