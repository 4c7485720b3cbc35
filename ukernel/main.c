/* Booting, from C's point of view: everything between boot/ and the handoff. */
#include "boot.h"
#include "clock.h"
#include "cpu.h"
#include "device.h"
#include "entry.h"
#include "interrupt.h"
#include "kernelmap.h"
#include "schedule.h"
#include "segment.h"

#define INFO_LIMIT 0x10000u /* bytes */
#define VGA_TEXT 0xb8000ul
#define FRAMEBUFFER_TEXT 2
#define APIC_REGISTERS 0xfee00000ul
#define MSR_APIC_BASE 0x1bu
#define APIC_GLOBAL_ENABLE (1ul << 11)

#define DEVICE_APIC DEVICES_START
#define DEVICE_VGA (DEVICES_START + HF_PAGE_SIZE)

struct hf_boot boot;

/* The core that is tested has another one: tests/core/selftest.c. */
__attribute__((weak)) void selftest(const char *command_line) { (void)command_line; }

void boot_require(bool good, const char *otherwise) {
    if (!good) boot_refuse("%s", otherwise);
}

/* Whether this word stands on the command line, before the program to run and its arguments. */
static bool option(const char *word) {
    for (const char *at = boot.command_line; *at && !text_after(at, "run="); at++) {
        const char *rest = text_after(at, word);
        bool starts = at == boot.command_line || at[-1] == ' ';
        if (starts && rest && (*rest == 0 || *rest == ' ')) return true;
    }
    return false;
}

static bool fast_path(void) { return !option("fastpath=off"); }

static void claim_image(void) {
    hf_frame_t first = image_physical(image_start).value >> HF_PAGE_SHIFT;
    bootmap_claim(&boot.map, first, page_count((uint64_t)(image_end - image_start)), HF_RANGE_CORE);
}

/* What lies behind a module in its last page would be handed out with it. */
static void claim_module(const struct hf_boot_module *module) {
    uint8_t *start = frame_pointer(module->first);
    bootmap_claim(&boot.map, module->first, page_count(module->bytes), HF_RANGE_MODULE);
    __builtin_memset(start + module->bytes, 0, -module->bytes % HF_PAGE_SIZE);
}

static void report_memory(void) {
    static const char *const kinds[] = {"none", "free", "core", "module"};
    for (unsigned i = 0; i + 1 < boot.map.count; i++) {
        const struct hf_boot_range *range = &boot.map.range[i];
        if (range->kind == HF_RANGE_NONE) continue;
        log_print("memory: 0x%012lx to 0x%012lx %s\n", range[0].first << HF_PAGE_SHIFT, range[1].first << HF_PAGE_SHIFT,
                  kinds[range->kind]);
    }
    for (unsigned i = 0; i < boot.module_count; i++) {
        const struct hf_boot_module *module = &boot.module[i];
        log_print("module: %s, %lu bytes at 0x%lx\n", module->name, module->bytes, module->first << HF_PAGE_SHIFT);
    }
    log_print("memory: total_ram 0x%lx, phys_max 0x%lx\n", boot.map.total_ram, boot.map.phys_max);
    if (boot.map.ignored) log_print("memory: 0x%lx bytes above 64 TiB can't be used\n", boot.map.ignored);
}

static void map_devices(void) {
    uint64_t flags = ENTRY_WRITE | ENTRY_NO_CACHE | ENTRY_WRITE_THROUGH;
    bool text = boot.framebuffer.address == VGA_TEXT && boot.framebuffer.type == FRAMEBUFFER_TEXT;
    if (boot.framebuffer.type != FRAMEBUFFER_TEXT) {
        device_init(boot.framebuffer.address, (uint64_t)boot.framebuffer.pitch * boot.framebuffer.height);
    }
    log_vga(NULL); /* it went with the window */
    kernelmap_map(DEVICE_APIC, (paddr_t){APIC_REGISTERS}, HF_PAGE_SIZE, flags);
    if (text) kernelmap_map(DEVICE_VGA, (paddr_t){VGA_TEXT}, HF_PAGE_SIZE, flags);
    if (text) log_vga((volatile uint16_t *)DEVICE_VGA);
}

static void start_clock(void) {
    write_msr(MSR_APIC_BASE, (read_msr(MSR_APIC_BASE) & ~0xffffff000ul & 0xfff) | APIC_REGISTERS | APIC_GLOBAL_ENABLE);
    interrupt_init((volatile uint32_t *)DEVICE_APIC);
    interrupt_timer_start(clock_measure());
}

/* The rest of booting, on a stack with a guard page below it. */
static _Noreturn void finish(void) {
    cpu_report();
    report_memory();
    hf_frame_t for_memsrv = pool_take(page_count(sizeof(boot)), HF_RANGE_MODULE);
    frametable_build();
    schedule_init(fast_path());
    start_clock();
    selftest(boot.command_line);
    handoff(for_memsrv);
    log_to(LOG_COM2);
    log_text("Handoff: the core's log\n");
    log_listen();
    interrupt_unmask(LOG_IRQ);
    schedule();
    entry_resume();
}

_Noreturn void core_main(uint64_t information) {
    log_init();
    log_vga(pmo((paddr_t){VGA_TEXT}));
    log_text("Handoff: a microkernel that hands memory off\n");
    cpu_identify();
    boot_require(cpu_has(CPU_APIC), "the processor has no local APIC");
    multiboot_parse(pmo((paddr_t){information}), lower(INFO_LIMIT, BOOT_WINDOW - information), &boot);
    claim_image();
    for (unsigned i = 0; i < boot.module_count; i++) claim_module(&boot.module[i]);
    cpu_patch_entry();
    cpu_init(fast_path());
    pool_keep_low();
    kernelmap_build();
    map_devices();
    segment_init();
    entry_on_stack(finish);
}
