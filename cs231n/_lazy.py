"""Re-export names from submodules without importing them first (PEP 562).

Students edit the submodules. A file that does not even parse must break its
own names only, so a package imports a submodule when one of its names is
asked for, and not before.
"""

import sys
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from .compat.names import OLD_NAMES, STARS


def lazy_names(
    package: str, table: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Build the ``__getattr__`` and ``__dir__`` of a package of editable files.

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    table : dict of str to tuple of str
        Submodule name to the public names that it holds.

    Returns
    -------
    getattr_, dir_ : callables
        To be bound to ``__getattr__`` and ``__dir__`` in the package. Nothing
        is stored in the package, so a reloaded submodule is seen at once.
        ``__all__`` leaves out the names of submodules that cannot be
        imported, with a warning that says why.
    """
    home = {}
    for module, names in table.items():
        home.update(dict.fromkeys(names, module))

    def getattr_(name: str) -> Any:
        if name == "__all__":
            return _importable(package, table)
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{home[name]}"), name)

    def dir_() -> list[str]:
        return sorted(home)

    return getattr_, dir_


def _importable(package: str, table: Mapping[str, tuple[str, ...]]) -> list[str]:
    names: list[str] = []
    for module, own in table.items():
        try:
            loaded = import_module(f"{package}.{module}")
        except Exception as error:  # whatever a half-written file raises
            warnings.warn(
                f"{package}: {module}.py cannot be imported ({type(error).__name__}: {error}); "
                f"left out: {', '.join(own)}.",
                RuntimeWarning,
                stacklevel=3,
            )
            continue
        names += [name for name in own if hasattr(loaded, name)]
    return sorted(names)


def old_names(module: str) -> Callable[[str], Any]:
    """Build the ``__getattr__`` of a module that notebooks ask for more than it holds.

    The names are those of `cs231n.compat.names`. They are looked up when somebody asks, so the
    module itself imports nothing for them.

    Parameters
    ----------
    module : str
        The module's ``__name__``.

    Returns
    -------
    getattr_ : callable
        To be bound to ``__getattr__`` in the module. ``__all__`` holds the module's own public
        names, the old ones, and those that the original module brought with a star.
    """
    home = {}
    for file, names in OLD_NAMES.get(module, {}).items():
        home.update(dict.fromkeys(names, f"cs231n.compat.{file}"))

    def getattr_(name: str) -> Any:
        if name == "__all__":
            return sorted({*_public_names(sys.modules[module]), *home, *_brought(module)})
        if name in home:
            return getattr(import_module(home[name]), name)
        if not name.startswith("_"):
            for source in map(import_module, STARS.get(module, ())):
                if hasattr(source, name):
                    return getattr(source, name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return getattr_


def _public_names(module: ModuleType) -> list[str]:
    """The names of a module without ``__all__``, as a star takes them, but for the tools here."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) != __name__
    ]


def _brought(module: str) -> set[str]:
    names: set[str] = set()
    for source in STARS.get(module, ()):
        names.update(import_module(source).__all__)
    return names
