"""Keeps modules away while an exercise runs: ready-made answers, and libraries of one's own.

The sandbox of the judge does not hold their files. Here, where a student checks what is on disk, an
import of one of them ends with a sentence that says why. So nobody passes at home with an import
that costs all points later.
"""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

ALLOWED = sys.stdlib_module_names | {"numpy", "scipy", "cs231n"}
"""frozenset of str : what can be imported where submissions are graded. Other libraries cannot."""


@contextlib.contextmanager
def block_imports(names: Sequence[str]) -> Iterator[None]:
    """Let nothing in the block import these modules, nor a library that is not `ALLOWED`.

    Modules that were imported before are as if they had not been.

    Parameters
    ----------
    names : sequence of str
        Each also stands for what lies below it.
    """
    finder = _BlockingFinder(names)
    hidden = {}
    if names:
        for name in list(sys.modules):
            if finder.blocks(name):
                hidden[name] = sys.modules.pop(name)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path[:] = [other for other in sys.meta_path if other is not finder]
        sys.modules.update(hidden)


class _BlockingFinder(MetaPathFinder):
    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)
        self.prefixes = tuple(f"{name}." for name in names)

    def blocks(self, module: str) -> bool:
        return module in self.names or module.startswith(self.prefixes)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Raise for a module that is not there; leave all others to the next finder."""
        if self.blocks(fullname):
            raise ModuleNotFoundError(
                f"{fullname} is not there in this exercise: "
                "the task is to write it with NumPy alone",
                name=fullname,
            )
        if fullname.partition(".")[0] not in ALLOWED and _is_library(fullname):
            raise ModuleNotFoundError(
                f"{fullname} is not there where this is graded; "
                "import it in the notebook, and here only NumPy and SciPy",
                name=fullname,
            )


def _is_library(name: str) -> bool:
    """Whether a module was installed, and is neither part of Python nor a file of one's own."""
    spec = PathFinder.find_spec(name)
    if spec is None:
        return False
    places = [spec.origin or "", *(spec.submodule_search_locations or ())]
    return any({"site-packages", "dist-packages"} & set(Path(place).parts) for place in places)
