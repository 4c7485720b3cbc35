/* Attacks by old translations. The processor remembers what page tables said; whoever changes them
 * has to tell it. A client has used the page before, so the translation is remembered; and it lives
 * in our own aspace, so that no switch of CR3 comes to help. */
#include "judge.h"

#define HOME (boot->aspace)

/* Pages of its own at the world's addresses, and the client. */
static void start(void) {
    must_map(HOME, AT(AT_PAGE), world.staged, READ_WRITE);
    must_map(HOME, AT(AT_CODE), world.code, HF_READ | HF_EXECUTE);
    client_start_in(HOME);
}

static hf_frame_t start_with_large_page(void) {
    start();
    must(MAPPED_RUN(HOME, BIG, world_staged_run(), READ_WRITE));
    return pool_run(0);
}

static void warm(uint64_t address) {
    if (client_do(COMMAND_WRITE, address, 1).faulted) give_up("the client can't use its page");
}

static void must_fault_write(const char *text, uint64_t address) {
    must_fault(text, client_do(COMMAND_WRITE, address, 2), HF_FAULT_WRITE | HF_FAULT_USER);
}

static void must_fault_read(const char *text, uint64_t address) {
    must_fault(text, client_do(COMMAND_READ, address, 0), HF_FAULT_USER);
}

static void write_after_unmap(void) {
    start();
    warm(AT(AT_PAGE));
    must(LEAF(UNMAP, HOME, AT(AT_PAGE)));
    must_fault_write("UNMAP a page that the client has just written to, and let it write", AT(AT_PAGE));
}

static void read_after_unmap(void) {
    start();
    warm(AT(AT_PAGE));
    must(LEAF(UNMAP, HOME, AT(AT_PAGE)));
    must_fault_read("UNMAP a page, and let the client read", AT(AT_PAGE));
}

static void write_after_protect(void) {
    start();
    warm(AT(AT_PAGE));
    must(LEAF(PROTECT, HOME, AT(AT_PAGE), .rights = HF_READ));
    must_fault_write("PROTECT a page from writing, and let the client write", AT(AT_PAGE));
}

static void execute_after_protect(void) {
    start();
    must_fault("a jump into a page of data", client_do(COMMAND_JUMP, AT(AT_PAGE), 0), HF_FAULT_FETCH);
    client_do(COMMAND_READ, AT(AT_CODE), 0);
    must(LEAF(PROTECT, HOME, AT(AT_CODE), .rights = HF_READ));
    must_fault("PROTECT a page from being executed, and let the client jump there",
               client_do(COMMAND_JUMP, AT(AT_CODE), 0), HF_FAULT_FETCH);
}

static void write_after_clone(void) {
    start();
    warm(AT(AT_PAGE));
    must(ON(CLONE, HOME, .address = WINDOW, .frame = world.second));
    must_fault_write("CLONE a page, which makes it read-only in both, and let the client write", AT(AT_PAGE));
}

static void write_after_clear(void) {
    start();
    warm(AT(AT_PAGE));
    client_do(COMMAND_READ, AT(AT_CODE), 0);
    must(ON(CLEAR, HOME, .address = WINDOW));
    must_fault_write("CLEAR all under a page table, and let the client write", AT(AT_PAGE));
    must_fault_read("... and read another page", AT(AT_CODE));
}

static void write_after_tables_are_gone(void) {
    start();
    warm(AT(AT_PAGE));
    must(ON(CLEAR, HOME, .address = WINDOW));
    must(NO_TABLE(PT, HOME, WINDOW));
    must(NO_TABLE(PD, HOME, WINDOW));
    must(NO_TABLE(PDPT, HOME, WINDOW));
    must_fault_write("remove page, PT, PD and PDPT, and let the client write", AT(AT_PAGE));
}

/* In one list, so that nothing runs in between. */
static void write_into_new_table(void) {
    uint64_t done;
    start();
    warm(AT(AT_PAGE));
    PAGE_OF_OPERATIONS->operation[0] = LEAF(UNMAP, HOME, AT(AT_PAGE));
    PAGE_OF_OPERATIONS->operation[1] = TABLE(PT, HOME, BIG, world.staged);
    saw(hf_mmu(2, &done) == HF_OK, "make a page table of the client's page, by one list");
    must_fault_write("let the client write where its page was: an entry of that table", AT(AT_PAGE));
    saw(look_entry(HOME, BIG, HF_LEVEL_PT) == 0, "and look at the entry");
}

static void write_into_new_task(void) {
    start();
    warm(AT(AT_PAGE));
    must(LEAF(UNMAP, HOME, AT(AT_PAGE)));
    must(ON(TASK_CREATE, world.staged));
    must_fault_write("make a task of the client's page, and let it write there", AT(AT_PAGE));
}

static void see_the_new_page(void) {
    start();
    warm(AT(AT_PAGE));
    must(LEAF(UNMAP, HOME, AT(AT_PAGE)));
    must(MAPPED(HOME, AT(AT_PAGE), world.page, HF_READ));
    saw(client_do(COMMAND_READ, AT(AT_PAGE), 0).value == 0,
        "another frame at the same address, and let the client read");
}

/* ---- pages of 2 MiB ---- */

#define MIDDLE (BIG + 300 * HF_PAGE_SIZE)

static void write_after_unmap_large(void) {
    start_with_large_page();
    warm(BIG), warm(MIDDLE);
    must(LARGE(UNMAP, HOME, BIG));
    must_fault_write("UNMAP 2 MiB, and let the client write to their middle", MIDDLE);
    must_fault_write("... and to their beginning", BIG);
}

static void write_after_protect_large(void) {
    start_with_large_page();
    warm(BIG), warm(MIDDLE);
    must(LARGE(PROTECT, HOME, BIG, .rights = HF_READ));
    must_fault_write("PROTECT 2 MiB from writing, and let the client write to their middle", MIDDLE);
}

static void write_after_split_and_unmap(void) {
    start_with_large_page();
    warm(BIG), warm(MIDDLE);
    must(ON(SPLIT, HOME, .address = BIG, .frame = world.free));
    must(LEAF(UNMAP, HOME, MIDDLE));
    must_fault_write("SPLIT 2 MiB, UNMAP 4 KiB of them, and let the client write there", MIDDLE);
    saw(!client_do(COMMAND_WRITE, MIDDLE + HF_PAGE_SIZE, 3).faulted, "... while its neighbour stays");
}

static void write_after_split_and_protect(void) {
    start_with_large_page();
    warm(MIDDLE);
    must(ON(SPLIT, HOME, .address = BIG, .frame = world.free));
    must(LEAF(PROTECT, HOME, MIDDLE, .rights = HF_READ));
    must_fault_write("SPLIT 2 MiB, PROTECT 4 KiB of them, and let the client write there", MIDDLE);
}

static void write_after_split_and_clone(void) {
    start_with_large_page();
    warm(MIDDLE);
    must(ON(SPLIT, HOME, .address = BIG, .frame = world.free));
    must(TABLE(PT, world.second, BIG, pool_frame()));
    must(ON(CLONE, HOME, .address = BIG, .frame = world.second));
    must_fault_write("SPLIT 2 MiB, CLONE them, and let the client write", MIDDLE);
}

/* A table where the 2 MiB were: the translation may not survive as a large one. */
static void write_after_large_became_table(void) {
    hf_frame_t run = start_with_large_page();
    warm(MIDDLE);
    must(LARGE(UNMAP, HOME, BIG));
    must(TABLE(PT, HOME, BIG, run));
    must_fault_write("make a page table of the first of the client's 2 MiB, and let it write", MIDDLE);
    must_fault_write("... and there", BIG);
}

/* ---- what we see ourselves ---- */

static uint64_t own_word(void) { return *(volatile uint64_t *)OWN_WINDOW; }

static void map_own(hf_frame_t frame) {
    must(STAGED(frame));
    must_map(boot->aspace, OWN_WINDOW, frame, READ_WRITE);
}

static void own_page_exchanged(void) {
    map_own(world.free);
    *(volatile uint64_t *)OWN_WINDOW = 1;
    must(LEAF(UNMAP, boot->aspace, OWN_WINDOW));
    must(MAPPED(boot->aspace, OWN_WINDOW, world.staged, READ_WRITE));
    saw(own_word() == 0, "exchange a page of the running aspace, and read");
}

static void own_table_exchanged(void) {
    map_own(world.free);
    *(volatile uint64_t *)OWN_WINDOW = 1;
    must(LEAF(UNMAP, boot->aspace, OWN_WINDOW));
    must(NO_TABLE(PT, boot->aspace, OWN_WINDOW));
    must(TABLE(PT, boot->aspace, OWN_WINDOW, pool_frame()));
    must(MAPPED(boot->aspace, OWN_WINDOW, world.staged, READ_WRITE));
    saw(own_word() == 0, "exchange a page table of the running aspace, and read");
}

static void own_tables_exchanged(void) {
    map_own(world.free);
    *(volatile uint64_t *)OWN_WINDOW = 1;
    must(LEAF(UNMAP, boot->aspace, OWN_WINDOW));
    for (unsigned level = HF_LEVEL_PT; level <= HF_LEVEL_PDPT; level++) {
        must(ON(TABLE_REMOVE, boot->aspace, .level = (uint8_t)level, .address = OWN_WINDOW));
    }
    must_map(boot->aspace, OWN_WINDOW, world.staged, READ_WRITE);
    saw(own_word() == 0, "exchange all tables above a page of the running aspace, and read");
}

static void own_large_page_exchanged(void) {
    map_own(world.free);
    must(LEAF(UNMAP, boot->aspace, OWN_WINDOW));
    must(NO_TABLE(PT, boot->aspace, OWN_WINDOW));
    must(MAPPED_RUN(boot->aspace, OWN_WINDOW, world_staged_run(), READ_WRITE));
    *(volatile uint64_t *)OWN_WINDOW = 1;
    must(ON(SPLIT, boot->aspace, .address = OWN_WINDOW, .frame = pool_frame()));
    bool kept = own_word() == 1;
    must(LEAF(UNMAP, boot->aspace, OWN_WINDOW));
    must(MAPPED(boot->aspace, OWN_WINDOW, world.staged, READ_WRITE));
    saw(kept && own_word() == 0, "SPLIT 2 MiB of the running aspace, exchange 4 KiB of them, and read");
}

const struct attack attacks_flushed[] = {
    ATTACK(write_after_unmap, FLUSHED, OK, "writing into a frame that is somebody else's by now"),
    ATTACK(read_after_unmap, FLUSHED, OK, "reading it"),
    ATTACK(write_after_protect, FLUSHED, OK, "writing where only reading is allowed any more"),
    ATTACK(execute_after_protect, FLUSHED, OK, "executing what is data"),
    ATTACK(write_after_clone, FLUSHED, OK, "writing into a page that is shared copy-on-write by now"),
    ATTACK(write_after_clear, FLUSHED, OK, "writing where a whole table was emptied"),
    ATTACK(write_after_tables_are_gone, FLUSHED, OK,
           "walking over tables that are gone, by the paging-structure caches"),
    ATTACK(write_into_new_table, FLUSHED, OK,
           "an old translation to what has become a page table: ring 0 in one store"),
    ATTACK(write_into_new_task, FLUSHED, OK, "... a task"),
    ATTACK(see_the_new_page, FLUSHED, OK, "reading the old page through an entry that names a new one"),
    ATTACK(write_after_unmap_large, FLUSHED, OK, "2 MiB whose translation survives, whole or in pieces"),
    ATTACK(write_after_protect_large, FLUSHED, OK, "... or keeps its right to be written"),
    ATTACK(write_after_split_and_unmap, FLUSHED, OK, "the large translation under which a small page was taken away"),
    ATTACK(write_after_split_and_protect, FLUSHED, OK, "... or narrowed"),
    ATTACK(write_after_split_and_clone, FLUSHED, OK, "... or shared"),
    ATTACK(write_after_large_became_table, FLUSHED, OK, "a large translation over what has become a page table"),
    ATTACK(own_page_exchanged, FLUSHED, OK, "the running aspace, seen by who changes it"),
    ATTACK(own_table_exchanged, FLUSHED, OK, "... with a cached entry of a PD"),
    ATTACK(own_tables_exchanged, FLUSHED, OK, "... of every level"),
    ATTACK(own_large_page_exchanged, FLUSHED, OK, "... of 2 MiB that became a table"),
    ATTACKS_END,
};
