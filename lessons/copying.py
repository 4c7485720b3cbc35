"""Lesson 3: what a fork shares, and what becomes of it when the child writes, and then the parent."""

from watch.faults import field, show_list, show_message, show_region, told, word
from watch.lesson import Lesson
from watch.reach import returned, step, then, to, to_address

lesson = Lesson(3, "Copy on write", "3-copy-on-write")
lesson.boot("copying", programs=["copying"], run="copying")

WRITE, DIRTY = 2, 64
FIRST, CHILDS, PARENTS = 1, 2, 3  # what is written: before the fork, by the child, by the parent
READ_WRITE = 3
PAGE = 4096


# ---- what several stations ask for ----

def at_page(at):
    return at.keep.address


def leaf(at, root):
    """The last entry of the page's walk in an address space."""
    return at.entry(at.keep.address, root=root)


def byte_in(at, frame):
    return at.guest.read_physical(frame * PAGE + at.keep.address % PAGE, 1)


def show_byte(at, frame, note):
    """The byte that both write to, as it is in a frame."""
    at.show.physical_word(frame * PAGE + at.keep.address % PAGE, size=1, note=note)


def storing(value):
    """The store of that value."""
    return to("copying.store", when=lambda at: at.register("rsi") & 0xFF == value)


def stored(root):
    """Behind that store, when it has been done at last in an address space."""
    def there(at):
        return at.guest.stop.ring == 3 and at.guest.root == getattr(at.keep, root)
    return then(to_address(lambda at: at.symbol("copying.store"), when=there), step())


def to_clone(at):
    """The CLONE of the page table that has the page's entry."""
    def is_it(at):
        address = at.guest.field("core", "hf_operation", at.register("rsi"), "address")
        return address >> 21 == at.keep.address >> 21
    to("mmu_clone", when=is_it)(at)


def cloned_at_last(at):
    """Behind it. One entry into the core copies so much and no more; what it puts off is asked for again."""
    returned()(at)
    while at.register("rax") & 0xFFFFFFFF == at.programs["core"].enums["HF_AGAIN"]:
        to_clone(at)
        returned()(at)


# ---- the fork ----

def note_page(at):
    at.keep.address = at.register("rdi")


@lesson.station("A page of one's own", then(storing(FIRST), note_page, to("copying.mem_fork")),
                ask="A program has written a 1 into a page, and now forks. How many of its pages will be "
                    "copied?",
                answer="One: the top of its stack, to which parent and child will both write at once. All "
                       "others will be shared.")
def before(at):
    at.keep.parent, at.keep.frame = at.guest.root, leaf(at, at.guest.root).frame
    at.place("page", at.keep.address & -PAGE)
    at.say("The page may be written, and has been: it is dirty. One entry names its frame, so refs is 1.")
    at.show.here()
    at.show.registers("cr3")
    at.show.walk(at.keep.address)
    at.show.frame(at.keep.frame)
    show_byte(at, at.keep.frame, "what was written")
    at.keep.before = leaf(at, at.keep.parent).value
    at.expect(at.keep.before & (WRITE | DIRTY) == WRITE | DIRTY, "the page may be written, and was")
    at.expect(at.guest.frame(at.keep.frame)["refs"] == 1, "one entry names the frame")
    at.expect(byte_in(at, at.keep.frame) == FIRST, "the 1 is in the frame")


@lesson.station("A list of page tables", to_clone,
                ask="memsrv makes page tables for the child. It can't write their entries. Who copies "
                    "them?",
                answer="The core: one CLONE for each page table, up to 512 entries at once.")
def clone(at):
    operation = at.register("rsi")
    at.keep.child = at.guest.field("core", "hf_operation", operation, "frame")
    at.say("mmu_clone begins. The operation names the parent's root, the child's root, and the 2 MiB that "
           "the two page tables are for. In the child, all tables are there by now; the last one is empty.")
    at.show.here(around=0)
    at.show.fields("core", "hf_operation", operation, [
        ("object", "frame"), ("address", "address"), ("frame", "frame")],
        notes={"object": "the parent's root", "frame": "the child's"})
    at.show.walk(at.keep.address, at.keep.parent)
    at.show.walk(at.keep.address, at.keep.child)
    at.keep.place = {root: leaf(at, root).place for root in (at.keep.parent, at.keep.child)}
    source, childs = at.guest.field("core", "hf_operation", operation, "object"), leaf(at, at.keep.child)
    at.expect(source == at.keep.parent, "it is the parent's table")
    at.expect(childs.level == 1 and childs.value == 0, "the child has nothing yet")


@lesson.station("Read-only in both", cloned_at_last,
                ask="The child's entry must not allow writing. And the parent's?",
                answer="Neither: what the parent writes, the child must not see.")
def cloned(at):
    parent, child = (leaf(at, root).value for root in (at.keep.parent, at.keep.child))
    at.say("Two entries name the frame now, and none of them has W. The parent's has kept accessed and "
           "dirty; the child's begins without them. (The TLB may still know of the parent's W. It forgets "
           "it when CR3 is loaded; lesson 4 shows what happens where something isn't forgotten.)")
    at.say("In the parent:")
    at.show.entry_change(at.keep.place[at.keep.parent], at.keep.before, parent)
    at.say("In the child:")
    at.show.entry_change(at.keep.place[at.keep.child], 0, child)
    at.show.frame(at.keep.frame)
    at.expect(parent == at.keep.before & ~WRITE, "the parent's entry has lost W, and nothing else")
    at.expect(leaf(at, at.keep.child).frame == at.keep.frame and not child & WRITE,
              "the child's entry names the same frame, without W")
    at.expect(at.guest.frame(at.keep.frame)["refs"] == 2, "refs is 2")


# ---- the child writes ----

@lesson.station("The child writes", storing(CHILDS),
                ask="The child runs, and writes a 2 to the same address. Is that allowed?",
                answer="Not by the entry: it has no W.")
def child_writes(at):
    at.say("The same program, the same address, another CR3. The walk leads to the parent's frame. The "
           "processor will refuse the write at the last entry.")
    at.show.here(around=0)
    at.show.registers("rdi", "cr3")
    at.show.walk(at.keep.address, access=WRITE)
    show_byte(at, at.keep.frame, "the parent's, and the child's")
    at.keep.before = leaf(at, at.keep.child).value
    at.expect(at.guest.root == at.keep.child, "it is the child's address space")
    at.expect(at.register("rdi") == at.keep.address, "it is the same address")
    at.expect(leaf(at, at.keep.child).frame == at.keep.frame, "it leads to the same frame")


@lesson.station("A contradiction", told(at_page),
                ask="In lesson 2 a task died of error code 7. Why won't this one?",
                answer="The region allows writing. Where the entry forbids what the region allows, "
                       "something is to be done.")
def contradiction(at):
    at.say("Two words of the message spare memsrv any question: the entry that refused, which names the "
           "frame, and how many entries name that frame. Look at the high half of the last word.")
    at.show.here(around=0)
    error = show_message(at)
    region = show_region(at, at.keep.address)
    at.expect(error == 7, "the error code is 7")
    at.expect(region.rights == READ_WRITE, "the region may be written")
    at.expect(word(at, 4) == leaf(at, at.keep.child).value, "the message has the child's entry")
    at.expect(word(at, 5) == 2 << 32 | 1, "the message says: in a page table, refs 2")


@lesson.station("A copy is planned", then(to("memsrv.copy_page"), returned()),
                ask="refs is 2, so somebody else has the page too. Which operations give the child its "
                    "own?",
                answer="STAGE a free frame with the old one's content, UNMAP the old entry, MAP the new "
                       "frame.")
def planned(at):
    at.say("In copy_page (servers/memsrv/copy.c), copy_is_needed has compared refs with 1; plan_copy has "
           "taken a frame and made this list. memsrv copies nothing itself: neither page is mapped for it.")
    at.show.here(around=0)
    names, at.keep.copy = show_list(at)
    at.show.frame(at.keep.copy)
    at.expect(names == ["STAGE", "UNMAP", "MAP"], "the list is STAGE, UNMAP, MAP")
    at.expect(at.guest.frame_type(at.keep.copy) == "FREE", "the new frame is FREE")


@lesson.station("Staged with the old content", then(to("mmu_stage"), returned()),
                ask="How many bytes does the core copy, for a write of one byte?",
                answer="All 4096: the child must see the rest of the page as it was.")
def staged(at):
    at.say("mmu_stage has copied from frame to frame through the PMO, where the core has all RAM. Nobody "
           "has the new frame mapped yet: it is STAGED.")
    at.show.here(around=0)
    at.show.frame(at.keep.frame)
    show_byte(at, at.keep.frame, "the old frame's")
    at.show.frame(at.keep.copy)
    show_byte(at, at.keep.copy, "the new frame's")
    old, new = (at.guest.bytes_at(frame * PAGE, PAGE) for frame in (at.keep.frame, at.keep.copy))
    at.expect(at.guest.frame_type(at.keep.copy) == "STAGED", "the new frame is STAGED")
    at.expect(old == new and all(new), "the two frames are the same in all 4096 bytes, which are not zeroes")


@lesson.station("The child's entry", then(to("mmu_map"), returned()),
                ask="UNMAP and MAP are done. What is refs of the old frame?",
                answer="1: the child's entry doesn't name it any more.")
def mapped(at):
    now = leaf(at, at.keep.child).value
    at.say("Between the two operations the entry was 0, for some hundred instructions; the child, which "
           "waits for its reply, could not see it. The parent's entry is as the CLONE left it: still "
           "without W.")
    at.show.entry_change(at.keep.place[at.keep.child], at.keep.before, now)
    at.show.frame(at.keep.frame)
    at.show.frame(at.keep.copy)
    at.show.walk(at.keep.address, at.keep.parent)
    at.keep.before = now
    copied = leaf(at, at.keep.child).frame == at.keep.copy
    at.expect(copied and now & WRITE, "the child may write to the copy")
    at.expect(at.guest.frame(at.keep.frame)["refs"] == 1, "refs of the old frame is 1")
    at.expect(leaf(at, at.keep.parent).frame == at.keep.frame, "the parent has the old frame")
    at.expect(not leaf(at, at.keep.parent).value & WRITE, "the parent may still not write")


@lesson.station("Two contents", stored("child"),
                ask="The store runs again, and goes through. What does the parent see at the address?",
                answer="Its 1. The child's 2 is in another frame.")
def differ(at):
    now = leaf(at, at.keep.child).value
    at.say("One address, two address spaces, two frames, two contents.")
    at.show.here(around=0, done=True)
    at.show.entry_change(at.keep.place[at.keep.child], at.keep.before, now)
    show_byte(at, at.keep.frame, "what the parent sees")
    show_byte(at, at.keep.copy, "what the child sees")
    at.expect(now & DIRTY, "the processor has noted that the copy was written")
    bytes_now = byte_in(at, at.keep.frame), byte_in(at, at.keep.copy)
    at.expect(bytes_now == (FIRST, CHILDS), "the contents differ")


# ---- the parent writes ----

@lesson.station("The parent writes", storing(PARENTS),
                ask="The child has ended, and the parent writes. Nobody shares the page now. Does the "
                    "write go through?",
                answer="Not yet. The child's copy has taken refs down to 1, but nobody has looked for the "
                       "parent's entry: the core doesn't know which entries name a frame, only how many.")
def parent_writes(at):
    at.keep.before = leaf(at, at.keep.parent).value
    at.say("The frame of the copy is FREE again. The parent's entry still has no W.")
    at.show.here(around=0)
    at.show.registers("cr3")
    at.show.walk(at.keep.address, access=WRITE)
    at.show.frame(at.keep.frame)
    at.show.frame(at.keep.copy)
    at.keep.free = at.show.free_frames()
    at.expect(at.guest.root == at.keep.parent, "it is the parent's address space")
    at.expect(not at.keep.before & WRITE, "the entry has no W")
    at.expect(at.guest.frame_type(at.keep.copy) == "FREE", "the copy's frame is FREE")


@lesson.station("Nothing to copy", then(told(at_page), to("memsrv.copy_page"), returned()),
                ask="Error code 7 again, at the same page. What will be different in the message, and in "
                    "the answer?",
                answer="refs is 1: whoever else had the page, has it no more. So the right is all that is "
                       "missing.")
def nothing_to_copy(at):
    at.say("copy_page has asked copy_is_needed, which says no, and plan_writable has made a list of a "
           "single PROTECT. No frame is taken, nothing is copied.")
    at.show.here(around=0)
    error = show_message(at)
    names, _ = show_list(at)
    at.show.free_frames(before=at.keep.free)
    at.expect(error == 7 and word(at, 5) == 1 << 32 | 1, "the message says: error code 7, refs 1")
    at.expect(names == ["PROTECT"], "the list is one PROTECT")


@lesson.station("The right comes back", stored("parent"),
                ask="Which bits of the parent's entry will have changed, when its store is done?",
                answer="One: W. It is the same frame, and was accessed and dirty before.")
def right_back(at):
    now = leaf(at, at.keep.parent).value
    at.say("The page is the parent's alone again, as before the fork; it cost a fault, and no frame. From "
           "now on writes to it go through.")
    at.show.here(around=0, done=True)
    at.show.entry_change(at.keep.place[at.keep.parent], at.keep.before, now)
    at.show.frame(at.keep.frame)
    show_byte(at, at.keep.frame, "the parent's")
    free = at.show.free_frames(before=at.keep.free)
    at.expect(now == at.keep.before | WRITE, "W is all that has changed in the entry")
    at.expect(at.guest.frame(at.keep.frame)["refs"] == 1, "refs is 1")
    at.expect(byte_in(at, at.keep.frame) == PARENTS, "the 3 is in the frame")
    at.expect(free == at.keep.free, "no frame was taken")
