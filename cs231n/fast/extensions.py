"""The compiled extensions, and the instruction set that their kernels use.

They are asked for anew at each use: what is compiled while a notebook runs works at
once, without a restart of its kernel.
"""

import os
import sys
from importlib import import_module

_FOLDER = os.path.dirname(__file__)
chosen_target = (
    None  # the number of an instruction set, so that tests can try each; None is the best
)

_loaded = (
    set()
)  # their full names; a module that another thread still imports is in sys.modules already
_missing = {}  # full name -> when this folder had changed last when it was not there: to look again takes 0.1 ms

# Threads that wait for work go to sleep within microseconds. By default they keep their cores busy for 10 ms (GCC) or
# 200 ms (Clang) after each layer; NumPy's products want these cores: a training step took a quarter longer.
_CALM = {"GOMP_SPINCOUNT": "1000", "KMP_BLOCKTIME": "0"}


def extension(name):
    """The extension module of this name, or None as long as it is not built."""
    full_name = f"{__package__}.{name}"
    return (
        full_name in _loaded and sys.modules.get(full_name) or _load(full_name)
    )  # a layer asks eight times, 1 us each


def _load(full_name):
    """Import an extension; its OpenMP library reads the environment now and never again."""
    changed = os.stat(_FOLDER).st_mtime_ns
    if _missing.get(full_name) == changed:
        return None
    set_here = (
        {}
        if "OMP_WAIT_POLICY" in os.environ
        else {key: _CALM[key] for key in _CALM.keys() - os.environ.keys()}
    )
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


def kernels():
    """The kernels behind the fast layers, or None: NumPy takes over."""
    return extension("_kernels")


def target():
    """The number of the instruction set that the kernels use."""
    return kernels().BEST_TARGET if chosen_target is None else chosen_target
