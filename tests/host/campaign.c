/* CAMPAIGN_OPERATIONS and CAMPAIGN_SEED in the environment: how many operations, and which. */
#include "campaign.h"

#include "draw.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

#define IN_FIRST_RUN (MACHINE_RUN >= 64u ? 44u : MACHINE_RUN - 4u) /* frames that are drawn of run 0 ... */
#define IN_OTHER_RUNS 24u                                          /* ... and of those that are FREE at first */
#define WINDOW (IN_FIRST_RUN + IN_OTHER_RUNS)

#define TYPE(name) (1u << HF_FRAME_##name)
#define HF_FRAME_ANY HF_FRAME_TYPE_COUNT
#define PAGES (TYPE(STAGED) | TYPE(USER))

static unsigned long granted, refused;

static hf_frame_t window(unsigned at) {
    const unsigned other = at - IN_FIRST_RUN;
    if (at < IN_FIRST_RUN) {
        return 4 + at;
    }
    return other < MACHINE_RUN ? WORLD_WHOLE_FREE + other : 4 * MACHINE_RUN + other - MACHINE_RUN;
}

/* Mostly a frame of one of these types, if there is one; now and then any number. */
static hf_frame_t some_frame(unsigned types) {
    static const hf_frame_t odd[] = {
        0,          1,          WORLD_CORE, WORLD_WHOLE_CORE, WORLD_WHOLE_RESERVED, MACHINE_FRAMES - 1, MACHINE_FRAMES,
        1ull << 40, 1ull << 52, HF_NO_FRAME};
    const unsigned from = (unsigned)draw(WINDOW);
    const uint64_t way = draw(40);
    if (way == 0) {
        return odd[draw(sizeof odd / sizeof odd[0])];
    }
    for (unsigned i = 0; i < WINDOW && way > 2; i++) {
        const hf_frame_t frame = window((from + i) % WINDOW);
        if (types & 1u << frame_type(frame)) {
            return frame;
        }
    }
    return window(from);
}

static bool there_is(unsigned types) {
    for (unsigned i = 0; i < WINDOW; i++) {
        if (types & 1u << frame_type(window(i))) {
            return true;
        }
    }
    return false;
}

#define SPAN(level) (1ull << (HF_PAGE_SHIFT + TABLE_BITS * ((level)-1)))

/* Few pages in few tables, so that it matters what is there. */
static uint64_t place(void) {
    static const uint64_t odd[] = {0,       0x1000, 0xf000, 0x7ffffffff000, 0x800000000000, 0xffff800000000000,
                                   0x20001, ~0ull};
    if (draw(50) == 0) {
        return odd[draw(TABLE_BITS >= 9 ? 8 : 3)];
    }
    const uint64_t first = TABLE_BITS >= 9 ? 16 : 0;
    const uint64_t page = first + draw(5);
    return draw(2) * SPAN(4) + draw(2) * SPAN(3) + (1 + draw(2)) * SPAN(2) +
           (TABLE_BITS >= 9 ? page : draw(8)) * SPAN(1);
}

static uint16_t rights(void) {
    static const uint16_t good[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};
    return draw(12) == 0 ? (uint16_t)draw(16) : good[draw(3)];
}

static struct hf_operation on(enum hf_operation_code code, unsigned types) {
    return (struct hf_operation){.code = (uint8_t)code, .object = some_frame(types)};
}

/* An address in some aspace; mostly one where the walk ends at this level, present or not. */
static struct hf_operation in_aspace(enum hf_operation_code code, unsigned until, bool present) {
    struct hf_operation operation = on(code, TYPE(PML4));
    operation.address = place();
    for (unsigned tries = 0; tries < 30 && draw(30) != 0; tries++) {
        struct hf_operation walk = {.code = HF_OP_TRANSLATE, .object = operation.object, .address = operation.address};
        if (ask(&walk) == HF_OK && result.detail == until && (result.value[0] & 1) == present) {
            break;
        }
        operation.object = some_frame(TYPE(PML4));
        operation.address = place();
    }
    return operation;
}

static struct hf_operation at_leaf(enum hf_operation_code code, bool present) {
    struct hf_operation operation = in_aspace(code, HF_LEVEL_PT, present);
    operation.level = HF_LEVEL_PT;
    if (code != HF_OP_UNMAP) {
        operation.rights = rights();
    }
    if (code == HF_OP_MAP) {
        operation.frame = some_frame(PAGES);
    }
    return operation;
}

static struct hf_operation draw_install(void) {
    const unsigned level = 1 + (unsigned)draw(3);
    struct hf_operation operation = in_aspace(HF_OP_TABLE_INSTALL, level + 1, false);
    operation.level = (uint8_t)level;
    operation.frame = some_frame(TYPE(FREE));
    return operation;
}

/* Of a PT without a page, mostly. */
static struct hf_operation draw_remove(void) {
    const unsigned level = 1 + (unsigned)draw(3);
    struct hf_operation operation = in_aspace(HF_OP_TABLE_REMOVE, level, false);
    operation.level = (uint8_t)level;
    return operation;
}

static struct hf_operation draw_stage(void) {
    struct hf_operation operation = on(HF_OP_STAGE, draw(3) ? TYPE(FREE) : TYPE(STAGED));
    operation.frame = HF_NO_FRAME;
    if (draw(2) == 0) {
        operation.frame = some_frame(PAGES);
        operation.count = (uint32_t)draw(HF_PAGE_SIZE + 2);
        operation.address =
            HF_STAGE_AT(draw(HF_PAGE_SIZE - operation.count + 3), draw(HF_PAGE_SIZE - operation.count + 3));
    }
    return operation;
}

static struct hf_operation draw_put(void) {
    struct hf_operation operation = on(HF_OP_HANDLE_PUT, TYPE(HANDLES));
    operation.level = (uint8_t)draw(3) / 2;
    operation.rights = (uint16_t)draw(HF_RIGHTS_ALL + 1);
    operation.count = draw(2) ? HF_SLOT_ANY : (uint32_t)draw(HF_HANDLE_COUNT + 2);
    operation.frame = some_frame(operation.level == HF_PUT_COPY ? TYPE(HANDLES) : TYPE(ENDPOINT));
    operation.address = draw(HF_HANDLE_COUNT + 2);
    return operation;
}

static hf_frame_t frame_or_none(unsigned types) { return draw(5) ? some_frame(types) : HF_NO_FRAME; }

static struct hf_operation draw_task_set(void) {
    asker_page.task = (struct hf_task_block){
        .fields = draw(4) ? 1ull << draw(9) : draw(HF_TASK_FIELDS_ALL + 2),
        .priority = draw(20) ? draw(256) : 256,
        .registers = {.rip = place(), .rflags = draw(2) ? 0x202 : draw(1u << 22)},
        .aspace = frame_or_none(TYPE(PML4)),
        .handles = frame_or_none(TYPE(HANDLES)),
        .buffer = frame_or_none(PAGES),
        .operations = frame_or_none(PAGES),
        .pager = frame_or_none(TYPE(ENDPOINT)),
        .memory = draw(2),
    };
    return on(HF_OP_TASK_SET, TYPE(TASK));
}

static struct hf_operation draw_query(void) {
    struct hf_operation operation = {.code = HF_OP_QUERY, .level = (uint8_t)draw(2), .count = (uint32_t)draw(258)};
    operation.object = operation.level ? some_frame(~0u) : draw(MACHINE_RUNS + 1);
    return operation;
}

static struct hf_operation draw_tag(void) {
    struct hf_operation operation = on(HF_OP_TAG, ~TYPE(FREE));
    operation.address = draw(70000);
    return operation;
}

static struct hf_operation draw_any(void) {
    switch (draw(40)) {
    case 0:
        return on(HF_OP_ASPACE_CREATE, TYPE(FREE));
    case 1:
        return on(HF_OP_ASPACE_COPY_KERNEL, TYPE(PML4));
    case 2:
        return on(HF_OP_ASPACE_DESTROY, TYPE(PML4));
    case 3 ... 7:
        return draw_install();
    case 8 ... 9:
        return draw_remove();
    case 10 ... 14:
        return draw_stage();
    case 15:
        return on(HF_OP_RELEASE, TYPE(STAGED));
    case 16 ... 21:
        return at_leaf(HF_OP_MAP, false);
    case 22 ... 23:
        return at_leaf(HF_OP_UNMAP, true);
    case 24 ... 25:
        return at_leaf(HF_OP_PROTECT, true);
    case 26:
        return in_aspace(HF_OP_CLEAR, HF_LEVEL_PT, true);
    case 27:
        return on(HF_OP_PIN, TYPE(USER));
    case 28:
        return on(HF_OP_UNPIN, TYPE(USER));
    case 29:
        return draw_tag();
    case 30:
        return draw_query();
    case 31:
        return on(HF_OP_TASK_CREATE, TYPE(FREE));
    case 32 ... 33:
        return draw_task_set();
    case 34:
        return on(draw(2) ? HF_OP_TASK_START : HF_OP_TASK_STOP, TYPE(TASK));
    case 35:
        return on(HF_OP_TASK_DESTROY, TYPE(TASK));
    case 36:
        return on(draw(2) ? HF_OP_HANDLES_CREATE : HF_OP_ENDPOINT_CREATE, TYPE(FREE));
    case 37:
        return draw(3) ? draw_put() : on(HF_OP_HANDLES_DESTROY, TYPE(HANDLES));
    case 38:
        return draw(3) ? draw_task_set() : on(HF_OP_ENDPOINT_DESTROY, TYPE(ENDPOINT));
    default:
        return draw_put();
    }
}

/* What takes frames and references; the rest gives them back, or is neutral. */
static bool takes(unsigned code) {
    return code == HF_OP_ASPACE_CREATE || code == HF_OP_TABLE_INSTALL || code == HF_OP_STAGE || code == HF_OP_MAP ||
           code == HF_OP_PIN || code == HF_OP_TASK_CREATE || code == HF_OP_HANDLES_CREATE ||
           code == HF_OP_ENDPOINT_CREATE;
}

/* Mostly one whose object there is. Times of taking and times of giving back take turns, so that neither
 * a full machine nor an empty one is all that is seen. */
static struct hf_operation draw_operation(void) {
    static const unsigned objects[HF_OP_COUNT] = {
#define X(upper, lower, object, fields, text) [HF_OP_##upper] = TYPE(object),
        HF_OPERATION_LIST(X)
#undef X
    };
    const bool giving = (granted + refused) / 500 % 2 != 0;
    struct hf_operation operation;
    bool again;
    do {
        operation = draw_any();
        const bool absent = objects[operation.code] != TYPE(ANY) && !there_is(objects[operation.code]);
        again = absent || (giving && takes(operation.code));
    } while (again && draw(10) != 0);
    return operation;
}

/* Now and then one field is anything. */
static void disturb(struct hf_operation *operation) {
    switch (draw(150)) {
    case 0:
        operation->level = (uint8_t)draw(256);
        break;
    case 1:
        operation->rights = (uint16_t)draw(65536);
        break;
    case 2:
        operation->count = (uint32_t)draw(1ull << 32);
        break;
    case 3:
        operation->address = draw(1ull << 43) << draw(22);
        break;
    case 4:
        operation->frame = draw(MACHINE_FRAMES + 5);
        break;
    case 5:
        operation->code = (uint8_t)draw(256);
        break;
    }
#if TABLE_BITS < 9
    operation->address %= 1ull << (HF_PAGE_SHIFT + TABLE_LEVELS * TABLE_BITS - 1);
#endif
}

/* ---- one step ---- */

/* Some aspace that can be run is loaded, and used. */
static void run_something(void) {
    const hf_frame_t root = some_frame(TYPE(PML4));
    if (draw(3) == 0 && frame_type(root) == HF_FRAME_PML4 && (frame_entry(root)->flags & HF_FRAME_KERNEL_HALF)) {
        write_cr3(root << HF_PAGE_SHIFT);
    }
    if (draw(2) == 0 && read_cr3() != 0) {
        machine_use_aspace(draw);
    }
}

/* What a frame must contain after STAGE. */
static uint8_t staged[HF_PAGE_SIZE];

static void foresee_stage(const struct hf_operation *operation) {
    const uint32_t offset = (uint32_t)operation->address, at = (uint32_t)(operation->address >> 32);
    if (frame_type(operation->object) == HF_FRAME_FREE) {
        memset(machine_ram[operation->object], 0xee, HF_PAGE_SIZE); /* what was there before */
        memset(staged, 0, sizeof staged);
    } else if (frame_type(operation->object) == HF_FRAME_STAGED) {
        memcpy(staged, machine_ram[operation->object], sizeof staged);
    }
    if (machine_is_ram(operation->frame) && (uint64_t)offset + operation->count <= HF_PAGE_SIZE &&
        (uint64_t)at + operation->count <= HF_PAGE_SIZE) {
        memcpy(staged + at, machine_ram[operation->frame] + offset, operation->count);
    }
}

static void count(hf_status_t status) {
    if (status == HF_OK || status == HF_AGAIN) {
        granted++;
    } else {
        refused++;
    }
}

static void single(void) {
    struct hf_operation operation = draw_operation();
    disturb(&operation);
    const bool stages = operation.code == HF_OP_STAGE;
    if (stages) {
        foresee_stage(&operation);
    }
    world_keep();
    const hf_status_t status = ask(&operation);
    count(status);
    if (status != HF_OK && status != HF_AGAIN && world_changed()) {
        fail_msg("operation %u was refused (%u), and something has changed", operation.code, status);
    }
    if (stages && status == HF_OK) {
        assert_memory_equal(machine_ram[operation.object], staged, sizeof staged);
    }
}

static void list(void) {
    const unsigned length = 1 + (unsigned)draw(12);
    uint64_t done;
    for (unsigned i = 0; i < length; i++) {
        asker_page.operation[i] = draw_operation();
        disturb(&asker_page.operation[i]);
    }
    const hf_status_t status = mmu_list(&asker, length, &done);
    assert_true(done <= length && (done == length) == (status == HF_OK));
    granted += done;
    for (unsigned i = 0; i < done; i++) {
        assert_int_equal(asker_page.result[i].status, HF_OK);
    }
    if (done < length) {
        assert_int_equal(asker_page.result[done].status, status);
        count(status);
    }
}

static void watch_window(void) {
    memset(world_unwatched, true, sizeof world_unwatched);
    for (unsigned i = 0; i < WINDOW; i++) {
        world_unwatched[window(i)] = false;
    }
}

unsigned long campaign_count(unsigned long usual) {
    const char *wanted = getenv("CAMPAIGN_OPERATIONS");
    return wanted != NULL ? strtoul(wanted, NULL, 10) : usual;
}

unsigned long campaign_seed(void) {
    const char *wanted = getenv("CAMPAIGN_SEED");
    return wanted != NULL ? strtoul(wanted, NULL, 0) : 1;
}

void campaign(unsigned long operations, unsigned long seed) {
    draw_state = DRAW_SEED ^ seed << 20;
    granted = refused = 0;
    print_message("seed %lu\n", seed);
    for (unsigned long step = 0; granted + refused < operations; step++) {
        if (step % 256 == 0) {
            memset(world_unwatched, false, sizeof world_unwatched);
        } else if (step % 256 == 1) {
            watch_window();
        }
        run_something();
        if (draw(8) == 0) {
            list();
        } else {
            single();
        }
        const char *wrong = world_broken();
        if (wrong != NULL) {
            fail_msg("seed %lu, step %lu: %s", seed, step, wrong);
        }
    }
    memset(world_unwatched, false, sizeof world_unwatched);
    print_message("%lu operations, %lu %% granted\n", granted + refused, granted * 100 / (granted + refused));
    assert_true(granted * 10 >= (granted + refused) * 3);
}
