"""The host's tests of what was changed: built again as far as needed, and run, quickest first."""

import re
import resource
import shlex
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from .copy import BUILD, lenient

OUTPUT_LIMIT = 16 << 20  # bytes that a test may write


def limit_output():
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_LIMIT, OUTPUT_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@dataclass
class HostTest:
    name: str
    objects: list  # keys of what it is linked of
    program: Path
    seconds: float = 0


@dataclass
class Verdict:
    """What caught a change, or nothing when it survived."""
    caught_by: str = ""
    unbuildable: bool = False
    ran: list = field(default_factory=list)


class HostTests:
    """All host tests of a copy. Their objects are shared, so that a change costs one compilation."""

    def __init__(self, copy):
        self.copy = copy
        self.folder = copy.folder / BUILD / "mutation"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.commands = {}  # key of an object: its command
        self.users = {}  # file: keys of objects that contain it
        self.tests = []

    def prepare(self):
        """Builds all tests of the core and runs each once, unchanged; raises when one fails."""
        for source in sorted((self.copy.folder / "tests" / "host").glob("test_*.c")):
            if re.search("^// sources:.* ukernel/", source.read_text(), re.M):
                self._add(source.relative_to(self.copy.folder))
        for test in self.tests:
            if not self._link(test):
                raise RuntimeError(f"{test.name} can't be built")
            begin = time.monotonic()
            failed = self._run(test, 600)
            if failed:
                raise RuntimeError(f"without any change: {failed}")
            test.seconds = time.monotonic() - begin
        self.tests.sort(key=lambda test: test.seconds)

    def _add(self, source):
        """Learns from make how a test is built."""
        program = f"{BUILD}/{source.with_suffix('')}"
        said = self.copy.make("-n", "-W", str(source), program)
        line = next(line for line in said.splitlines() if line.startswith("tools/host-test "))
        text = (self.copy.folder / source).read_text()
        words = {name: " ".join(re.findall(rf"^// {name}: *(.*)$", text, re.M)).split()
                 for name in ("sources", "include", "flags")}
        command = lenient([*shlex.split(line)[3:], *(f"-I{folder}" for folder in words["include"]), *words["flags"]])
        objects = [self._object(command, part) for part in (str(source), *words["sources"])]
        self.tests.append(HostTest(source.stem, objects, self.folder / source.stem))

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
        """What failed, or nothing."""
        log = self.folder / "log"
        with open(log, "wb") as output:
            try:
                status = subprocess.run([test.program], stdin=subprocess.DEVNULL, stdout=output,
                                        stderr=subprocess.STDOUT, timeout=limit, cwd=self.copy.folder,
                                        preexec_fn=limit_output).returncode
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
        for number, key in enumerate(sorted(changed)):
            replaced[key] = self.folder / f"changed{number}.o"
            if not self._compile(key, replaced[key]):
                return Verdict(unbuildable=True)
        for test in self.tests:
            if changed.isdisjoint(test.objects):
                continue
            if not self._link(test, replaced):
                return Verdict(unbuildable=True)
            verdict.ran.append(test.name)
            verdict.caught_by = self._run(test, 10 + 4 * test.seconds)
            if verdict.caught_by:
                break
        return verdict
