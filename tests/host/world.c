#include "world.h"

#include "check_state.h"
#include "device.h"
#include "entry.h"
#include "handle.h"
#include <stdio.h>
#include <string.h>

struct task asker;
struct hf_operation_page asker_page;
struct hf_result result;

static uint64_t ram_frames;

static void set(hf_frame_t first, uint64_t count, enum hf_frame_type type, uint8_t flags) {
    for (hf_frame_t frame = first; frame < first + count; frame++) {
        frame_boot_set(frame, type, flags);
    }
    machine_add_ram(first, count);
    ram_frames += count;
}

static void add_run(unsigned run, enum hf_run_state state) {
    frame_boot_run(run, state);
    if (state != HF_RUN_RESERVED) {
        machine_add_ram(run * MACHINE_RUN, MACHINE_RUN);
        ram_frames += MACHINE_RUN;
    }
}

int world_start(void **state) {
    (void)state;
    machine_reset();
    ram_frames = 0;
    frame_limit = MACHINE_FRAMES;
    frame_boot_run(0, HF_RUN_SPLIT);
    set(WORLD_CORE, WORLD_MODULE - WORLD_CORE, HF_FRAME_CORE, 0);
    set(WORLD_MODULE, 1, HF_FRAME_USER, HF_FRAME_PINNED);
    set(WORLD_FREE, MACHINE_RUN - WORLD_FREE, HF_FRAME_FREE, 0);
    for (unsigned run = 1; run < MACHINE_RUNS; run++) {
        add_run(run, run == 2 ? HF_RUN_CORE : run == 3 ? HF_RUN_RESERVED : HF_RUN_FREE);
    }
    device_init((uint64_t)WORLD_FRAMEBUFFER << HF_PAGE_SHIFT, WORLD_FRAMEBUFFER_FRAMES * HF_PAGE_SIZE);
    memset(&processor, 0, sizeof processor);
    schedule_init(false);
    memset(&asker_page, 0, sizeof asker_page);
    asker = (struct task){.memory = 1, .operations = &asker_page, .state = HF_TASK_READY};
    return 0;
}

void world_leave_out_vga(void) {
    for (hf_frame_t frame = WORLD_VGA; frame < WORLD_VGA + WORLD_VGA_FRAMES; frame++) {
        frame_claim(frame, HF_FRAME_RESERVED);
    }
    machine_remove_ram(WORLD_VGA, WORLD_VGA_FRAMES);
    ram_frames -= WORLD_VGA_FRAMES;
}

hf_status_t ask(const struct hf_operation *operation) { return mmu_one(&asker, operation, &result); }

hf_status_t world_call(struct task *task, uint64_t number) {
    if (processor.current != task) {
        if (task->state == HF_TASK_READY) {
            schedule_remove(task);
        }
        if (processor.current) {
            schedule_ready_first(processor.current);
        }
    }
    task->state = HF_TASK_READY;
    processor.current = task;
    write_cr3(task->cr3);
    task->registers.rax = number;
    task->registers.vector = ENTERED_BY_CALL;
    entered_by_call(task);
    return task->state == HF_TASK_READY ? (hf_status_t)task->registers.rax : HF_STATUS_COUNT;
}

/* ---- The invariants ---- */

#define USES (4u * MACHINE_FRAMES)

static struct check_use uses[USES];
static unsigned use_count;

static void add_use(const void *object, enum hf_frame_type type) {
    uses[use_count++] = (struct check_use){((uint64_t)object - PMO_BASE) >> HF_PAGE_SHIFT, type};
}

static void find_uses(void) {
    use_count = 0;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (machine_headers[frame / MACHINE_RUN].state != HF_RUN_SPLIT ||
            machine_entries[frame].type != HF_FRAME_TASK || !machine_is_ram(frame)) {
            continue;
        }
        const struct task *task = (const void *)machine_ram[frame];
        if (task->cr3) {
            add_use((const void *)(PMO_BASE + task->cr3), HF_FRAME_PML4);
        }
        if (task->handles != handle_none) {
            add_use(task->handles, HF_FRAME_HANDLES);
        }
        if (task->buffer) {
            add_use(task->buffer, HF_FRAME_USER);
        }
        if (task->operations) {
            add_use(task->operations, HF_FRAME_USER);
        }
    }
}

static const struct check_range devices[] = {{WORLD_VGA, WORLD_VGA_FRAMES},
                                             {WORLD_FRAMEBUFFER, WORLD_FRAMEBUFFER_FRAMES}};

const char *world_broken(void) {
    find_uses();
    const char *wrong = check_state(&(struct check_state){
        .ram = machine_ram[0],
        .headers = machine_headers,
        .entries = machine_entries,
        .limit = frame_limit,
        .levels = TABLE_LEVELS,
        .bits = TABLE_BITS,
        .user_first = HF_USER_FIRST,
        .user_end = WORLD_USER_END,
        .kernel_half = machine_kernel_half,
        .ram_frames = ram_frames,
        .devices = devices,
        .device_count = sizeof devices / sizeof devices[0],
        .uses = uses,
        .use_count = use_count,
    });
    if (!wrong && read_cr3() && frame_type(read_cr3() >> HF_PAGE_SHIFT) != HF_FRAME_PML4) {
        wrong = "I8: the processor still has an aspace loaded that is gone";
    }
    return wrong ? wrong : machine_stale();
}

void world_check(const char *file, int line) {
    const char *wrong = world_broken();
    if (wrong) {
        print_error("%s:%d: %s\n", file, line, wrong);
        _fail(file, line);
    }
}

/* ---- Nothing has changed ---- */

bool world_unwatched[MACHINE_FRAMES];
static uint8_t kept_ram[MACHINE_FRAMES][HF_PAGE_SIZE];
static struct hf_run_header kept_headers[MACHINE_RUNS];
static struct hf_frame_entry kept_entries[MACHINE_FRAMES];
static struct processor kept_processor;

void world_keep(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (!world_unwatched[frame] && machine_is_ram(frame)) {
            memcpy(kept_ram[frame], machine_ram[frame], HF_PAGE_SIZE);
        }
    }
    memcpy(kept_headers, machine_headers, sizeof kept_headers);
    memcpy(kept_entries, machine_entries, sizeof kept_entries);
    kept_processor = processor;
}

bool world_changed(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (!world_unwatched[frame] && machine_is_ram(frame) &&
            memcmp(kept_ram[frame], machine_ram[frame], HF_PAGE_SIZE) != 0) {
            return true;
        }
    }
    return memcmp(kept_headers, machine_headers, sizeof kept_headers) != 0 ||
           memcmp(kept_entries, machine_entries, sizeof kept_entries) != 0 ||
           memcmp(&kept_processor, &processor, sizeof processor) != 0;
}

void world_expect(hf_status_t want, const struct hf_operation *operation, const char *file, int line) {
    world_keep();
    const hf_status_t status = ask(operation);
    if (status != want || result.status != status) {
        print_error("%s:%d: operation %u answers %u (result %u), not %u\n", file, line, operation->code, status,
                    result.status, want);
        _fail(file, line);
    }
    if (want != HF_OK && want != HF_AGAIN && world_changed()) {
        print_error("%s:%d: refused, and something has changed\n", file, line);
        _fail(file, line);
    }
    world_check(file, line);
}

/* ---- Short ways ---- */

unsigned world_refs(hf_frame_t frame) {
    const struct hf_frame_entry *entry = frame_entry(frame);
    return entry ? entry->refs : 0;
}

void make_aspace(hf_frame_t frame) {
    GRANTED(.code = HF_OP_ASPACE_CREATE, .object = frame);
    GRANTED(.code = HF_OP_ASPACE_COPY_KERNEL, .object = frame);
}

void make_tables(hf_frame_t aspace, uint64_t address, hf_frame_t pdpt, hf_frame_t pd, hf_frame_t pt) {
    GRANTED(.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PDPT, .object = aspace, .address = address, .frame = pdpt);
    GRANTED(.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PD, .object = aspace, .address = address, .frame = pd);
    GRANTED(.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PT, .object = aspace, .address = address, .frame = pt);
}

void make_page(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights) {
    GRANTED(.code = HF_OP_STAGE, .object = frame, .frame = HF_NO_FRAME);
    GRANTED(.code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = (uint16_t)rights, .object = aspace, .address = address,
            .frame = frame);
}

void stage_run(hf_frame_t first) {
    const struct hf_operation operation = {
        .code = HF_OP_STAGE, .level = HF_WHOLE_RUN, .object = first, .frame = HF_NO_FRAME};
    for (hf_status_t status = HF_AGAIN; status != HF_OK;) {
        status = ask(&operation);
        assert_true(status == HF_OK || status == HF_AGAIN);
    }
    world_check(__FILE__, __LINE__);
}

void make_large(hf_frame_t aspace, uint64_t address, hf_frame_t first, unsigned rights) {
    stage_run(first);
    GRANTED(.code = HF_OP_MAP, .level = HF_LEVEL_PD, .rights = (uint16_t)rights, .object = aspace, .address = address,
            .frame = first);
}

struct task *make_task(hf_frame_t frame, hf_frame_t aspace, hf_frame_t handles, unsigned priority) {
    GRANTED(.code = HF_OP_TASK_CREATE, .object = frame);
    asker_page.task = (struct hf_task_block){
        .fields = HF_TASK_ASPACE | HF_TASK_HANDLES | HF_TASK_PRIORITY,
        .aspace = aspace,
        .handles = handles,
        .priority = priority,
    };
    GRANTED(.code = HF_OP_TASK_SET, .object = frame);
    return (void *)machine_ram[frame];
}
