"""What came of a campaign."""

from collections import Counter
from pathlib import Path

from .journal import CAUGHT, SURVIVED

EXPLAINED = Path(__file__).with_name("survivors.txt")


def explanations(path=EXPLAINED):
    """Survivors that are known, and why nothing can notice them:

        ukernel/FILE
        - the line as it is
        + the line as it was changed
          why
    """
    known, key, file = {}, None, None
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("ukernel/"):
            file, key = line.strip(), None
        elif line.startswith("- "):
            key = [file, line[2:].strip(), ""]
        elif line.startswith("+ ") and key:
            key[2] = line[2:].strip()
        elif line.startswith("  ") and key:
            known[tuple(key)] = f"{known.get(tuple(key), '')} {line.strip()}".strip()
    return known


def name(entry):
    """How a survivor is found among the explanations: wherever in its file the line stands."""
    return entry["change"]["file"], " ".join(entry["before"]), " ".join(entry["after"])


def diff(entry, why):
    lines = [f"{entry['change']['file']}:{entry['line']}  {entry['change']['kind']}"]
    lines += [f"- {' '.join(entry['before'])}", f"+ {' '.join(entry['after'])}"]
    return "\n".join([*lines, f"  {why}" if why else "  NOT EXPLAINED"])


def table(title, entries, of):
    """A line for each value of a key: how many there were, and how many were caught."""
    all_of, caught = Counter(map(of, entries)), Counter(of(e) for e in entries if e["outcome"] == CAUGHT)
    width = max([len(title), *map(len, all_of)])
    print(f"\n{title:<{width}}  changes  caught")
    for key in sorted(all_of):
        print(f"{key:<{width}}  {all_of[key]:>7}  {caught[key]:>6}")


def print_report(journal):
    """Prints everything; the survivors that nobody has explained."""
    entries = [entry for entry in journal.entries.values() if entry["outcome"] in (CAUGHT, SURVIVED)]
    caught = [entry for entry in entries if entry["outcome"] == CAUGHT]
    survivors = [entry for entry in entries if entry["outcome"] == SURVIVED]
    known = explanations()
    if not entries:
        print("nothing was judged")
        return []
    table("file", entries, lambda entry: entry["change"]["file"])
    table("kind", entries, lambda entry: entry["change"]["kind"])
    table("caught in", caught, lambda entry: entry["layers"][-1])
    table("caught by", caught, lambda entry: entry["by"].split(":")[0])
    print("\nsurvivors:" if survivors else "\nno survivors")
    for entry in sorted(survivors, key=lambda entry: (entry["change"]["file"], entry["line"])):
        print(diff(entry, known.get(name(entry))))
    left = [entry for entry in survivors if name(entry) not in known]
    unfit = Counter(entry["why"] for entry in journal.entries.values() if "why" in entry)
    print(f"\ndrawn again: {', '.join(f'{count} {why}' for why, count in sorted(unfit.items())) or 'none'}")
    print(f"{len(entries)} changes, {len(caught)} caught ({100 * len(caught) / len(entries):.1f} %), "
          f"{len(survivors)} survived, {len(left)} of them not explained")
    waiting = sum("guest" not in entry["layers"] for entry in survivors)
    if waiting:
        print(f"{waiting} survivors have not been through the guest's tests (--guest)")
    return left
