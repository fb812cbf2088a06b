"""Modules that come with a question, for those of its cases that may use them: no file holds them.

An exercise is asked where the modules are missing that would be its answer. What is asked of the
same process later, when that exercise is answered, may need them.
"""

import marshal
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

import numpy as np


def pack_modules(sources: dict[str, Path]) -> dict[str, np.ndarray]:
    """Make modules ready to be sent to an interpreter of the same version.

    Parameters
    ----------
    sources : dict of str -> path
        By the full name of the module, its file.

    Returns
    -------
    modules : dict of str -> ndarray of uint8
    """
    modules = {}
    for name, path in sources.items():
        code = compile(path.read_bytes(), f"{name.replace('.', '/')}.py", "exec")
        modules[name] = np.frombuffer(marshal.dumps(code), np.uint8)
    return modules


def install(modules: dict[str, np.ndarray]) -> None:
    """Let these modules be imported from now on, where no file has their names.

    Parameters
    ----------
    modules : dict of str -> ndarray of uint8
        As `pack_modules` gives them. Only who asks may have made them: they are run as they come.
    """
    sys.meta_path.append(_SentModules(modules))


class _SentModules(MetaPathFinder, Loader):
    def __init__(self, modules: dict[str, np.ndarray]) -> None:
        self.modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find what was sent; leave all others to the next finder."""
        return spec_from_loader(fullname, self) if fullname in self.modules else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the code of a module."""
        exec(marshal.loads(self.modules[module.__name__].tobytes()), module.__dict__)
