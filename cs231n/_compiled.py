"""The compiled extensions, and the instruction set that their kernels use.

They are asked for anew at each use: what is compiled while a notebook runs works at
once, without a restart of its kernel.
"""

import sys
from importlib import import_module

chosen_target = None  # the number of an instruction set, so that tests can try each; None is the best


def extension(name):
    """The extension module of this name, or None as long as it is not built."""
    full_name = f"{__package__}.{name}"
    try:
        return sys.modules.get(full_name) or import_module(full_name)  # a layer asks eight times, 1 us each
    except ImportError:
        return None


def kernels():
    """The kernels behind the fast layers, or None: NumPy takes over."""
    return extension("_kernels")


def target():
    """The number of the instruction set that the kernels use."""
    return kernels().BEST_TARGET if chosen_target is None else chosen_target
