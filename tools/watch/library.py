"""The lessons of the tree, and the image file that a lesson runs from: a tar archive with an ISO for each
scene and the atlas of its programs."""

import importlib.util
import json
import tarfile
import tempfile
from pathlib import Path

from .bochs import BochsError
from .program import Program, Programs

TREE = Path(__file__).resolve().parents[2]
ATLAS, FORMAT = "atlas.json", 1


def lessons():
    """All lessons, by number."""
    found = {}
    for path in sorted((TREE / "lessons").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"lessons.{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found[module.lesson.number] = module.lesson
    return dict(sorted(found.items()))


def scenes():
    """All machines that the lessons boot."""
    return [scene for lesson in lessons().values() for scene in lesson.scenes]


class Archive:
    """An image file made by tools/lesson-image."""

    def __init__(self, path):
        self._path = Path(path)
        if not self._path.is_file():
            raise BochsError(f"there is no image file '{path}' (make lesson-image makes build/lessons.tar)")
        self._folder = tempfile.TemporaryDirectory(prefix="handoff-lesson.")
        try:
            with tarfile.open(self._path) as tar:
                for member in tar.getmembers():
                    if not member.isfile() or "/" in member.name:
                        raise BochsError(f"'{path}' is no image file of lessons: it holds '{member.name}'")
                tar.extractall(self._folder.name)
            self._atlas = json.loads(Path(self._folder.name, ATLAS).read_text())
            if not isinstance(self._atlas, dict):
                raise ValueError(ATLAS)
        except (tarfile.TarError, OSError, ValueError) as error:
            raise BochsError(f"'{path}' is no image file of lessons, or lacks its symbols "
                             f"(make lesson-image makes build/lessons.tar)") from error
        if self._atlas.get("format") != FORMAT:
            raise BochsError(f"'{path}' was made by another version of Handoff: make lesson-image")

    def image(self, scene):
        path = Path(self._folder.name, f"{scene.name}.iso")
        if not path.is_file():
            raise BochsError(f"'{self._path}' has no machine '{scene.name}': make lesson-image")
        return path

    def programs(self, scene):
        """What is in a scene's machine."""
        described = self._atlas["programs"]
        wanted = {"core": scene.core} | {name: name for _, name in scene.modules}
        missing = [name for name in wanted.values() if name not in described]
        if missing:
            raise BochsError(f"'{self._path}' has no symbols of {missing[0]}: make lesson-image")
        return Programs({name: Program(name, described[file]) for name, file in wanted.items()},
                        self._atlas["sources"])

    def close(self):
        self._folder.cleanup()
