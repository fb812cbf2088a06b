"""The layers, networks and checks of a course on convolutional networks, in plain NumPy."""

from .fast.threads import set_num_threads

__all__ = ["set_num_threads"]

__version__ = "1.1.0"
