/* The format of programs: the parts of the System V ABI's ELF-64 object format that
 * a static program has. */
#pragma once

#include <stdint.h>

struct hf_elf_header {
    uint8_t magic[4];
    uint8_t class, data, ident_version, abi, abi_version, padding[7];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t header_size, program_header_size, program_header_count;
    uint16_t section_header_size, section_header_count, section_names;
};

struct hf_elf_program_header {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
};
_Static_assert(sizeof(struct hf_elf_header) == 64 && sizeof(struct hf_elf_program_header) == 56, "as in the file");

#define HF_ELF_MAGIC "\177ELF"

enum {
    HF_ELF_CLASS_64 = 2,
    HF_ELF_LITTLE_ENDIAN = 1,
    HF_ELF_VERSION = 1,
    HF_ELF_EXECUTABLE = 2,
    HF_ELF_X86_64 = 62,
};

enum { HF_ELF_LOAD = 1, HF_ELF_DYNAMIC = 2, HF_ELF_INTERPRETER = 3 };
enum { HF_ELF_FLAG_EXECUTE = 1, HF_ELF_FLAG_WRITE = 2, HF_ELF_FLAG_READ = 4 };
