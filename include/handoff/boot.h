/* What the core hands to memsrv at the handoff, mapped read-only at HF_BOOT_INFO. */
#pragma once

#include <handoff/types.h>

/* Where memsrv finds its pages when it starts. */
#define HF_BOOT_INFO 0x0000000010000000ul
#define HF_MEMSRV_BUFFER 0x0000000020000000ul
#define HF_MEMSRV_OPERATIONS 0x0000000020001000ul
#define HF_MEMSRV_STACK_TOP 0x0000000030000000ul
#define HF_MEMSRV_STACK_PAGES 8ul

#define HF_BOOT_MAGIC 0x4f46464f444e4148ull /* "HANDOFFO", read as bytes */
#define HF_BOOT_VERSION 2u

#define HF_BOOT_RANGES 1024u /* 512 pieces of RAM with gaps between them */
#define HF_BOOT_MODULES 128u

enum hf_range_kind {
    HF_RANGE_NONE,   /* no RAM, or the firmware's */
    HF_RANGE_FREE,   /* memsrv's, FREE in the frame table */
    HF_RANGE_CORE,   /* RAM that the core keeps */
    HF_RANGE_MODULE, /* RAM of boot modules and this information: pinned USER frames */
    HF_RANGE_MEMSRV, /* RAM of memsrv's own aspace and objects */
};

/* Reaches to where the next one starts, which is of another kind. */
struct hf_boot_range {
    hf_frame_t first;
    uint64_t kind; /* enum hf_range_kind */
};

/* All physical memory, sorted. There is no RAM below the first range, and the last
 * one is of kind NONE: behind it there is none either. */
struct hf_boot_map {
    uint64_t total_ram; /* bytes of RAM in the map */
    uint64_t phys_max;  /* end of the highest RAM, bytes */
    uint64_t ignored;   /* bytes of RAM that lie too high to be used, and are not in the map */
    uint64_t count;
    struct hf_boot_range range[HF_BOOT_RANGES];
};

struct hf_boot_module {
    hf_frame_t first; /* its content starts at the frame's beginning */
    uint64_t bytes;
    char name[48];      /* the first word of the module's string */
    char arguments[80]; /* what follows it, may be empty */
};

/* As the boot loader describes it (Multiboot2 specification 3.6.12). */
struct hf_boot_framebuffer {
    uint64_t address;       /* bytes, physical; 0 when there is none */
    uint32_t pitch;         /* bytes from one line to the next */
    uint32_t width, height; /* pixels, or characters */
    uint8_t bits;           /* of a pixel */
    uint8_t type;           /* 0 indexed colour, 1 direct colour, 2 text */
    uint16_t reserved;
};

struct hf_boot {
    uint64_t magic;
    uint32_t version;
    uint32_t module_count;
    uint64_t boot_instructions; /* counter ticks from the core's entry to the handoff, waits not counted */
    uint64_t clock_hz;
    uint64_t features;                /* enum hf_processor_features */
    hf_frame_t aspace, task, handles; /* memsrv's own */
    struct hf_boot_framebuffer framebuffer;
    struct hf_boot_map map;
    struct hf_boot_module module[HF_BOOT_MODULES];
    char command_line[1024];
};

#define HF_FEATURE_LIST(X) \
    X(NX, nx) \
    X(SMEP, smep) \
    X(SMAP, smap) \
    X(UMIP, umip) \
    X(PGE, pge) X(XSAVE, xsave) X(AVX, avx) X(FSGSBASE, fsgsbase) X(PAGE_1G, page_1g) X(RDCL_NO, rdcl_no)

enum hf_processor_feature {
#define X(upper, lower) HF_FEATURE_##upper,
    HF_FEATURE_LIST(X)
#undef X
        HF_FEATURE_COUNT
};
