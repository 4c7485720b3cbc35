"""Lines of the core by gcov: which there are, and which the host's tests reach."""

import gzip
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

# As the host's tests are built, but so that each line keeps its own code, and is counted.
FLAGS = ("-std=gnu2x", "-g", "-O0", "--coverage", "-Iinclude", "-Itests/host", "-w")
LIMIT = 900  # seconds for one test


def run(command, root, **options):
    done = subprocess.run([str(word) for word in command], cwd=root, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}:\n{done.stdout.decode(errors='replace')[-2000:]}")


def counted(root, notes, folder):
    """((file, line), function, count) of the core's lines in one object, by its .gcno and .gcda."""
    for old in folder.glob("*.gcov.json.gz"):
        old.unlink()
    run(["gcov", "--json-format", os.path.relpath(notes, folder)], folder)
    for path in folder.glob("*.gcov.json.gz"):
        for file in json.loads(gzip.open(path).read())["files"]:
            name = os.path.relpath(os.path.join(root, file["file"]), root)
            for line in file["lines"] if name.startswith("ukernel/") else ():
                yield (name, line["line_number"]), line.get("function_name", ""), line["count"]


def all_lines(root, folder, commands):
    """(file, line): function, of each line that makes code; compiled as `commands` compile the core."""
    lines = {}
    for command in commands:
        source = command[-1]
        output = folder / "all" / f"{source.replace('/', '_')}.o"
        output.parent.mkdir(parents=True, exist_ok=True)
        flags = [word for word in command[1:-1] if not re.match(r"-O|-W(?!a,)|-M|-g$|-c$|-fcallgraph|-fsanitize", word)]
        del flags[flags.index("-o"):flags.index("-o") + 2]
        run([command[0], *flags, "-O0", "--coverage", "-w", "-c", "-o", output, source], root)
        for place, function, _ in counted(root, output.with_suffix(".gcno"), output.parent):
            lines[place] = function
    return lines


def reached_by_tests(root, folder):
    """The lines that some host test reaches, and the tests that failed; each test that contains core
    is built again, and run."""
    reached, failed = set(), []
    for source in sorted((root / "tests" / "host").glob("test_*.c")):
        if not re.search("^// sources:.* ukernel/", source.read_text(), re.M):
            continue
        program = folder / "host" / source.stem
        program.parent.mkdir(parents=True, exist_ok=True)
        run(["tools/host-test", program, source.relative_to(root), "gcc", *FLAGS], root)
        if subprocess.run([program], cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, timeout=LIMIT).returncode:
            failed.append(source.stem)
        parts = Path(f"{program}.parts")
        for notes in sorted(parts.glob("ukernel_*.gcno")):
            if notes.with_suffix(".gcda").exists():
                reached.update(place for place, _, count in counted(root, notes, parts) if count)
    return reached, failed


def core_commands(root, build):
    """How make compiles each C source of the core, in words."""
    sources = [str(path.relative_to(root)) for path in sorted((root / "ukernel").glob("*.c"))]
    said = subprocess.run(["make", "-n", "VERBOSE=1", f"BUILD={build}", *(word for name in sources for word in ("-W", name)),
                           f"{build}/handoff.elf"], cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout
    commands = [shlex.split(line) for line in said.splitlines() if re.search(r" -c -o \S+ ukernel/\S+\.c$", line)]
    if len(commands) != len(sources):
        raise RuntimeError("make doesn't tell how the core is compiled")
    return commands
