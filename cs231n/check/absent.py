"""Modules that are not there while an exercise runs, because calling them would be the whole answer.

The sandbox of the judge does not hold their files. Here, where a student checks what is on disk, an import of one
of them ends with a sentence that says why.
"""

import contextlib
import sys
from importlib.abc import MetaPathFinder

FRAMEWORKS = ("scipy", "torch", "tensorflow", "keras", "jax", "cv2", "skimage", "sklearn", "numba", "cupy")
"""Libraries with ready-made convolutions and poolings."""

FAST_LAYERS = (
    "cs231n.fast_layers", "cs231n.im2col", "cs231n.im2col_cython", "cs231n._conv_fast", "cs231n._conv_ladder",
    "cs231n._pool_fast", "cs231n._pool_ladder", "cs231n._im2col", "cs231n._kernels",
)
"""The package's own."""


@contextlib.contextmanager
def modules(names, exercise):
    """Let nothing in the block import these modules, whether they were imported before or not.

    Parameters
    ----------
    names : sequence of str
        Each also stands for what lies below it.
    exercise : str
        The id of the exercise, for the message.
    """
    if not names:
        yield
        return
    finder = _Absent(names, exercise)
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if finder.hides(name)}
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path[:] = [other for other in sys.meta_path if other is not finder]
        sys.modules.update(before)


class _Absent(MetaPathFinder):
    def __init__(self, names, exercise):
        self.names, self.exercise = frozenset(names), exercise
        self.below = tuple(f"{name}." for name in names)

    def hides(self, module):
        return module in self.names or module.startswith(self.below)

    def find_spec(self, fullname, path=None, target=None):
        """Raise for a hidden module; leave all others to the next finder."""
        if self.hides(fullname):
            text = f"{fullname} is not there in {self.exercise}: the task is to write it with NumPy alone"
            raise ModuleNotFoundError(text, name=fullname)
        return None
