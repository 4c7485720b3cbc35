"""Page faults as memsrv is told of them: the way there, and what is shown of the message and the region."""

from .lesson import Untrue
from .memsrv import Records
from .reach import to

WORDS = {"message.word[0]": "address", "message.word[1]": "error code", "message.word[2]": "rip",
         "message.word[4]": "the entry at which the walk ended",
         "message.word[5]": "bits 0 to 7: its level; 32 to 63: refs of the frame in it"}
KINDS = {"message.word[0]": "address", "message.word[2]": "address", "message.word[4]": "entry"}


def told(address, when=lambda at: True):
    """Where memsrv begins to deal with a fault at the address that a function of the view tells. Keeps its
    request and the record of the process."""
    def is_it(at):
        request = at.register("rdi")
        return at.guest.field("memsrv", "request", request, "message.word[0]") == address(at) and when(at)

    def reach(at):
        to("memsrv.fault_page", when=is_it)(at)
        at.note_root()
        at.keep.request = at.register("rdi")
        task = at.guest.field("memsrv", "request", at.keep.request, "task")
        at.keep.process = at.guest.field("memsrv", "task", task, "process")
    return reach


def field(at, kind, address, path):
    """A member of a structure of memsrv's, whoever runs."""
    return at.guest.field("memsrv", kind, address, path, at.root_of("memsrv"))


def word(at, number):
    """One word of the message."""
    return field(at, "request", at.keep.request, f"message.word[{number}]")


def show_message(at):
    """What memsrv is told. Answers the error code."""
    paths = [(path, KINDS.get(path, "number")) for path in WORDS]
    at.show.fields("memsrv", "request", at.keep.request, paths, root=at.root_of("memsrv"), notes=WORDS)
    at.show.error(word(at, 1))
    return word(at, 1)


def region_of(at, address):
    """The region of the process that has an address, or None."""
    return Records(at.guest, at.root_of("memsrv")).region_at(at.keep.process, address)


def show_region(at, address):
    """The region of the process that has an address, which there must be."""
    region = region_of(at, address)
    if region is None:
        raise Untrue("memsrv has no region where the fault was")
    at.show.region(region.address, at.root_of("memsrv"))
    return region


def show_list(at):
    """The request's list of operations. Answers their names, and the first one's object."""
    described = at.programs["memsrv"]
    first = at.keep.request + described.field("request", "list.operation")[0]
    size, count = described.type("hf_operation")["size"], field(at, "request", at.keep.request, "list.count")
    at.show.operations("memsrv", first, count)
    codes = [field(at, "hf_operation", first + size * number, "code") for number in range(count)]
    names = [described.word("hf_operation_code", code) for code in codes]
    return names, field(at, "hf_operation", first, "object")
