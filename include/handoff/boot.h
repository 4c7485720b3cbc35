/* What the core hands to memsrv at the handoff, mapped read-only at HF_BOOT_INFO. */
#ifndef HANDOFF_BOOT_H
#define HANDOFF_BOOT_H

#include <handoff/types.h>

/* Where memsrv finds its pages when it starts. */
#define HF_BOOT_INFO 0x0000000010000000ul
#define HF_MEMSRV_BUFFER 0x0000000020000000ul
#define HF_MEMSRV_OPERATIONS 0x0000000020001000ul
#define HF_MEMSRV_STACK_TOP 0x0000000030000000ul
#define HF_MEMSRV_STACK_PAGES 8ul

#define HF_BOOT_MAGIC 0x4f46464f444e4148ull /* "HANDOFFO", read as bytes */
#define HF_BOOT_VERSION 1u

enum hf_range_kind {
    HF_RANGE_FREE,   /* memsrv's, FREE in the frame table */
    HF_RANGE_CORE,   /* RAM that the core keeps */
    HF_RANGE_MODULE, /* RAM of boot modules and this information: pinned USER frames */
    HF_RANGE_MEMSRV, /* RAM of memsrv's own aspace and objects */
};

struct hf_boot_range {
    hf_frame_t first;
    uint64_t count; /* frames */
    uint64_t kind;  /* enum hf_range_kind */
};

struct hf_boot_module {
    hf_frame_t first; /* its content starts at the frame's beginning */
    uint64_t bytes;
    uint32_t name;    /* offset of its name, from the start of struct hf_boot */
    uint32_t arguments; /* offset of what follows the name in the module's string, may be empty */
};

struct hf_boot_ports {
    uint16_t first, count;
};

struct hf_boot {
    uint64_t magic;
    uint32_t version;
    uint32_t bytes; /* of all this information */
    uint64_t total_ram; /* bytes of RAM in the memory map */
    uint64_t phys_max;  /* end of the highest RAM, bytes */
    uint64_t boot_instructions; /* counter ticks from the core's entry to the handoff, waits not counted */
    uint64_t clock_hz;
    uint64_t features;  /* enum hf_processor_features */
    hf_frame_t aspace, task, handles; /* memsrv's own */
    uint32_t ranges, range_count;   /* offset, how many; sorted, of all RAM */
    uint32_t modules, module_count; /* offset, how many */
    uint32_t command_line;          /* offset */
    uint32_t reserved;
};

#define HF_FEATURE_LIST(X) \
    X(NX, nx) X(SMEP, smep) X(SMAP, smap) X(UMIP, umip) X(PGE, pge) X(XSAVE, xsave) X(AVX, avx) \
    X(FSGSBASE, fsgsbase) X(PAGE_1G, page_1g) X(RDCL_NO, rdcl_no)

enum hf_processor_feature {
#define X(upper, lower) HF_FEATURE_##upper,
    HF_FEATURE_LIST(X)
#undef X
    HF_FEATURE_COUNT
};

#endif
