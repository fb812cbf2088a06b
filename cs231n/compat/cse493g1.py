"""Let ``cse493g1``, the package of CSE 493G1 at the University of Washington, be this one.

That course has the layers and nets of CS231n under a name of its own. After
``import cs231n.compat.cse493g1``, lines such as ``from cse493g1.layers import *`` find the modules
of ``cs231n``.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_loader
from types import ModuleType
from typing import Any

ALIAS = "cse493g1"
PACKAGE = "cs231n"


class _Same(ModuleType):
    """A module that asks another one for every name."""

    def __getattr__(self, name: str) -> Any:
        # With the other's __path__ its files would be imported a second time.
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        target = import_module(_target(self.__name__))
        if name == "__all__" and not hasattr(target, "__all__"):
            return [key for key in vars(target) if not key.startswith("_")]
        return getattr(target, name)


class _Finder(MetaPathFinder, Loader):
    """Finds ``cse493g1.x`` where there is a ``cs231n.x``."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != ALIAS:
            return None
        found = find_spec(_target(fullname))
        if found is None:
            return None
        is_package = found.submodule_search_locations is not None
        return spec_from_loader(fullname, self, is_package=is_package)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Same(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        import_module(_target(module.__name__))


def _target(name: str) -> str:
    return PACKAGE + name.removeprefix(ALIAS)


if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
    # Last, so that a package that is really called so is found first.
    sys.meta_path.append(_Finder())
