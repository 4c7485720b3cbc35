"""Lines that nothing reaches, and the reasons given for that (unreached.txt)."""

from collections import Counter


def reasons(path):
    """How often which line, as (file, function, text), is known not to be reached."""
    known, file, last = Counter(), None, None
    for line in path.read_text().splitlines():
        if line.startswith("ukernel/"):
            file = line.strip()
        elif line.startswith("  "):
            last = None
        elif line.strip() and not line.startswith("#"):
            function, _, text = line.partition(": ")
            last = (file, function, text.strip())
            known[last] += 1
    if last:
        raise ValueError(f"{path.name} gives no reason for {': '.join(last)}")
    return known


def named(places, lines, root):
    """Lines by what they say, since their numbers change."""
    texts = {}
    for file, number in sorted(places):
        if file not in texts:
            texts[file] = (root / file).read_text().splitlines()
        yield file, lines[file, number], texts[file][number - 1].strip()


def print_table(lines, host, guest):
    print(f"{'file':<26} {'lines':>6} {'host':>6} {'guest':>6} {'both':>6}")
    for file in [*sorted({file for file, _ in lines}), ""]:
        own = {place for place in lines if place[0] == file or not file}
        parts = [len(own & reached) for reached in (host, guest, host | guest)]
        print(f"{file or 'all':<26} {len(own):>6} {parts[0]:>6} {parts[1]:>6} {parts[2]:>6} "
              f"{100 * parts[2] / len(own):>6.1f} %")


def print_list(unreached):
    """In the form of unreached.txt."""
    last = None
    for file, function, text in unreached:
        if file != last:
            print(f"\n{file}")
        print(f"{function}: {text}")
        last = file


def complaints(unreached, known):
    """Where the list of what isn't reached, and what is known of that, differ."""
    found = Counter(unreached)
    for file, function, text in sorted((found - known).elements()):
        yield f"nothing reaches it, and no reason is given: {file} {function}: {text}"
    for file, function, text in sorted((known - found).elements()):
        yield f"a reason is given, and it is reached or isn't there: {file} {function}: {text}"
