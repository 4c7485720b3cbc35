"""The host's tests of what was changed: built again as far as needed, what finds most in the least time first."""

import re
import resource
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .copy import BUILD, lenient

OUTPUT_LIMIT = 16 << 20  # bytes that a test may write
PATIENCE = 20  # other programs may leave a test this small a part of the processor
LINKING = 0.2  # seconds that a test costs before it runs


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass
class HostTest:
    name: str
    objects: list  # keys of what it is linked of
    program: Path
    seconds: float = 0
    ran: int = 0
    caught: int = 0

    def price(self):
        """Seconds for each change that it may be expected to catch."""
        return (LINKING + self.seconds) * (self.ran + 2) / (self.caught + 1)


@dataclass
class Verdict:
    """What caught a change, or nothing when it survived."""
    caught_by: str = ""
    unbuildable: bool = False
    ran: list = field(default_factory=list)


class HostTests:
    """All host tests of a copy. Their objects are shared, so that a change costs few compilations.
    Without sanitizers they take a third of the time, and miss little."""

    def __init__(self, copy, sanitized):
        self.copy, self.sanitized = copy, sanitized
        self.folder = copy.folder / BUILD / "mutation" / ("sanitized" if sanitized else "plain")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.commands = {}  # key of an object: where it is
        self.users = {}  # file: keys of objects that contain it
        self.tests = []

    def prepare(self):
        """Builds all tests of the core and runs each once, unchanged; raises when one fails."""
        sources = [source.relative_to(self.copy.folder)
                   for source in sorted((self.copy.folder / "tests" / "host").glob("test_*.c"))
                   if re.search("^// sources:.* ukernel/", source.read_text(), re.M)]
        for source, command in self._commands(sources):
            self._add(source, command)
        for test in self.tests:
            if not self._link(test):
                raise RuntimeError(f"{test.name} can't be built")
            before = children_seconds()
            failed = self._run(test, 600)
            if failed:
                raise RuntimeError(f"without any change: {failed}")
            test.seconds = children_seconds() - before

    def _commands(self, sources):
        """Learns from make how tests are compiled."""
        changed = [word for source in sources for word in ("-W", source)]
        said = self.copy.make("-n", *changed, *(f"{BUILD}/{source.with_suffix('')}" for source in sources))
        for line in said.splitlines():
            if line.startswith("tools/host-test "):
                words = shlex.split(line)
                yield words[2], words[3:]

    def _fitting(self, command):
        """The flags for this layer."""
        if not self.sanitized:
            command = [word for word in command if not re.match("-g$|-f(no-)?sanitize|-fno-omit-frame", word)]
        return lenient(command)

    def _add(self, source, command):
        text = (self.copy.folder / source).read_text()
        words = {name: " ".join(re.findall(rf"^// {name}: *(.*)$", text, re.M)).split()
                 for name in ("sources", "include", "flags")}
        command = self._fitting([*command, *(f"-I{folder}" for folder in words["include"]), *words["flags"]])
        objects = [self._object(command, part) for part in (source, *words["sources"])]
        name = Path(source).stem
        self.tests.append(HostTest(name, objects, self.folder / name))

    def _object(self, command, source):
        key = (source, " ".join(command))
        if key not in self.commands:
            self.commands[key] = self.folder / f"{len(self.commands)}.o"
            if not self._compile(key):
                raise RuntimeError(f"{source} can't be compiled for the host")
            depends = self.commands[key].with_suffix(".d").read_text().replace("\\\n", " ")
            for name in depends.split()[1:]:
                self.users.setdefault(name.rstrip(":"), set()).add(key)
        return key

    def _compile(self, key, output=None):
        source, command = key
        output = output or self.commands[key]
        done = self.copy.run([*shlex.split(command), "-MMD", "-MF", self.commands[key].with_suffix(".d"), "-c", "-o",
                              output, source])
        return done.returncode == 0

    def _link(self, test, replaced=None):
        """Links a test, with other objects for some of its own."""
        objects = [(replaced or {}).get(key, self.commands[key]) for key in test.objects]
        compiler = shlex.split(test.objects[0][1])
        return self.copy.run([*compiler, "-o", test.program, *objects, "-lcmocka"]).returncode == 0

    def _run(self, test, limit):
        """What failed, or nothing. The limit is of the processor's time, in seconds."""
        log = self.folder / "log"

        def limited():
            resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_LIMIT, OUTPUT_LIMIT))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))

        with open(log, "wb") as output:
            try:
                status = subprocess.run([test.program], stdin=subprocess.DEVNULL, stdout=output,
                                        stderr=subprocess.STDOUT, timeout=PATIENCE * limit, cwd=self.copy.folder,
                                        preexec_fn=limited).returncode
            except subprocess.TimeoutExpired:
                return f"{test.name}: time limit"
        if status == 0:
            return ""
        said = log.read_text(errors="replace")
        failed = re.search(r"^\[  FAILED  \] (\w+)", said, re.M)
        running = re.findall(r"^\[ RUN      \] (\w+)", said, re.M)
        return f"{test.name}: {failed[1] if failed else running[-1] if running else f'status {status}'}"

    def judge(self, file):
        """Runs the tests that contain a file, which has been changed."""
        verdict, replaced = Verdict(), {}
        changed = self.users.get(file, set())
        for test in sorted(self.tests, key=HostTest.price):
            if changed.isdisjoint(test.objects):
                continue
            for key in changed.intersection(test.objects) - replaced.keys():
                replaced[key] = self.folder / f"changed{len(replaced)}.o"
                if not self._compile(key, replaced[key]):
                    return Verdict(unbuildable=True)
            if not self._link(test, replaced):
                return Verdict(unbuildable=True)
            verdict.ran.append(test.name)
            verdict.caught_by = self._run(test, int(2 + 4 * test.seconds))
            test.ran, test.caught = test.ran + 1, test.caught + bool(verdict.caught_by)
            if verdict.caught_by:
                break
        return verdict
