"""The affine (fully connected) layer."""

import numpy as np

from ._validate import require_shape


def affine_forward(x, w, b):
    """Compute ``out = x w + b``, each example of x flattened to a row.

    Parameters
    ----------
    x : ndarray of shape (N, d1, ..., dk)
        N examples with D = d1 * ... * dk features each.
    w : ndarray of shape (D, M)
        Weights.
    b : ndarray of shape (M,)
        Biases.

    Returns
    -------
    out : ndarray of shape (N, M)
        The outputs.
    cache : tuple
        ``(x, w, b)``, for the backward pass.

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    """
    _check_shapes(x, w, b)
    ### BEGIN SOLUTION
    out = x.reshape(x.shape[0], w.shape[0]) @ w + b
    ### END SOLUTION
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    """Push the upstream gradient through ``out = x w + b``.

    Parameters
    ----------
    dout : ndarray of shape (N, M)
        Gradient of the loss with respect to out.
    cache : tuple
        ``(x, w, b)`` from `affine_forward`.

    Returns
    -------
    dx : ndarray of shape (N, d1, ..., dk)
        Gradient with respect to x, in the shape of x.
    dw : ndarray of shape (D, M)
        Gradient with respect to w.
    db : ndarray of shape (M,)
        Gradient with respect to b.

    Raises
    ------
    ValueError
        If dout does not have the shape of out.
    """
    x, w, _ = cache
    require_shape("affine_backward", "dout", dout, (x.shape[0], w.shape[1]))
    ### BEGIN SOLUTION
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], w.shape[0]).T @ dout
    db = dout.sum(axis=0)
    ### END SOLUTION
    return dx, dw, db


def _check_shapes(x, w, b):
    if np.ndim(x) < 2 or np.ndim(w) != 2:
        raise ValueError(
            f"affine_forward: x needs at least two axes (N, d1, ...) and w exactly two (D, M); "
            f"got x of shape {np.shape(x)} and w of shape {np.shape(w)}."
        )
    D = int(np.prod(x.shape[1:]))
    if D != w.shape[0]:
        raise ValueError(
            f"affine_forward: each example has {D} features but w has {w.shape[0]} rows; "
            f"got x of shape {x.shape} and w of shape {w.shape}. Give w the shape ({D}, M)."
        )
    require_shape("affine_forward", "b", b, (w.shape[1],))
