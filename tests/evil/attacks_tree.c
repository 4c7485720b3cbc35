/* Attacks on the shape of page tables. A table in two places, or below itself, is a page that can
 * be written as an entry; so is one that stands at another level than its own. */
#include "judge.h"

static void install_in_two_aspaces(void) { refused(TABLE(PT, world.second, BIG, world.pt)); }
static void install_in_two_places(void) { refused(TABLE(PT, world.aspace, BIG, world.pt)); }
static void install_root_in_itself(void) { refused(TABLE(PDPT, world.aspace, NO_TABLES, world.aspace)); }

static void install_loop(void) {
    REFUSED_EACH(TABLE(PT, world.aspace, BIG, world.pd), TABLE(PD, world.aspace, NEXT_GIGABYTE, world.pdpt),
                 TABLE(PT, world.aspace, BIG, world.pdpt), TABLE(PT, world.aspace, BIG, world.aspace));
}

static void install_running_root(void) { refused(TABLE(PDPT, world.aspace, NO_TABLES, boot->aspace)); }

static void install_over_table(void) {
    REFUSED_EACH(TABLE(PT, world.aspace, WINDOW, world.free), TABLE(PD, world.aspace, WINDOW, world.free),
                 TABLE(PDPT, world.aspace, WINDOW, world.free));
}

static void install_over_large_page(void) {
    world_large_page(READ_WRITE);
    refused(TABLE(PT, world.aspace, BIG, world.free));
}

static void install_without_parent(void) {
    REFUSED_EACH(TABLE(PT, world.aspace, NEXT_GIGABYTE, world.free), TABLE(PT, world.aspace, NO_TABLES, world.free),
                 TABLE(PD, world.aspace, NO_TABLES, world.free));
}

/* At levels where there is no table, or no parent for one. */
static void try_levels(enum hf_operation_code code, hf_frame_t frame) {
    const uint8_t levels[] = {0, HF_LEVEL_PML4, 5, 9, 127, 128, 255};
    for (unsigned i = 0; i < sizeof levels; i++) {
        refused((struct hf_operation){
            .code = (uint8_t)code, .level = levels[i], .object = world.aspace, .address = NO_TABLES, .frame = frame});
    }
}

static void install_at_no_level(void) { try_levels(HF_OP_TABLE_INSTALL, world.free); }
static void remove_at_no_level(void) { try_levels(HF_OP_TABLE_REMOVE, 0); }

static void map_at_no_level(void) {
    const uint8_t levels[] = {0, HF_LEVEL_PDPT, HF_LEVEL_PML4, 5, 128, 255};
    for (unsigned i = 0; i < sizeof levels; i++) {
        REFUSED_EACH(
            ON(MAP, world.aspace, .level = levels[i], .rights = HF_READ, .address = NO_TABLES, .frame = world.staged),
            ON(UNMAP, world.aspace, .level = levels[i], .address = WINDOW),
            ON(PROTECT, world.aspace, .level = levels[i], .rights = HF_READ, .address = WINDOW));
    }
}

static void remove_full_table(void) {
    REFUSED_EACH(NO_TABLE(PT, world.aspace, WINDOW), NO_TABLE(PD, world.aspace, WINDOW),
                 NO_TABLE(PDPT, world.aspace, WINDOW));
}

static void remove_absent_table(void) {
    REFUSED_EACH(NO_TABLE(PT, world.aspace, BIG), NO_TABLE(PD, world.aspace, NEXT_GIGABYTE),
                 NO_TABLE(PDPT, world.aspace, NO_TABLES), NO_TABLE(PT, world.aspace, NO_TABLES));
}

static void remove_large_page_as_table(void) {
    world_large_page(READ_WRITE);
    refused(NO_TABLE(PT, world.aspace, BIG));
}

static void table_as_large_page(void) {
    REFUSED_EACH(LARGE(UNMAP, world.aspace, WINDOW), LARGE(PROTECT, world.aspace, WINDOW, .rights = HF_READ));
}

static void map_large_page_over_table(void) {
    refused(MAPPED_RUN(world.aspace, WINDOW, world_staged_run(), READ_WRITE));
}

static void small_page_in_large_page(void) {
    world_large_page(READ_WRITE);
    REFUSED_EACH(LEAF(UNMAP, world.aspace, BIG + HF_PAGE_SIZE), ON(CLEAR, world.aspace, .address = BIG),
                 MAPPED(world.aspace, BIG + HF_PAGE_SIZE, world.staged, HF_READ),
                 LEAF(PROTECT, world.aspace, BIG + HF_PAGE_SIZE, .rights = HF_READ),
                 ON(CLONE, world.aspace, .address = BIG, .frame = world.second));
}

static void map_over_page(void) {
    REFUSED_EACH(MAPPED(world.aspace, AT(AT_PAGE), world.staged, READ_WRITE),
                 MAPPED(world.aspace, AT(AT_PAGE), world.page, READ_WRITE));
}

static void map_without_table(void) {
    REFUSED_EACH(MAPPED(world.aspace, BIG, world.staged, HF_READ),
                 MAPPED(world.aspace, NO_TABLES, world.staged, HF_READ), ON(CLEAR, world.aspace, .address = BIG),
                 ON(CLONE, world.aspace, .address = BIG, .frame = world.second));
}

static void clone_into_itself(void) { refused(ON(CLONE, world.aspace, .address = WINDOW, .frame = world.aspace)); }

static void clone_over_pages(void) {
    must(MAPPED(world.second, AT(9), world.staged, HF_READ));
    refused(ON(CLONE, world.aspace, .address = WINDOW, .frame = world.second));
}

static void clone_into_no_aspace(void) {
    for (const hf_frame_t *used = world_used(); *used; used++) {
        if (*used == world.aspace || *used == boot->aspace) continue;
        refused(ON(CLONE, world.aspace, .address = WINDOW, .frame = *used));
    }
}

static void split_table(void) { refused(ON(SPLIT, world.aspace, .address = WINDOW, .frame = world.free)); }
static void split_nothing(void) { refused(ON(SPLIT, world.aspace, .address = BIG, .frame = world.free)); }

const struct attack attacks_tree[] = {
    ATTACK(install_in_two_aspaces, TREE, BAD_FRAME,
           "a PT that another aspace has: writing one's own would change both"),
    ATTACK(install_in_two_places, TREE, BAD_FRAME, "a PT in a second slot of the same PD"),
    ATTACK(install_root_in_itself, TREE, BAD_FRAME, "a PML4 as its own PDPT: all tables would appear as pages"),
    ATTACK(install_loop, TREE, BAD_FRAME, "a table below itself, at each level"),
    ATTACK(install_running_root, TREE, BAD_FRAME, "the running PML4 as somebody's PDPT, kernel half and all"),
    ATTACK(install_over_table, TREE, EXISTS, "a table where one is: what the old one maps would be lost to counting"),
    ATTACK(install_over_large_page, TREE, EXISTS, "a table where a page of 2 MiB is"),
    ATTACK(install_without_parent, TREE, NO_TABLE, "a table whose parent is missing"),
    ATTACK(install_at_no_level, TREE, BAD_ARGUMENT, "a table of level 0, of the root's, and of none at all"),
    ATTACK(remove_at_no_level, TREE, BAD_ARGUMENT, "removing one of these: the root would be freed while in use"),
    ATTACK(map_at_no_level, TREE, BAD_ARGUMENT, "pages of 1 GiB and of sizes that don't exist"),
    ATTACK(remove_full_table, TREE, NOT_EMPTY, "removing tables that have entries: their frames would be lost"),
    ATTACK(remove_absent_table, TREE, NO_TABLE, "removing tables that are not there"),
    ATTACK(remove_large_page_as_table, TREE, EXISTS,
           "a page of 2 MiB as if it were a PT: data would be read as entries"),
    ATTACK(table_as_large_page, TREE, EXISTS, "a PT as if it were a page of 2 MiB"),
    ATTACK(map_large_page_over_table, TREE, EXISTS, "a page of 2 MiB where a PT is"),
    ATTACK(small_page_in_large_page, TREE, EXISTS,
           "operations on 4 KiB inside a page of 2 MiB, whose content is no PT"),
    ATTACK(map_over_page, TREE, EXISTS, "a page where one is: its frame would lose a use that nobody ends"),
    ATTACK(map_without_table, TREE, NO_TABLE, "a page whose table is missing"),
    ATTACK(clone_into_itself, TREE, NOT_EMPTY, "an aspace's pages onto themselves"),
    ATTACK(clone_over_pages, TREE, NOT_EMPTY, "pages over pages"),
    ATTACK(clone_into_no_aspace, TREE, BAD_FRAME, "cloning into what is no aspace"),
    ATTACK(split_table, TREE, EXISTS, "splitting a PT as if it were a page of 2 MiB"),
    ATTACK(split_nothing, TREE, NOT_MAPPED, "splitting what is not mapped"),
    ATTACKS_END,
};
