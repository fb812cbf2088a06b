"""Modules that are not there while an exercise runs: those that would be the whole answer, and libraries of one's own.

The sandbox of the judge does not hold their files. Here, where a student checks what is on disk, an import of one
of them ends with a sentence that says why. So nobody passes at home with an import that costs all points later.
"""

import contextlib
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from pathlib import Path

FRAMEWORKS = (
    "scipy",
    "torch",
    "tensorflow",
    "keras",
    "jax",
    "cv2",
    "skimage",
    "sklearn",
    "numba",
    "cupy",
)
"""Libraries with ready-made convolutions and poolings."""

FAST_LAYERS = (
    "cs231n.fast_layers",
    "cs231n.im2col",
    "cs231n.im2col_cython",
    "cs231n.fast.conv",
    "cs231n.fast.conv_numpy",
    "cs231n.fast.im2col_compiled",
    "cs231n.fast.pool",
    "cs231n.fast.pool_numpy",
    "cs231n.fast._im2col",
    "cs231n.fast._kernels",
)
"""The package's own."""

THERE = sys.stdlib_module_names | {"numpy", "scipy", "cs231n"}
"""frozenset of str : what can be imported where hand-ins are graded. Other libraries cannot."""


@contextlib.contextmanager
def modules(names):
    """Let nothing in the block import these modules, whether they were imported before or not, nor a library not `THERE`.

    Parameters
    ----------
    names : sequence of str
        Each also stands for what lies below it.
    """
    finder = _Absent(names)
    before = (
        {name: sys.modules.pop(name) for name in list(sys.modules) if finder.hides(name)}
        if names
        else {}
    )
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path[:] = [other for other in sys.meta_path if other is not finder]
        sys.modules.update(before)


class _Absent(MetaPathFinder):
    def __init__(self, names):
        self.names = frozenset(names)
        self.below = tuple(f"{name}." for name in names)

    def hides(self, module):
        return module in self.names or module.startswith(self.below)

    def find_spec(self, fullname, path=None, target=None):
        """Raise for a module that is not there; leave all others to the next finder."""
        if self.hides(fullname):
            text = f"{fullname} is not there in this exercise: the task is to write it with NumPy alone"
            raise ModuleNotFoundError(text, name=fullname)
        if fullname.partition(".")[0] not in THERE and _is_library(fullname):
            text = f"{fullname} is not there where this is graded; import it in the notebook, and here only NumPy and SciPy"
            raise ModuleNotFoundError(text, name=fullname)
        return None


def _is_library(name):
    """Whether a module was installed, and is neither part of Python nor a file of one's own."""
    spec = PathFinder.find_spec(name)
    places = (spec.origin or "", *(spec.submodule_search_locations or ())) if spec else ()
    return any({"site-packages", "dist-packages"} & set(Path(place).parts) for place in places)
