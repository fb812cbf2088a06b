"""The compiled extensions, and the instruction set that their kernels use.

They are asked for anew at each use: what is compiled while a notebook runs works at
once, without a restart of its kernel.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

chosen_target: int | None = None
"""The number of an instruction set, so that tests can try each; None is the best."""

_PACKAGE = Path(__file__).parent
# The full names of what is loaded. A module that another thread still imports is in sys.modules.
_loaded: set[str] = set()
# Full name -> when the package's folder had changed last when the extension was not there: to look
# again takes 0.1 ms.
_missing: dict[str, int] = {}

# Threads that wait for work go to sleep within microseconds. By default they keep their cores busy
# for 10 ms (GCC) or 200 ms (Clang) after each layer; NumPy's products want these cores: a training
# step took a quarter longer.
_CALM = {"GOMP_SPINCOUNT": "1000", "KMP_BLOCKTIME": "0"}


def extension(name: str) -> Any:
    """Find an extension module of this package.

    Parameters
    ----------
    name : str
        Such as ``"_kernels"``.

    Returns
    -------
    module or None
        None as long as it is not built.
    """
    full_name = f"{__package__}.{name}"
    if full_name in _loaded:  # a layer asks eight times: this takes 1 us
        module = sys.modules.get(full_name)
        if module is not None:
            return module
    return _load(full_name)


def _load(full_name: str) -> Any:
    """Import an extension; its OpenMP library reads the environment now and never again."""
    changed = os.stat(_PACKAGE).st_mtime_ns
    if _missing.get(full_name) == changed:
        return None
    set_here = {}
    if "OMP_WAIT_POLICY" not in os.environ:
        set_here = {key: value for key, value in _CALM.items() if key not in os.environ}
    os.environ.update(set_here)
    try:
        module = import_module(full_name)
        _loaded.add(full_name)
        return module
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == full_name:
            _missing[full_name] = changed
        return None
    finally:
        for key in set_here:
            os.environ.pop(key, None)


def kernels() -> Any:
    """The module with the kernels behind the fast layers, or None: NumPy takes over."""
    return extension("_kernels")


def target() -> int:
    """The number of the instruction set that the kernels use."""
    if chosen_target is None:
        return kernels().BEST_TARGET
    return chosen_target
