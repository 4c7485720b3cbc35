"""Lines of the core that ran in guests, from the instructions that tests/coverage/reach.c noted."""

import os
from bisect import bisect_right
from operator import itemgetter
from pathlib import Path

from elftools.elf.elffile import ELFFile

TOLERATED = 16  # instructions that differ from the file: those that the core patches when it boots


class Core:
    """One linked core: what stands where in its text, and which lines that comes from."""

    def __init__(self, path, root):
        with open(path, "rb") as file:
            elf = ELFFile(file)
            text = elf.get_section_by_name(".text")
            self.start, self.bytes = text["sh_addr"], text.data()
            rows = {}
            for unit in elf.get_dwarf_info().iter_CUs():
                self._take(unit, elf.get_dwarf_info().line_program_for_CU(unit), Path(root), rows)
        self.addresses = sorted(rows)
        self.places = [rows[address] for address in self.addresses]

    @staticmethod
    def _take(unit, program, root, rows):
        """Notes at which addresses which line begins; None ends a sequence."""
        if program is None:
            return
        header, names = program.header, {}
        base = unit.get_top_DIE().attributes["DW_AT_comp_dir"].value.decode()
        least = 0 if header["version"] >= 5 else 1
        for number, entry in enumerate(header["file_entry"], least):
            folders = header["include_directory"]
            at = entry["dir_index"] - (0 if header["version"] >= 5 else 1)
            folder = folders[at].decode() if at >= 0 else ""
            names[number] = os.path.relpath(os.path.join(base, folder, entry["name"].decode()), root)
        for row in program.get_entries():
            if row.state is None:
                continue
            place = None if row.state.end_sequence else (names[row.state.file], row.state.line)
            # Of several lines at one address all but the last are empty: nothing of them is left there.
            rows[row.state.address] = place

    def differences(self, instructions):
        """How many of these (address, bytes) this core doesn't have."""
        different = 0
        for address, code in instructions:
            at = address - self.start
            different += at >= 0 and self.bytes[at:at + len(code)] != code
        return different

    def lines(self, addresses):
        """(file, line) of the core's C that the instructions at these addresses come from."""
        found = set()
        for address in addresses:
            at = bisect_right(self.addresses, address) - 1
            place = self.places[at] if at >= 0 else None
            if place and place[0].startswith("ukernel/"):
                found.add(place)
        return found


def read(path):
    """What one guest noted."""
    for line in path.read_text().splitlines():
        address, code = line.split()
        yield int(address, 16), bytes.fromhex(code)


def reached_in(folder, cores):
    """The lines that guests reached which wrote there, how many guests those were, and how many had a
    core that isn't one of these."""
    addresses, known, strange = {id(core): set() for core in cores}, 0, 0
    for path in sorted(folder.glob("*.reached")):
        instructions = list(read(path))
        different, core = min(((core.differences(instructions), core) for core in cores), key=itemgetter(0))
        if instructions and different <= TOLERATED:
            known += 1
            addresses[id(core)].update(address for address, _ in instructions)
        else:
            strange += 1
    lines = set().union(*(core.lines(addresses[id(core)]) for core in cores))
    return lines, known, strange
