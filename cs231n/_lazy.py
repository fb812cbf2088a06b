"""Re-export names from submodules without importing them first (PEP 562).

Students edit the submodules. A file that does not even parse must break its
own names only, so a package imports a submodule when one of its names is
asked for, and not before.
"""

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


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
