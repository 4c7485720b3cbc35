/* Deliberate violations in ring 0: `selftest=NAME` on the command line. */
#include "boot.h"

#include "address.h"
#include "kernelmap.h"
#include "panic.h"
#include "segment.h"

static void write_to(const void *address) { *(volatile uint8_t *)(uint64_t)address = 0xf4; }

static void read_of(const void *address) { (void)*(const volatile uint8_t *)address; }

static void fetch_from(const void *address) { ((void (*)(void))(uint64_t)address)(); }

static uint8_t data[16] = {0xc3}; /* RET */
static const uint8_t constant[16] = {0xc3};

static void write_text(void) { write_to(text_start); }

static void write_rodata(void) { write_to(constant); }

static void fetch_rodata(void) { fetch_from(constant); }

static void fetch_data(void) { fetch_from(data); }

static void write_text_alias(void) { write_to(pmo(image_physical(text_start))); }

static void write_data_alias(void) { write_to(pmo(image_physical(data))); }

static void fetch_pmo(void) { fetch_from(pmo(image_physical(text_start))); }

static void read_null(void) { read_of(NULL); }

static void read_identity(void) { read_of((const void *)image_physical(text_start).value); }

static void write_guard(void) { write_to((const void *)(STACK_TOP(0) - STACK_BYTES - 8)); }

static void read_hole(void) { read_of(pmo((paddr_t){0xfee00000})); } /* device registers are not RAM */

/* Of the stack that entries use; booting has one in the image. The page fault finds no
 * stack to push on, so it becomes a double fault, which has its own. */
static void overflow_stack(void) { __asm__ volatile("mov %0, %%rsp; 1: push %%rax; jmp 1b" : : "r"(STACK_TOP(0))); }

/* Allowed: so that it is seen that a violation would be told which nothing stops. */
static void write_data(void) { write_to(data); }

/* These two only a core that checks itself stops (CHECKED=1). */
static void undefined(void) {
    volatile int32_t most = INT32_MAX;
    most = most + 1;
}

static void smash_stack(void) {
    uint8_t small[16];
    volatile size_t bytes = 4 * sizeof(small);
    __builtin_memset(small, 0xf4, bytes);
    write_to(data + small[0] % sizeof(data));
}

static const struct {
    const char *name;
    void (*violate)(void);
} violations[] = {
    {"write-text", write_text},
    {"write-rodata", write_rodata},
    {"fetch-rodata", fetch_rodata},
    {"fetch-data", fetch_data},
    {"write-data", write_data},
    {"write-text-alias", write_text_alias},
    {"write-data-alias", write_data_alias},
    {"fetch-pmo", fetch_pmo},
    {"read-null", read_null},
    {"read-identity", read_identity},
    {"write-guard", write_guard},
    {"read-hole", read_hole},
    {"overflow-stack", overflow_stack},
    {"undefined", undefined},
    {"smash-stack", smash_stack},
};

/* What follows `selftest=` on the command line, or NULL. */
static const char *wanted(const char *line) {
    for (; *line; line++) {
        const char *name = text_after(line, "selftest=");
        if (name) return name;
    }
    return NULL;
}

void selftest(const char *command_line) {
    const char *name = wanted(command_line);
    if (!name) return;
    for (size_t i = 0; i < sizeof(violations) / sizeof(violations[0]); i++) {
        const char *rest = text_after(name, violations[i].name);
        if (rest && (*rest == 0 || *rest == ' ')) {
            violations[i].violate();
            panic("selftest: nothing stopped the violation");
        }
    }
    boot_refuse("selftest= names no test");
}
