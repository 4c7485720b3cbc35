/* A plugin for QEMU that notes which instructions of the core's image ran.
 *
 *     -plugin reach.so,out=FOLDER
 *
 * When QEMU ends, a file FOLDER/NAME.reached has a line for each: its address, and its bytes, by
 * which the cores of several builds are told apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../bench/qemu_plugin.h"

#define IMAGE_BASE 0xffffffff80000000ul
#define IMAGE_LIMIT 0x400000ul /* bytes, from the base on */
#define LONGEST 15u            /* bytes of an instruction */

struct instruction {
    uint64_t runs; /* counted by the code that QEMU makes */
    uint8_t size, bytes[LONGEST];
};

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static const char *out_folder = ".";
static struct instruction *instructions;

static void note(struct qemu_plugin_insn *insn) {
    uint64_t offset = qemu_plugin_insn_vaddr(insn) - IMAGE_BASE;
    size_t size = qemu_plugin_insn_size(insn);
    if (offset >= IMAGE_LIMIT || size > LONGEST) return;
    struct instruction *here = &instructions[offset];
    here->size = (uint8_t)size;
    memcpy(here->bytes, qemu_plugin_insn_data(insn), size);
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &here->runs, 1);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) note(qemu_plugin_tb_get_insn(tb, i));
}

static void report(FILE *file) {
    for (uint64_t offset = 0; offset < IMAGE_LIMIT; offset++) {
        const struct instruction *here = &instructions[offset];
        if (here->runs == 0) continue;
        fprintf(file, "%lx ", IMAGE_BASE + offset);
        for (unsigned i = 0; i < here->size; i++) fprintf(file, "%02x", here->bytes[i]);
        fprintf(file, "\n");
    }
}

/* The file has its name when all is in it. Processes have their numbers again and again. */
static void at_exit(qemu_plugin_id_t id, void *unused) {
    char path[4096 + 16], unfinished[4096];
    (void)id;
    (void)unused;
    snprintf(unfinished, sizeof unfinished, "%s/XXXXXX", out_folder);
    int fd = mkstemp(unfinished);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        perror(unfinished);
        return;
    }
    report(file);
    snprintf(path, sizeof path, "%s.reached", unfinished);
    if (fclose(file) != 0 || rename(unfinished, path) != 0) perror(path);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) != 0) {
            fprintf(stderr, "reach.so: unknown option %s\n", argv[i]);
            return 1;
        }
        out_folder = strdup(argv[i] + 4);
    }
    instructions = calloc(IMAGE_LIMIT, sizeof *instructions);
    if (instructions == NULL) return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
