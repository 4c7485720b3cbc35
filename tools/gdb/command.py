"""What all commands have in common: what was typed, physical memory while they run, and the guest's parts."""

import os
from functools import cached_property

import gdb

from core import Core
from guest import TaskWord, physical_memory, refuse
from memsrv import Memsrv


class View:
    """The guest while one command looks at it; each part is read when it is asked for."""

    def __init__(self, memory):
        self.memory = memory
        core = gdb.current_progspace().filename
        self.build = os.path.dirname(core) if core else refuse("there are no symbols: make debug loads them")

    @cached_property
    def core(self):
        return Core(self.memory, self.build)

    @cached_property
    def frames(self):
        return self.core.frames()

    @cached_property
    def memsrv(self):
        return Memsrv(self.core, self.build)

    def owners(self):
        """{root of each address space: whose it is}; nothing while memsrv isn't there."""
        try:
            return self.memsrv.roots()
        except gdb.GdbError:
            return {}

    def tasks(self, word):
        """The tasks of that number or name, at least one."""
        found = [task for task in self.memsrv.tasks.values() if word.means(task)]
        return found or refuse(f"there is no task '{word}' (task lists them)")

    def task(self, word):
        found = self.tasks(word)
        if len(found) > 1:
            refuse(f"more than one task is called '{word}': {', '.join(str(task.number) for task in found)}")
        return found[0]

    def running(self):
        """The record of the task that runs; None: memsrv or its worker does."""
        memsrv, frame = self.memsrv, self.core.current()
        if frame is None:
            refuse("nobody runs at the moment: say which task is meant, by its number or name (task lists them)")
        return memsrv.of_frame(frame)


class Command(gdb.Command):
    """A command of ours. Its class says: `name`; `prepare`, what was typed, as values, before physical memory
    is read; `run`, which prints."""

    most = 0  # words that may be typed

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        words = self.words(argument)
        if len(words) > self.most:
            refuse(f"usage: {self.usage()}")
        values = self.prepare(words)
        with physical_memory() as memory:
            lines = list(self.run(View(memory), *values))
        gdb.write("".join(line.rstrip() + "\n" for line in lines))

    def words(self, argument):
        return gdb.string_to_argv(argument)

    def usage(self):
        return self.__doc__.strip().split("\n")[0].split(":")[0].rstrip(".")

    def prepare(self, words):
        """A task, if one was named."""
        return [TaskWord(word) for word in words]
