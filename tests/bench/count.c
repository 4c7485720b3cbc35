/* A plugin for QEMU that counts the instructions of ring 0.
 *
 *     -plugin count.so,out=FOLDER,symbols=FILE
 *
 * When QEMU ends, FOLDER/PID.txt says
 *
 *     longest N entry ADDRESS by NAME NAME*16 ...
 *     stretches 2^K COUNT          a line for each K that there is
 *     section I median N samples N a line for each measurement of tasks/bench/sample.h
 *
 * "longest" is the longest time with interrupts off, in instructions (an iteration of
 * a REP counts as one): from the first one of an entry into the core to its last one.
 * In ring 0 interrupts are on only while idle. What comes before the first task runs
 * and after the last one isn't counted. FILE is what nm says of the core; it gives the
 * names of the calls and operations that the longest stretch was made of. */
#include <handoff/call.h>
#include <handoff/mmu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../tasks/bench/sample.h"
#include "qemu_plugin.h"

#define KERNEL_HALF 0xffff800000000000ul
#define STI "\xfb"
#define HLT "\xf4"
#define SYSRET "\x48\x0f\x07"
#define IRETQ "\x48\xcf"

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static const char *out_folder = ".";
static uint64_t core_instructions; /* counted by the code that QEMU makes */
static uint64_t user_blocks;

/* ---- Names of functions ---- */

struct symbol {
    uint64_t address;
    char name[40];
};
static struct symbol symbols[256];
static size_t symbol_count;
static uint64_t vectors_first, vectors_last; /* where interrupts and exceptions come in */

/* Calls and operations are. */
static bool is_told(const char *name) {
    static const char *const told[] = {"entered_by_interrupt", "entered_while_idle",
#define X(upper, lower, ...) "call_" #lower,
                                       HF_CALL_LIST(X)
#undef X
#define X(upper, lower, ...) "mmu_" #lower,
                                           HF_OPERATION_LIST(X)
#undef X
    };
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        if (strcmp(name, told[i]) == 0) return true;
    }
    return false;
}

static void read_symbols(const char *path) {
    struct symbol symbol;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    while (fscanf(file, "%lx %*c %39s", &symbol.address, symbol.name) == 2) {
        if (strcmp(symbol.name, "entry_vectors") == 0) vectors_first = symbol.address;
        if (strcmp(symbol.name, "entry_spurious") == 0) vectors_last = symbol.address;
        if (is_told(symbol.name) && symbol_count < sizeof symbols / sizeof *symbols) {
            symbols[symbol_count++] = symbol;
        }
    }
    fclose(file);
}

static struct symbol *symbol_at(uint64_t address) {
    for (size_t i = 0; i < symbol_count; i++) {
        if (symbols[i].address == address) return &symbols[i];
    }
    return NULL;
}

/* ---- Stretches with interrupts off ---- */

#define TRAIL 32u

struct stretch {
    uint64_t entry;                    /* where it was entered */
    uint64_t length;                   /* instructions */
    const struct symbol *trail[TRAIL]; /* what was done in it, the first things */
    unsigned times[TRAIL], used;
};

static struct stretch now, longest;
static uint64_t now_start;        /* core_instructions when it began */
static uint64_t blocks_at_start;  /* user_blocks then */
static bool interrupts_on = true; /* idle, or there was none yet */
static bool is_left;              /* by SYSRET or IRETQ, which may lead back into ring 0 */
static bool is_booting = true;    /* until the core has been left once */
static uint64_t by_length[64];    /* index: floor of the logarithm */

static void end_stretch(void) {
    now.length = core_instructions - now_start;
    if (is_booting) {
        is_booting = false;
        return;
    }
    by_length[63 - __builtin_clzl(now.length | 1)]++;
    if (now.length > longest.length) longest = now;
}

static void add_to_trail(const struct symbol *symbol) {
    if (now.used > 0 && now.trail[now.used - 1] == symbol) {
        now.times[now.used - 1]++;
    } else if (now.used < TRAIL) {
        now.trail[now.used] = symbol;
        now.times[now.used++] = 1;
    }
}

static void begin_stretch(uint64_t entry) {
    if (!interrupts_on) end_stretch();
    interrupts_on = false;
    is_left = false;
    blocks_at_start = user_blocks;
    now_start = core_instructions;
    now.used = 0;
    now.entry = entry;
}

/* Before the instructions of a block are counted. A block after ring 3 ran begins a stretch. */
static void core_block(unsigned vcpu, void *where) {
    (void)vcpu;
    if (interrupts_on || user_blocks != blocks_at_start) begin_stretch((uint64_t)where);
    is_left = false;
}

/* An interrupt can come before ring 3 ran an instruction, and so can a fault. */
static void core_vector(unsigned vcpu, void *where) {
    (void)vcpu;
    if (interrupts_on || is_left || user_blocks != blocks_at_start) begin_stretch((uint64_t)where);
}

static void core_leaves(unsigned vcpu, void *unused) {
    (void)vcpu;
    (void)unused;
    is_left = true;
}

static void core_function(unsigned vcpu, void *symbol) {
    core_block(vcpu, (void *)((const struct symbol *)symbol)->address);
    add_to_trail(symbol);
}

/* The core waits for an interrupt. */
static void core_idles(unsigned vcpu, void *unused) {
    (void)vcpu;
    (void)unused;
    end_stretch();
    interrupts_on = true;
}

/* ---- The core's share of what is measured ---- */

#define SECTIONS 256u

struct section {
    unsigned count;
    uint64_t samples[SAMPLE_COUNT];
};
static struct section sections[SECTIONS];
static unsigned section_count;
static struct section *open_section;
static uint64_t sample_start, sample; /* of the sample that is being taken, or was taken last */

static void mark(unsigned vcpu, void *which) {
    (void)vcpu;
    switch ((enum sample_mark)(uintptr_t)which) {
    case SAMPLE_MARK_BEGIN:
        open_section = section_count < SECTIONS ? &sections[section_count++] : NULL;
        break;
    case SAMPLE_MARK_START:
        sample_start = core_instructions;
        break;
    case SAMPLE_MARK_STOP:
        sample = core_instructions - sample_start;
        break;
    case SAMPLE_MARK_KEEP:
        if (open_section != NULL && open_section->count < SAMPLE_COUNT) {
            open_section->samples[open_section->count++] = sample;
        }
        break;
    case SAMPLE_MARK_END:
        open_section = NULL;
        break;
    }
}

/* Whether an instruction is a mark, and which. */
static bool is_mark(const struct qemu_plugin_insn *insn, uintptr_t *which) {
    static const uint8_t nop[] = {0x0f, 0x1f, 0x80};
    const uint8_t *bytes = qemu_plugin_insn_data(insn);
    uint32_t displacement;
    if (qemu_plugin_insn_size(insn) != sizeof nop + sizeof displacement || memcmp(bytes, nop, sizeof nop) != 0) {
        return false;
    }
    memcpy(&displacement, bytes + sizeof nop, sizeof displacement);
    *which = displacement - SAMPLE_MARK_BASE;
    return *which <= SAMPLE_MARK_END;
}

/* ---- What QEMU calls ---- */

static bool is_insn(const struct qemu_plugin_insn *insn, const char *bytes, size_t size) {
    return qemu_plugin_insn_size(insn) == size && memcmp(qemu_plugin_insn_data(insn), bytes, size) == 0;
}
#define IS_INSN(insn, bytes) is_insn(insn, bytes, sizeof(bytes) - 1)

static void core_begins(struct qemu_plugin_tb *tb) {
    uint64_t address = qemu_plugin_tb_vaddr(tb);
    struct symbol *symbol = symbol_at(address);
    if (symbol != NULL) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, core_function, QEMU_PLUGIN_CB_NO_REGS, symbol);
    } else if (address >= vectors_first && address <= vectors_last) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, core_vector, QEMU_PLUGIN_CB_NO_REGS, (void *)address);
    } else if (!IS_INSN(qemu_plugin_tb_get_insn(tb, 0), HLT)) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, core_block, QEMU_PLUGIN_CB_NO_REGS, (void *)address);
    }
}

static void core_translated(struct qemu_plugin_tb *tb) {
    core_begins(tb);
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &core_instructions, 1);
        if (IS_INSN(insn, STI)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, core_idles, QEMU_PLUGIN_CB_NO_REGS, NULL);
        } else if (IS_INSN(insn, SYSRET) || IS_INSN(insn, IRETQ)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, core_leaves, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
    }
}

static void user_translated(struct qemu_plugin_tb *tb) {
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &user_blocks, 1);
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        uintptr_t which;
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        if (is_mark(insn, &which)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, QEMU_PLUGIN_CB_NO_REGS, (void *)which);
        }
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    if (qemu_plugin_tb_vaddr(tb) >= KERNEL_HALF) {
        core_translated(tb);
    } else {
        user_translated(tb);
    }
}

static int compare(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void report(FILE *file) {
    fprintf(file, "longest %lu entry %#lx by", longest.length, longest.entry);
    for (unsigned i = 0; i < longest.used; i++) {
        fprintf(file, longest.times[i] == 1 ? " %s" : " %s*%u", longest.trail[i]->name, longest.times[i]);
    }
    fprintf(file, "\n");
    for (unsigned i = 0; i < sizeof by_length / sizeof *by_length; i++) {
        if (by_length[i] > 0) fprintf(file, "stretches 2^%u %lu\n", i, by_length[i]);
    }
    for (unsigned i = 0; i < section_count; i++) {
        struct section *section = &sections[i];
        qsort(section->samples, section->count, sizeof *section->samples, compare);
        fprintf(file, "section %u median %lu samples %u\n", i, section->samples[section->count / 2], section->count);
    }
}

static void at_exit(qemu_plugin_id_t id, void *unused) {
    char path[4096];
    (void)id;
    (void)unused;
    snprintf(path, sizeof path, "%s/%d.txt", out_folder, (int)getpid());
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        return;
    }
    report(file);
    fclose(file);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            out_folder = strdup(argv[i] + 4);
        } else if (strncmp(argv[i], "symbols=", 8) == 0) {
            read_symbols(argv[i] + 8);
        } else {
            fprintf(stderr, "count.so: unknown option %s\n", argv[i]);
            return 1;
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
