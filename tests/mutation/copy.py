"""A private copy of the tree, in which one file at a time is changed, and how the core is compiled
there. Nothing is ever written to the tree itself."""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

BUILD = "build"
MAKE = ("make", "VERBOSE=1", f"BUILD={BUILD}")
LIMIT = 900  # seconds for whatever make does

# Changed code should compile when it is C, however odd it looks; but what no compiler should let
# pass is no fair change.
LENIENT = ("-Werror=return-type", "-Werror=implicit-function-declaration", "-Werror=incompatible-pointer-types",
           "-Werror=int-conversion", "-Werror=overflow", "-Werror=div-by-zero")


def lenient(command):
    """A compiler's command with few warnings, in words."""
    return [word for word in command if not re.match(r"-W(?!a,)", word)] + list(LENIENT)


def copy_tree(root, target):
    """Copies what is source, and the toolchain if there is one."""

    def ignored(folder, names):
        if Path(folder) != Path(root):
            return [name for name in names if name in ("__pycache__", ".pytest_cache")]
        return [name for name in names if name in (".git", "toolchain") or
                (name.startswith("build") and (Path(folder) / name).is_dir()) or name.startswith(".pytest")]

    shutil.copytree(root, target, ignore=ignored)
    toolchain = Path(root) / "toolchain"
    if toolchain.exists():
        (Path(target) / "toolchain").symlink_to(toolchain)


class Copy:
    """One private copy. `compile_core` tells what a change makes of the core's objects."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.commands, self.users, self.originals = {}, {}, {}

    def run(self, command, timeout=LIMIT):
        """Runs a command in the copy; its result, with what it said. The settings of the make that all
        this may run under are not the copy's."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        return subprocess.run([str(word) for word in command], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=timeout, env=dict(environment, BUILD=BUILD))

    def make(self, *targets):
        done = self.run([*MAKE, *targets])
        if done.returncode:
            raise RuntimeError(f"make {' '.join(targets)}:\n{done.stdout[-2000:]}")
        return done.stdout

    def prepare(self, sources):
        """Builds the core, and learns how each source is compiled and which others it includes."""
        self.make("all")
        said = self.make("-n", *(word for source in sources for word in ("-W", source)), f"{BUILD}/handoff.elf")
        for line in said.splitlines():
            match = re.search(r" (ukernel/\S+\.(?:c|asm))$", line)
            if match and " -o " in line:
                self.commands[match[1]] = shlex.split(line)
        for source in self.commands:
            depends = (self.folder / BUILD / f"{source}.d").read_text().replace("\\\n", " ")
            for name in set(depends.split()):
                self.users.setdefault(name, set()).add(source)

    def _compile(self, source):
        """The object of a core source without debug information, or None when it doesn't compile."""
        output = self.folder / BUILD / "changed.o"
        command = self.commands[source]
        command = lenient(command) if source.endswith(".c") else list(command)
        command[command.index("-o") + 1] = str(output)
        while "-MMD" in command or "-MD" in command:
            at = command.index("-MMD" if "-MMD" in command else "-MD")
            del command[at:at + (1 if command[at] == "-MMD" else 2)]
        command = [word for word in command if word not in ("-g", "-MP", "-F", "dwarf")]
        while "-MQ" in command:
            at = command.index("-MQ")
            del command[at:at + 2]
        return output.read_bytes() if self.run(command).returncode == 0 else None

    def compile_core(self, file):
        """None when the file as it is now doesn't compile; False when all objects are what they
        were; else a name of what they have become."""
        objects = {}
        for source in sorted(self.users.get(file, ())):
            objects[source] = self._compile(source)
            if objects[source] is None:
                return None
        if all(objects[source] == self.original(file, source) for source in objects):
            return False
        return hashlib.sha256(b"".join(objects[source] for source in sorted(objects))).hexdigest()[:16]

    def original(self, file, source):
        """The object of a source when the file is as it was."""
        if source not in self.originals:
            changed = (self.folder / file).read_text()
            (self.folder / file).write_text(self.kept)
            self.originals[source] = self._compile(source)
            (self.folder / file).write_text(changed)
        return self.originals[source]

    def change(self, change):
        """Makes the change; what the file was is kept."""
        path = self.folder / change.file
        self.kept = path.read_text()
        path.write_text(change.apply(self.kept))

    def restore(self, change):
        (self.folder / change.file).write_text(self.kept)
