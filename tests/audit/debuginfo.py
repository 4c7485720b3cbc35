"""What the build says about a program: its symbols, and by DWARF how its structures are laid
out. Offsets that the auditor needs come from here, so they can't go stale."""

from elftools.elf.elffile import ELFFile


class Layout:
    """How a type lies in memory. `decode` makes Python of it: a number, a dict or a list."""

    def __init__(self, size, fields=None, element=None):
        self.size = size
        self.fields = fields  # of a structure: name -> (offset, Layout)
        self.element = element  # of an array

    def offset(self, path):
        """Where a field lies: "registers.rip"."""
        at, layout = 0, self
        for name in path.split("."):
            step, layout = layout.fields[name]
            at += step
        return at

    def decode(self, data):
        if self.fields is not None:
            return {name: layout.decode(data[at:at + layout.size]) for name, (at, layout) in self.fields.items()}
        if self.element is not None:
            step = self.element.size
            return [self.element.decode(data[at:at + step]) for at in range(0, self.size, step)]
        return int.from_bytes(data[:self.size], "little")


class DebugInfo:
    """One ELF file with DWARF."""

    def __init__(self, path):
        with open(path, "rb") as file:
            elf = ELFFile(file)
            self.symbols = {symbol.name: symbol["st_value"]
                            for symbol in elf.get_section_by_name(".symtab").iter_symbols() if symbol.name}
            self.structures, self.enums, self.variables = {}, {}, {}
            for unit in elf.get_dwarf_info().iter_CUs():
                for die in unit.get_top_DIE().iter_children():
                    self._take(die)

    def _take(self, die):
        name = die.attributes.get("DW_AT_name")
        if name is None:
            return
        name = name.value.decode()
        if die.tag == "DW_TAG_structure_type" and "DW_AT_byte_size" in die.attributes:
            if name not in self.structures:
                self.structures[name] = _layout(die)
        elif die.tag == "DW_TAG_enumeration_type":
            values = (child.attributes for child in die.iter_children() if child.tag == "DW_TAG_enumerator")
            self.enums[name] = {value["DW_AT_name"].value.decode(): value["DW_AT_const_value"].value
                                for value in values}


def _type_of(die):
    return die.get_DIE_from_attribute("DW_AT_type") if "DW_AT_type" in die.attributes else None


def _array(die):
    element, count = _layout(_type_of(die)), 1
    for child in die.iter_children():
        if child.tag == "DW_TAG_subrange_type":
            upper = child.attributes.get("DW_AT_upper_bound")
            count *= upper.value + 1 if upper else 0
    return Layout(element.size * count, element=element)


def _members(die):
    fields = {}
    for child in die.iter_children():
        if child.tag != "DW_TAG_member":
            continue
        place = child.attributes.get("DW_AT_data_member_location")  # a union's members have none
        at = place.value if place else 0
        name = child.attributes.get("DW_AT_name")
        layout = _layout(_type_of(child))
        if name is not None:
            fields[name.value.decode()] = (at, layout)
        elif layout.fields:  # an anonymous structure or union: its fields are the outer one's
            fields.update({inner: (at + step, kind) for inner, (step, kind) in layout.fields.items()})
    return fields


def _layout(die):
    if die.tag in ("DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type"):
        return _layout(_type_of(die))
    if die.tag == "DW_TAG_array_type":
        return _array(die)
    size = die.attributes["DW_AT_byte_size"].value
    if die.tag in ("DW_TAG_structure_type", "DW_TAG_union_type"):
        return Layout(size, fields=_members(die))
    return Layout(size)
