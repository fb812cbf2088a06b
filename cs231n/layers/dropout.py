"""Inverted dropout."""

import numpy as np

from ..seeding import random_generator


def dropout_forward(x, dropout_param):
    """Silence each entry with probability 1 - p and scale the others by 1 / p.

    The scaling happens while training, so that the expectation is right and the test-time pass is
    the identity (inverted dropout).

    Parameters
    ----------
    x : ndarray of any shape
    dropout_param : dict
        ``p``: probability of *keeping* an entry, 0 < p <= 1. ``mode``: ``"train"`` or ``"test"``.
        ``seed`` (optional): makes the mask the same in each call, which a numerical gradient needs.
        ``rng`` (optional): a `numpy.random.Generator` to draw from when there is no seed.

    Returns
    -------
    out : ndarray of the shape and floating-point type of x
    cache : tuple
        ``(dropout_param, mask)``; the mask holds 0 and 1 / p, and is None at test time.

    Raises
    ------
    ValueError
        If p or the mode is not one of the above.

    Notes
    -----
    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting" (2014).
    """
    p = dropout_param.get("p")
    mode = dropout_param.get("mode")
    if p is None or not 0 < p <= 1:
        raise ValueError(
            f"dropout_forward: p is the probability of keeping an entry, 0 < p <= 1; got {p!r}."
        )
    if mode not in ("train", "test"):
        raise ValueError(f"dropout_forward: mode must be 'train' or 'test'; got {mode!r}.")
    seed = dropout_param.get("seed")
    source = dropout_param.get("rng") if seed is None else seed
    rng = random_generator(source)
    dtype = np.result_type(x, np.float16)
    mask = None
    if mode == "train":
        ### BEGIN SOLUTION
        mask = ((rng.random(x.shape) < p) / p).astype(dtype)
        out = x * mask
        ### END SOLUTION
    else:
        ### BEGIN SOLUTION
        out = x.astype(dtype)
        ### END SOLUTION
    return out, (dropout_param, mask)


def dropout_backward(dout, cache):
    """Send the gradient back through `dropout_forward`.

    Parameters
    ----------
    dout : ndarray of any shape
        Upstream gradient.
    cache : tuple
        ``(dropout_param, mask)`` from the forward pass.

    Returns
    -------
    dx : ndarray of the shape of dout
    """
    dropout_param, mask = cache
    if dropout_param["mode"] == "train":
        ### BEGIN SOLUTION
        dx = dout * mask
        ### END SOLUTION
    else:
        ### BEGIN SOLUTION
        dx = dout
        ### END SOLUTION
    return dx
