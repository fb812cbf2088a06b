"""What the fast layers ask of an array before a compiled kernel sees it."""

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

MAX_PLANS = 1000
COMPILED = frozenset((np.dtype(np.float32), np.dtype(np.float64)))


def floating(name: str, **arrays: ArrayLike) -> tuple[np.ndarray, ...]:
    """Bring arrays of real numbers to one floating dtype that has at least 32 bits.

    Integers and booleans become float64, float16 becomes float32; otherwise NumPy's
    promotion decides, so that float32 with float32 stays float32.

    Parameters
    ----------
    name : str
        The calling function, for error messages.
    **arrays : array_like of any shape
        By the names that error messages use.

    Returns
    -------
    arrays : tuple of ndarray of the same shapes
        In the same order.

    Raises
    ------
    TypeError
        When an array holds something that is not a real number.
    """
    held = {key: np.asarray(value) for key, value in arrays.items()}
    dtypes = {value.dtype for value in held.values()}
    for key, value in held.items():
        if value.dtype.kind not in "fiub":
            raise TypeError(
                f"{name}: {key} must hold real numbers; got dtype {value.dtype}. Convert it first."
            )
    if len(dtypes) == 1 and dtypes <= COMPILED:
        return tuple(held.values())  # nothing to convert: what follows takes small layers 0.1 ms
    dtype = np.result_type(*held.values())
    if dtype.kind != "f":
        dtype = np.dtype(np.float64)
    elif dtype.itemsize < 4:
        dtype = np.dtype(np.float32)
    dtype = dtype.newbyteorder("=")
    return tuple(value.astype(dtype, copy=False) for value in held.values())


def compiled(dtype: np.dtype) -> bool:
    """Whether the kernels are written for this dtype; longer floats take the NumPy path."""
    return dtype in COMPILED


def plain(a: np.ndarray) -> np.ndarray:
    """The same numbers C-contiguous and aligned, copied only where they are not."""
    if a.flags.c_contiguous and a.flags.aligned:
        return a
    return np.require(a, requirements=("C", "A"))


def keep_plan(plans: dict[Hashable, Any], key: Hashable, plan: Any) -> None:
    """Keep what was found out about arguments, for the next call with the same ones.

    Parameters
    ----------
    plans : dict
        The plans of one kind of layer; it is emptied when there are `MAX_PLANS`.
    key : hashable
        Parameters stand in it as their `repr`, because 1.0 and True equal 1.
    plan : object
    """
    if len(plans) >= MAX_PLANS:
        plans.clear()
    plans[key] = plan
