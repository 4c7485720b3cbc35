"""What the build knows about each program, taken from ELF and DWARF once and kept as JSON, so that who
only takes a lesson needs no compiler: symbols, source lines, structures, enumerations, sources."""

from pathlib import Path

from elftools.elf.elffile import ELFFile

OP_ADDR = 3  # DWARF's: an address follows
TAGS = ("DW_TAG_structure_type", "DW_TAG_union_type")


def _name(die):
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode() if attribute else None


def _layout(die):
    """{"size"}, with "fields" {name: [offset, layout]} of a structure, or "element" of an array."""
    if "DW_AT_type" in die.attributes and die.tag in ("DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type"):
        return _layout(die.get_DIE_from_attribute("DW_AT_type"))
    if die.tag == "DW_TAG_array_type":
        return _array(die)
    layout = {"size": die.attributes["DW_AT_byte_size"].value if "DW_AT_byte_size" in die.attributes else 0}
    if die.tag in TAGS:
        layout["fields"] = _fields(die)
    return layout


def _array(die):
    element, count = _layout(die.get_DIE_from_attribute("DW_AT_type")), 1
    for child in die.iter_children():
        if child.tag == "DW_TAG_subrange_type":
            upper = child.attributes.get("DW_AT_upper_bound")
            count *= upper.value + 1 if upper and isinstance(upper.value, int) else 0
    return {"size": element["size"] * count, "element": element}


def _fields(die):
    fields = {}
    for child in die.iter_children():
        if child.tag != "DW_TAG_member" or "DW_AT_data_bit_offset" in child.attributes:
            continue
        place = child.attributes.get("DW_AT_data_member_location")
        at = place.value if place else 0
        layout = _layout(child.get_DIE_from_attribute("DW_AT_type"))
        if _name(child) is not None:
            fields[_name(child)] = [at, layout]
        else:
            fields.update({name: [at + step, kind] for name, (step, kind) in layout.get("fields", {}).items()})
    return fields


def _take(die, unit_name, found):
    name = _name(die)
    if die.tag == "DW_TAG_variable" and "DW_AT_location" in die.attributes:
        place = die.attributes["DW_AT_location"].value
        if isinstance(place, list) and len(place) == 9 and place[0] == OP_ADDR:
            found["variables"][f"{unit_name}:{name}"] = int.from_bytes(bytes(place[1:]), "little")
    if die.tag == "DW_TAG_structure_type" and name and "DW_AT_byte_size" in die.attributes:
        if name not in found["types"]:
            found["types"][name] = _layout(die)
    elif die.tag == "DW_TAG_enumeration_type":
        for child in die.iter_children():
            if child.tag == "DW_TAG_enumerator":
                found["enums"][_name(child)] = child.attributes["DW_AT_const_value"].value
        if name:
            found["enum_types"][name] = [_name(child) for child in die.iter_children()
                                         if child.tag == "DW_TAG_enumerator"]


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def _files(program, tree):
    """For each number of a line program's files, its path in the tree."""
    header = program.header
    version5 = header["version"] >= 5
    paths = {}
    for number, entry in enumerate(header["file_entry"], 0 if version5 else 1):
        folder = ""
        if entry["dir_index"] or version5:
            folder = _text(header["include_directory"][entry["dir_index"] - (0 if version5 else 1)])
        path = Path(tree, folder, _text(entry["name"])).resolve()
        paths[number] = str(path.relative_to(tree)) if path.is_relative_to(tree) else str(path)
    return paths


def _lines(unit, dwarf, tree, found):
    program = dwarf.line_program_for_CU(unit)
    if program is None:
        return
    files = _files(program, tree)
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if state.end_sequence:
            found["lines"].append([state.address, None, 0, 0])
        elif state.line:
            found["lines"].append([state.address, files.get(state.file), state.line, int(state.is_stmt)])


def describe(path, tree):
    """Everything about one ELF file whose sources lie in `tree`."""
    found = {"symbols": [], "lines": [], "types": {}, "enums": {}, "enum_types": {}, "variables": {}}
    with open(path, "rb") as file:
        elf = ELFFile(file)
        for symbol in elf.get_section_by_name(".symtab").iter_symbols():
            kind = symbol["st_info"]["type"]
            if symbol.name and kind in ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE") and \
                    symbol["st_shndx"] not in ("SHN_UNDEF", "SHN_ABS"):
                found["symbols"].append([symbol["st_value"], symbol["st_size"], symbol.name, kind[4:].lower()])
        sections = [s for s in elf.iter_sections() if s["sh_flags"] & 2]  # those that lie in memory
        found["first"] = min(section["sh_addr"] for section in sections if section["sh_addr"])
        found["end"] = max(section["sh_addr"] + section["sh_size"] for section in sections)
        dwarf = elf.get_dwarf_info()
        for unit in dwarf.iter_CUs():
            _lines(unit, dwarf, tree, found)
            unit_name = Path(_name(unit.get_top_DIE())).name
            for die in unit.get_top_DIE().iter_children():
                _take(die, unit_name, found)
    found["symbols"].sort()
    # Stable, so that rows of one address stay in order; a sequence's end comes before what begins there.
    found["lines"].sort(key=lambda line: (line[0], line[1] is not None))
    return found


def sources(programs, tree):
    """The text of each source that a line belongs to."""
    paths = {path for program in programs.values() for _, path, *_ in program["lines"] if path}
    return {path: Path(tree, path).read_text().splitlines() for path in sorted(paths)
            if not path.startswith("/") and Path(tree, path).is_file()}
