/* Booting, from C's point of view: everything between boot/ and the handoff. */
#include "clock.h"
#include "cpu.h"
#include "entry.h"
#include "frametable.h"
#include "handoff.h"
#include "interrupt.h"
#include "kernelmap.h"
#include "log.h"
#include "main.h"
#include "panic.h"
#include "pool.h"
#include "schedule.h"
#include "segment.h"
#include "selftest.h"

#define VGA_TEXT 0xb8000ul
#define FRAMEBUFFER_TEXT 2 /* Multiboot2, 3.6.12 */
#define APIC_REGISTERS 0xfee00000ul
#define MSR_APIC_BASE 0x1bu
#define APIC_GLOBAL_ENABLE (1ul << 11)

#define DEVICE_APIC DEVICES_START
#define DEVICE_VGA (DEVICES_START + HF_PAGE_SIZE)

#define INFO_LIMIT 0x10000u

/* A copy of the boot loader's information: what it lies in is ordinary RAM. */
static uint8_t info_copy[INFO_LIMIT] __attribute__((aligned(8)));
static struct multiboot_info boot;

static void check(enum boot_error error) {
    if (error != BOOT_OK) {
        boot_refuse("%s", boot_error_text(error));
    }
}

static void read_information(uint64_t physical) {
    const uint8_t *information = pmo((paddr_t){physical});
    uint32_t bytes = *(const uint32_t *)(const void *)information;
    if (physical % 8 != 0) {
        check(BOOT_INFO_MISALIGNED);
    }
    copy_bytes(info_copy, information, bytes < INFO_LIMIT ? bytes : INFO_LIMIT);
    check(multiboot_parse(info_copy, INFO_LIMIT, &boot));
}

static void claim(uint64_t start, uint64_t end, enum hf_range_kind kind) {
    hf_frame_t first = start >> HF_PAGE_SHIFT;
    hf_frame_t last = (end + HF_PAGE_SIZE - 1) >> HF_PAGE_SHIFT;
    check(bootmap_claim(&boot.map, first, last - first, kind));
}

static void claim_used(void) {
    claim(image_physical(image_start).value, image_physical(image_end).value, HF_RANGE_CORE);
    for (unsigned i = 0; i < boot.module_count; i++) {
        claim(boot.module[i].start, boot.module[i].end, HF_RANGE_MODULE);
    }
}

static void report_memory(void) {
    static const char *const kinds[] = {
        [HF_RANGE_FREE] = "free", [HF_RANGE_CORE] = "core", [HF_RANGE_MODULE] = "module", [HF_RANGE_MEMSRV] = "memsrv"};
    for (unsigned i = 0; i < boot.map.count; i++) {
        const struct boot_range *range = &boot.map.range[i];
        log_print("memory: 0x%012lx to 0x%012lx %s\n", range->first << HF_PAGE_SHIFT, range->end << HF_PAGE_SHIFT,
                  kinds[range->kind]);
    }
    if (boot.map.ignored) {
        log_print("memory: %lu frames above 64 TiB can't be used\n", boot.map.ignored);
    }
    for (unsigned i = 0; i < boot.module_count; i++) {
        const struct multiboot_module *module = &boot.module[i];
        log_print("module: %s, %lu bytes at 0x%lx\n", module->name, module->end - module->start, module->start);
    }
    log_print("memory: total_ram 0x%lx, phys_max 0x%lx\n", bootmap_total(&boot.map) << HF_PAGE_SHIFT,
              bootmap_end(&boot.map) << HF_PAGE_SHIFT);
}

/* What lies behind a module in its last page would be handed out with it. */
static void clean_modules(void) {
    for (unsigned i = 0; i < boot.module_count; i++) {
        uint64_t end = boot.module[i].end;
        if (end % HF_PAGE_SIZE) {
            __builtin_memset(pmo((paddr_t){end}), 0, HF_PAGE_SIZE - end % HF_PAGE_SIZE);
        }
    }
}

static void map_devices(void) {
    uint64_t flags = ENTRY_WRITE | ENTRY_NO_CACHE | ENTRY_WRITE_THROUGH;
    kernelmap_map(DEVICE_APIC, (paddr_t){APIC_REGISTERS}, HF_PAGE_SIZE, flags);
    log_vga(NULL);
    if (boot.framebuffer.address == VGA_TEXT && boot.framebuffer.type == FRAMEBUFFER_TEXT) {
        kernelmap_map(DEVICE_VGA, (paddr_t){VGA_TEXT}, HF_PAGE_SIZE, flags);
        log_vga((volatile uint16_t *)DEVICE_VGA);
    }
}

static void start_clock(void) {
    write_msr(MSR_APIC_BASE, (read_msr(MSR_APIC_BASE) & ~0xffffff000ul & 0xfff) | APIC_REGISTERS | APIC_GLOBAL_ENABLE);
    interrupt_init((volatile uint32_t *)DEVICE_APIC);
    interrupt_timer_start(clock_measure());
}

_Noreturn void core_main(uint64_t information) {
    log_init();
    log_vga(pmo((paddr_t){VGA_TEXT}));
    log_text("Handoff: a microkernel that hands memory off\n");
    cpu_identify();
    if (!cpu_has(CPU_APIC)) {
        boot_refuse("the processor has no local APIC");
    }
    read_information(information);
    claim_used();
    cpu_patch_entry();
    cpu_init();
    pool_open(&boot.map);
    pool_keep_low();
    kernelmap_build(&boot.map);
    map_devices();
    segment_init();
    cpu_report();
    report_memory();
    clean_modules();
    frametable_build(&boot.map);
    schedule_init();
    start_clock();
    selftest(boot.command_line);
    handoff(&boot);
    log_to(LOG_COM2);
    log_text("Handoff: the core's log\n");
    schedule();
    entry_resume();
}
