/* Attacks on counting: freeing what somebody still uses gives two owners to one frame. */
#include "judge.h"

static void destroy_aspace_with_tables(void) { refused(ON(ASPACE_DESTROY, world.second)); }
static void destroy_running_aspace(void) { refused(ON(ASPACE_DESTROY, boot->aspace)); }

/* Without a table, but with the task. */
static void destroy_aspace_with_task(void) {
    hf_frame_t aspace = pool_frame();
    must(ON(ASPACE_CREATE, aspace));
    must(ON(ASPACE_COPY_KERNEL, aspace));
    PAGE_OF_OPERATIONS->task = (struct hf_task_block){.fields = HF_TASK_ASPACE, .aspace = aspace};
    must(ON(TASK_SET, world.task));
    refused(ON(ASPACE_DESTROY, aspace));
}

static void destroy_handles_in_use(void) {
    REFUSED_EACH(ON(HANDLES_DESTROY, world.handles), ON(HANDLES_DESTROY, boot->handles));
}

static void release_page_in_use(void) {
    REFUSED_EACH(ON(RELEASE, world.page), ON(RELEASE, world.code), ON(RELEASE, world.pinned));
}
static void release_buffer(void) { refused(ON(RELEASE, world.buffer)); }
static void release_operation_page(void) { refused(ON(RELEASE, world.operations)); }

static void release_what_is_no_page(void) {
    const hf_frame_t frames[] = {world.aspace,  world.pt,   world.task, world.endpoint,
                                 world.handles, world.free, 0xf0,       ~0ul};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) refused(ON(RELEASE, frames[i]));
}

static void unmap_twice(void) {
    must(LEAF(UNMAP, world.aspace, AT(AT_CODE)));
    refused(LEAF(UNMAP, world.aspace, AT(AT_CODE)));
}

static void pin_twice(void) { refused(ON(PIN, world.pinned)); }
static void unpin_what_is_not_pinned(void) { REFUSED_EACH(ON(UNPIN, world.page), ON(UNPIN, world.buffer)); }

static void pin_what_is_not_in_use(void) {
    const hf_frame_t frames[] = {world.free, world.staged, world.pt, world.task, world.aspace, 0xf0, ram_end, ~0ul};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        REFUSED_EACH(ON(PIN, frames[i]), ON(UNPIN, frames[i]));
    }
}

/* What ends a use while others last must not free the frame. */
static void end_a_use(struct hf_operation operation, hf_frame_t frame, const char *text) {
    struct hf_result result;
    look_forget();
    hf_status_t status = do_listed(operation, &result);
    struct hf_frame_entry entry = look_frame(frame);
    saw(status == HF_OK && !(result.detail & HF_LEAF_FREED) && entry.type == HF_FRAME_USER, text);
    refused(STAGED(frame));
}

static void free_buffer_by_unmapping(void) {
    must(MAPPED(world.aspace, AT(AT_FREE), world.buffer, READ_WRITE));
    end_a_use(LEAF(UNMAP, world.aspace, AT(AT_FREE)), world.buffer, "unmap a task's IPC buffer everywhere");
}

static void free_operation_page_by_unmapping(void) {
    must(MAPPED(world.aspace, AT(AT_FREE), world.operations, READ_WRITE));
    end_a_use(LEAF(UNMAP, world.aspace, AT(AT_FREE)), world.operations, "unmap a task's operation page everywhere");
}

static void free_buffer_by_unpinning(void) {
    must(ON(PIN, world.buffer));
    end_a_use(ON(UNPIN, world.buffer), world.buffer, "end the pin of a task's IPC buffer");
}

static void free_page_of_two_aspaces(void) {
    must(MAPPED(world.second, AT(AT_PAGE), world.page, READ_WRITE));
    end_a_use(LEAF(UNMAP, world.aspace, AT(AT_PAGE)), world.page, "unmap a page that another aspace maps too");
}

static void free_pinned_page(void) {
    must(ON(PIN, world.page));
    end_a_use(LEAF(UNMAP, world.aspace, AT(AT_PAGE)), world.page, "unmap a pinned page");
}

/* Two uses by one task count as two. */
static void one_frame_as_buffer_and_operation_page(void) {
    struct hf_task_block block = world_block(HF_TASK_OPERATIONS);
    block.operations = world.buffer;
    PAGE_OF_OPERATIONS->task = block;
    must(ON(TASK_SET, world.task));
    saw(look_frame(world.buffer).refs == 2, "make one frame a task's buffer and operation page, and count");
    PAGE_OF_OPERATIONS->task = (struct hf_task_block){.fields = HF_TASK_BUFFER, .buffer = HF_NO_FRAME};
    end_a_use(ON(TASK_SET, world.task), world.buffer, "take one of the two uses away");
}

/* The core must not free it before it uses it again. */
static void set_the_same_buffer_again(void) {
    PAGE_OF_OPERATIONS->task = world_block(HF_TASK_BUFFER);
    end_a_use(ON(TASK_SET, world.task), world.buffer, "set a task's only buffer to what it is already");
}

/* The page that is the buffer becomes the operation page, and another the buffer, in one operation. */
static void buffer_becomes_operation_page(void) {
    struct hf_task_block block = world_block(HF_TASK_BUFFER | HF_TASK_OPERATIONS);
    block.buffer = world.staged;
    block.operations = world.buffer;
    PAGE_OF_OPERATIONS->task = block;
    end_a_use(ON(TASK_SET, world.task), world.buffer,
              "make a task's only buffer its operation page, and another page its buffer");
}

static void unmap_page_with_list(void) {
    const struct hf_operation list[] = {
        LEAF(UNMAP, world.aspace, AT(AT_PAGE)),
        MAPPED(world.aspace, AT(AT_PAGE), world.page, READ_WRITE), /* it is FREE by now */
    };
    uint64_t done;
    PAGE_OF_OPERATIONS->operation[0] = list[0];
    PAGE_OF_OPERATIONS->operation[1] = list[1];
    answered("UNMAP a page and MAP its frame again in one list", hf_mmu(2, &done));
}

static void release_twice_in_a_list(void) {
    uint64_t done;
    PAGE_OF_OPERATIONS->operation[0] = PAGE_OF_OPERATIONS->operation[1] = ON(RELEASE, world.staged);
    answered("RELEASE a page twice in one list", hf_mmu(2, &done));
}

/* Counts its pages, each as often as it is mapped. */
static void count_what_is_mapped_often(void) {
    for (unsigned i = 2; i < 200; i++) must(MAPPED(world.aspace, AT(i), world.page, HF_READ));
    saw(look_frame(world.page).refs == 199, "map one frame 199 times, and count");
    must(ON(CLONE, world.aspace, .address = WINDOW, .frame = world.second));
    saw(look_frame(world.page).refs == 398, "clone them, and count");
    must(ON(CLEAR, world.aspace, .address = WINDOW));
    saw(look_frame(world.page).refs == 199, "clear the first, and count");
    refused(STAGED(world.page));
}

const struct attack attacks_counted[] = {
    ATTACK(destroy_aspace_with_tables, COUNTED, NOT_EMPTY, "an aspace with tables in it: these would hang on nothing"),
    ATTACK(destroy_running_aspace, COUNTED, NOT_EMPTY,
           "the aspace in CR3: the next instruction would be fetched from nowhere"),
    ATTACK(destroy_aspace_with_task, COUNTED, NOT_EMPTY, "an aspace without pages, in which a task lives"),
    ATTACK(destroy_handles_in_use, COUNTED, NOT_EMPTY, "handle tables that tasks use"),
    ATTACK(release_page_in_use, COUNTED, BAD_FRAME, "pages that are mapped or pinned become FREE"),
    ATTACK(release_buffer, COUNTED, BAD_FRAME,
           "an IPC buffer becomes FREE: messages would be written into the next owner's"),
    ATTACK(release_operation_page, COUNTED, BAD_FRAME, "an operation page becomes FREE: results would be"),
    ATTACK(release_what_is_no_page, COUNTED, BAD_FRAME, "objects, tables and the firmware become FREE"),
    ATTACK(unmap_twice, COUNTED, NOT_MAPPED, "one use is ended twice"),
    ATTACK(pin_twice, COUNTED, EXISTS, "a second pin, which would count where one flag is"),
    ATTACK(unpin_what_is_not_pinned, COUNTED, NOT_MAPPED, "a pin that is not there is taken away"),
    ATTACK(pin_what_is_not_in_use, COUNTED, BAD_FRAME, "pins on frames that are no pages in use"),
    ATTACK(free_buffer_by_unmapping, COUNTED, BAD_FRAME,
           "a buffer's last mapping goes, and then the frame is to be fresh"),
    ATTACK(free_operation_page_by_unmapping, COUNTED, BAD_FRAME, "the same with an operation page"),
    ATTACK(free_buffer_by_unpinning, COUNTED, BAD_FRAME, "pin and unpin a buffer: the pin's end is not the last use"),
    ATTACK(free_page_of_two_aspaces, COUNTED, BAD_FRAME, "free a page under another aspace that maps it"),
    ATTACK(free_pinned_page, COUNTED, BAD_FRAME, "free a pinned page by its last mapping"),
    ATTACK(one_frame_as_buffer_and_operation_page, COUNTED, BAD_FRAME, "two uses by the same task, one taken away"),
    ATTACK(set_the_same_buffer_again, COUNTED, BAD_FRAME,
           "a buffer is exchanged for itself: free first, use afterwards"),
    ATTACK(buffer_becomes_operation_page, COUNTED, BAD_FRAME,
           "... two pages change places: the old use ends before the new one begins"),
    ATTACK(unmap_page_with_list, COUNTED, BAD_FRAME, "use a frame that an operation before in the list has freed"),
    ATTACK(release_twice_in_a_list, COUNTED, BAD_FRAME, "free a frame twice in one entry"),
    ATTACK(count_what_is_mapped_often, COUNTED, BAD_FRAME, "lose count of a frame that is mapped hundreds of times"),
    ATTACKS_END,
};
