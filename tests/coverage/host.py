"""Lines of the core by gcov: which there are, and which the host's tests reach."""

import gzip
import json
import os
import re
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# As the host's tests are built, but so that each line keeps its own code, and is counted.
FLAGS = ("-std=gnu2x", "-g", "-O0", "--coverage", "-Iinclude", "-Itests/host", "-w")
NOT_FOR_COUNTING = r"-O|-W(?!a,)|-M|-g$|-c$|-fcallgraph|-fsanitize"
NOT_COUNTED = "ukernel/audit/"  # of CHECKED=1
LIMIT = 900  # seconds for one test


def run(command, root, **options):
    done = subprocess.run([str(word) for word in command], cwd=root, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}:\n{done.stdout.decode(errors='replace')[-2000:]}")


def is_counted(name):
    return name.startswith("ukernel/") and not name.startswith(NOT_COUNTED)


def counted(root, notes, folder):
    """((file, line), function, count) of the core's lines in one object, by its .gcno and .gcda."""
    for old in folder.glob("*.gcov.json.gz"):
        old.unlink()
    run(["gcov", "--json-format", os.path.relpath(notes, folder)], folder)
    for path in folder.glob("*.gcov.json.gz"):
        for file in json.loads(gzip.open(path).read())["files"]:
            name = os.path.relpath(os.path.join(root, file["file"]), root)
            for line in file["lines"] if is_counted(name) else ():
                yield (name, line["line_number"]), line.get("function_name", ""), line["count"]


def all_lines(root, folder, commands):
    """(file, line): function, of each line that makes code; compiled as `commands` compile the core."""
    lines = {}
    for command in commands:
        source = command[-1]
        output = folder / "all" / f"{source.replace('/', '_')}.o"
        output.parent.mkdir(parents=True, exist_ok=True)
        flags = [word for word in command[1:-1] if not re.match(NOT_FOR_COUNTING, word)]
        del flags[flags.index("-o"):flags.index("-o") + 2]
        run([command[0], *flags, "-O0", "--coverage", "-w", "-c", "-o", output, source], root)
        for place, function, _ in counted(root, output.with_suffix(".gcno"), output.parent):
            lines[place] = function
    return lines


def contains_core(source):
    return re.search("^// sources:.* ukernel/", source.read_text(), re.M)


def reached_by(source, root, folder):
    """The lines that one host test reaches, built again for that; and what is wrong with it."""
    program, parts = folder / source.stem, folder / f"{source.stem}.parts"
    wrong = None
    try:
        run(["tools/host-test", program, source.relative_to(root), "gcc", *FLAGS], root)
        run([program], root)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        wrong = f"{source.name}: {error}"
    noted = [notes for notes in sorted(parts.glob("ukernel_*.gcno")) if notes.with_suffix(".gcda").exists()]
    return {place for notes in noted for place, _, count in counted(root, notes, parts) if count}, wrong


def reached_by_tests(root, folder):
    """The lines that some host test reaches, and what is wrong with tests."""
    folder = folder / "host"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sources = list(filter(contains_core, sorted((root / "tests" / "host").glob("test_*.c"))))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda source: reached_by(source, root, folder), sources))
    return set().union(*(reached for reached, _ in results)), [wrong for _, wrong in results if wrong]


def core_commands(root, build):
    """How make compiles each C source of the core, in words."""
    names = sorted(f"ukernel/{path.name}" for path in (root / "ukernel").glob("*.c"))
    sources = list(filter(is_counted, names))
    command = ["make", "-n", "VERBOSE=1", "LINES=1", f"BUILD={build}", f"{build}/handoff.elf"]
    for name in sources:
        command += ["-W", name]
    said = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout
    compiling = re.compile(r" -c -o \S+ ukernel/\S+\.c$")
    commands = [shlex.split(line) for line in said.splitlines() if compiling.search(line)]
    if len(commands) != len(sources):
        raise RuntimeError("make doesn't tell how the core is compiled")
    return commands
