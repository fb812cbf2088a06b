"""What the fast layers ask of an array before a compiled kernel sees it."""

import numpy as np

MAX_PLANS = 1000
COMPILED = frozenset(map(np.dtype, (np.float32, np.float64)))


def floating(name, **arrays):
    """Bring arrays of real numbers to one floating dtype that has at least 32 bits.

    Integers and booleans become float64, float16 becomes float32; otherwise NumPy's
    promotion decides, so that float32 with float32 stays float32.

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
    if (
        len(dtypes) == 1 and dtypes <= COMPILED
    ):  # nothing to convert: what follows takes small layers 0.1 ms
        return tuple(held.values())
    dtype = np.result_type(*held.values())
    if dtype.kind != "f":
        dtype = np.dtype(np.float64)
    elif dtype.itemsize < 4:
        dtype = np.dtype(np.float32)
    dtype = dtype.newbyteorder("=")
    return tuple(value.astype(dtype, copy=False) for value in held.values())


def compiled(dtype):
    """Whether the kernels are written for this dtype; longer floats take the NumPy path."""
    return dtype in COMPILED


def plain(a):
    """The same numbers C-contiguous and aligned, copied only where they are not."""
    return a if a.flags.c_contiguous and a.flags.aligned else np.require(a, requirements="CA")


def check_images(name, x):
    """Raise unless x is a batch of images (N, C, H, W)."""
    if np.ndim(x) != 4:
        raise ValueError(f"{name}: x must have shape (N, C, H, W); got shape {np.shape(x)}.")


def keep_plan(plans, key, plan):
    """Keep what was found out about arguments; the key holds `repr` of a dict of numbers, as 1.0 and True equal 1."""
    if len(plans) >= MAX_PLANS:
        plans.clear()
    plans[key] = plan
