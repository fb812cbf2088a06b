"""Numerical gradients by centered differences, and comparisons with analytic ones.

Every function here changes x *in place* while it calls f, and puts it back
afterwards, also when f raises. So f may ignore its argument and read the
same array elsewhere, as in ``lambda _: model.loss(X, y)[0]``.

The step h, unless given, follows the dtype of x: 1e-5 in double precision, and
``eps**(1/3)``, 5e-3, in single precision, times ``max(1, abs(x))`` for large
entries. Steps as long as that jump over the kinks of a ReLU, so single
precision also tries shorter ones and keeps the slope that changes least from
one step to the next. The difference is divided by the step that the dtype
really took. Integer x cannot be moved by a fraction: it is checked on a
float64 copy that f gets as its argument, so there f must use its argument.
"""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ._lazy import old_names

__getattr__ = old_names(__name__)


def rel_error(x: ArrayLike, y: ArrayLike, floor: float = 1e-8) -> float:
    """The largest relative error between two arrays: ``max(|x - y| / max(floor, |x| + |y|))``.

    Equal zeros have error 0. Entries with ``|x| + |y| < floor`` are compared
    absolutely, in units of floor: 1e-9 against 0 gives 0.1, not 1. So at 1e-8,
    the default, gradients far below 1e-8 say nothing; a wrong sign there is not
    seen. Empty arrays have error 0.

    Parameters
    ----------
    x, y : ndarrays of one shape
        What to compare, in any order.
    floor : float
        Where the comparison turns from relative to absolute.

    Returns
    -------
    error : float
        In [0, 1] for finite values (of equal or opposite sign), nan if any value is nan.

    Raises
    ------
    ValueError
        If the shapes differ; nothing is broadcast.
    """
    x = _widened(x)
    y = _widened(y)
    if x.shape != y.shape:
        raise ValueError(
            f"rel_error: the shapes must be equal; got {x.shape} and {y.shape}. "
            "Nothing is broadcast."
        )
    if x.size == 0:
        return 0.0
    return float(np.max(np.abs(x - y) / np.maximum(floor, np.abs(x) + np.abs(y))))


def eval_numerical_gradient(
    f: Callable[[Any], ArrayLike], x: np.ndarray, verbose: bool = True, h: float | None = None
) -> np.ndarray:
    """Compute the numerical gradient of a scalar function, entry by entry.

    Parameters
    ----------
    f : callable
        Takes x, returns a number.
    x : ndarray of any shape
        Where to take the gradient; changed in place and restored.
    verbose : bool
        Print every entry.
    h : float, optional
        Step; see the module for the default.

    Returns
    -------
    grad : ndarray of the shape of x
        The gradient, at least in double precision.

    Raises
    ------
    ValueError
        If x cannot be changed in place, f is not scalar, or h is lost in rounding.
    """
    return _numerical_gradient(f, x, None, h, verbose)


def eval_numerical_gradient_array(
    f: Callable[[Any], ArrayLike], x: np.ndarray, df: ArrayLike, h: float | None = None
) -> np.ndarray:
    """Compute the numerical gradient of ``sum(f(x) * df)`` for a function that returns an array.

    Parameters
    ----------
    f : callable
        Takes x, returns an ndarray.
    x : ndarray of any shape
        Where to take the gradient; changed in place and restored.
    df : ndarray of the shape of f(x)
        Upstream gradient.
    h : float, optional
        Step; see the module for the default.

    Returns
    -------
    grad : ndarray of the shape of x
        The gradient, at least in double precision.

    Raises
    ------
    ValueError
        If x cannot be changed in place, the shapes of f(x) and df differ, or
        h is lost in rounding.
    """
    return _numerical_gradient(f, x, _widened(df), h, False)


class SparseCheck(NamedTuple):
    """One entry compared by `grad_check_sparse`."""

    index: tuple[int, ...]  # type: ignore[assignment]
    numerical: float
    analytic: float
    error: float


def grad_check_sparse(
    f: Callable[[Any], ArrayLike],
    x: np.ndarray,
    analytic_grad: np.ndarray,
    num_checks: int = 10,
    h: float | None = None,
    rng: np.random.Generator | int = 0,
    verbose: bool = True,
) -> list[SparseCheck]:
    """Compare an analytic gradient with the numerical one at random entries.

    Parameters
    ----------
    f : callable
        Takes x, returns a number.
    x : ndarray of any shape
        Where to take the gradient; changed in place and restored.
    analytic_grad : ndarray of the shape of x
        What to check.
    num_checks : int
        How many entries to draw (with replacement).
    h : float, optional
        Step; see the module for the default.
    rng : numpy.random.Generator or int
        Source of the entries; the default draws the same ones every time.
    verbose : bool
        Print one line per entry.

    Returns
    -------
    checks : list of SparseCheck
        ``(index, numerical, analytic, error)`` per entry. The error is
        ``|a - b| / (|a| + |b|)``, and 0 where both are 0.
    """
    target = _perturbable(x)
    analytic_grad = _same_shape("grad_check_sparse", analytic_grad, target)
    rng = np.random.default_rng(rng)
    checks: list[SparseCheck] = []
    if target.size == 0:
        return checks
    for _ in range(num_checks):
        index = tuple(int(rng.integers(m)) for m in target.shape)
        numerical = float(_slope(f, target, index, None, h))
        analytic = float(analytic_grad[index])
        scale = abs(numerical) + abs(analytic)
        error = 0.0
        if scale:
            error = abs(numerical - analytic) / scale
        checks.append(SparseCheck(index, numerical, analytic, error))
        if verbose:
            print(f"numerical: {numerical:f} analytic: {analytic:f}, relative error: {error:e}")
    return checks


def check_gradient(
    f: Callable[[Any], ArrayLike],
    x: np.ndarray,
    analytic: np.ndarray,
    dout: ArrayLike | None = None,
    num_directions: int = 4,
    h: float | None = None,
    rng: np.random.Generator | int = 0,
) -> float:
    """Compare an analytic gradient with numerical slopes along random directions.

    For a direction v with normal entries, the slope of f along v is compared
    with ``sum(analytic * v)``. That takes 20 calls of f, whatever the size of
    x, and sees an error in any entry. The stencil is of fourth order, so smooth
    functions agree to about 1e-11 in double precision; of several steps the one
    with the steadiest slope counts, which keeps clear of kinks.

    Parameters
    ----------
    f : callable
        Takes x, returns a number, or an ndarray if dout is given.
    x : ndarray of any shape
        Where to take the gradient; changed in place and restored.
    analytic : ndarray of the shape of x
        What to check.
    dout : ndarray of the shape of f(x), optional
        Upstream gradient; then ``sum(f(x) * dout)`` is differentiated.
    num_directions : int
        How many directions to try.
    h : float, optional
        The one step to use; by default steps from ``eps**0.2``, 7e-4 in double precision,
        downwards.
    rng : numpy.random.Generator or int
        Source of the directions; the default draws the same ones every time.

    Returns
    -------
    error : float
        The largest ``|numerical - analytic slope| / max(|analytic|_2, |numerical|)``;
        the norm keeps directions that happen to be orthogonal from counting
        double. 0 if everything is 0 or x is empty.

    Raises
    ------
    ValueError
        If the shapes do not fit or x cannot be changed in place.
    """
    target = _perturbable(x)
    analytic = _same_shape("check_gradient", analytic, target)
    if dout is not None:
        dout = _widened(dout)
    if target.size == 0:
        return 0.0
    rng = np.random.default_rng(rng)
    longest = float(np.finfo(target.dtype).eps) ** 0.2  # where rounding and h**4 balance
    norm = float(np.linalg.norm(analytic.astype(np.float64)))
    worst = 0.0
    for _ in range(num_directions):
        v = rng.standard_normal(target.shape)
        estimate = partial(_rise_along, f, target, v, dout)
        if h is None:
            rise, move, _ = _steadiest(estimate, longest, 4)
        else:
            rise, move, _ = estimate(h)
        slope = float(np.sum(analytic * move))
        scale = max(norm, abs(rise))
        if scale:
            worst = max(worst, abs(rise - slope) / scale)
    return worst


def _numerical_gradient(
    f: Callable[[Any], ArrayLike],
    x: np.ndarray,
    dout: np.ndarray | None,
    h: float | None,
    verbose: bool,
) -> np.ndarray:
    target = _perturbable(x)
    grad = np.zeros(target.shape, dtype=np.result_type(target.dtype, np.float64))
    for index in np.ndindex(target.shape):
        grad[index] = _slope(f, target, index, dout, h)
        if verbose:
            print(index, grad[index])
    if target is not x and target.size and not grad.any():
        warnings.warn(
            "gradient_check: x is not a floating array, so f was given a float64 copy; the "
            "gradient is zero everywhere. If f reads x from elsewhere, pass a float x.",
            RuntimeWarning,
            stacklevel=3,
        )
    return grad


def _slope(
    f: Callable[[Any], ArrayLike],
    x: np.ndarray,
    index: tuple[int, ...],
    dout: np.ndarray | None,
    h: float | None,
) -> Any:
    """The slope of f at one entry, with the step h or the one that suits the dtype."""
    if h is not None:
        return _slope_at(f, x, index, dout, h)
    step = _default_step(x.dtype) * max(1.0, abs(float(x[index])))
    if x.dtype.itemsize >= 8:
        return _slope_at(f, x, index, dout, step)

    def estimate(step: float) -> tuple:
        return _slope_at(f, x, index, dout, step), 0.0

    slope, _ = _steadiest(estimate, step, 3)
    return slope


def _steadiest(estimate: Callable[[float], tuple], h: float, levels: int) -> tuple:
    """Shorten the step 8-fold `levels` times; keep the estimate whose first part is steadiest.

    The last part of an estimate is what rounding may have added to it, which grows as the step
    shrinks: two short steps that agree by chance must not win over two long ones.
    """
    previous = estimate(h)
    best: tuple = ()
    best_gap = np.inf
    for _ in range(levels):
        h /= 8
        current = estimate(h)
        gap = max(abs(current[0] - previous[0]), current[-1])
        if not best or gap < best_gap:
            best = previous
            best_gap = gap
        previous = current
    return best


def _slope_at(
    f: Callable[[Any], ArrayLike],
    x: np.ndarray,
    index: tuple[int, ...],
    dout: np.ndarray | None,
    step: float,
) -> Any:
    old = x[index]
    wide = np.result_type(x.dtype, np.float64).type
    try:
        x[index] = old + step
        up = wide(x[index])
        f_up = _value(f(x), dout)
        x[index] = old - step
        down = wide(x[index])
        f_down = _value(f(x), dout)
    finally:
        x[index] = old
    if up == down:
        raise ValueError(
            f"gradient_check: step h = {step:g} is lost in rounding at index {index}, "
            f"where x = {float(old):g} ({x.dtype}). Leave h out, or use a larger one."
        )
    difference = f_up - f_down
    if dout is not None:
        difference = np.sum(difference * dout)
    return difference / (up - down)


def _rise_along(
    f: Callable[[Any], ArrayLike],
    x: np.ndarray,
    v: np.ndarray,
    dout: np.ndarray | None,
    h: float,
) -> tuple[float, np.ndarray, float]:
    """The slope of f along v by a difference of fourth order.

    With it come the same difference of x itself, which is what rounding left of v, and what
    rounding of f may have added to the slope.
    """
    stencil = ((1, 8 / (12 * h)), (-1, -8 / (12 * h)), (2, -1 / (12 * h)), (-2, 1 / (12 * h)))
    saved = x.copy()
    rise: Any = 0.0
    move: Any = 0.0
    size = 0.0
    try:
        for k, weight in stencil:
            x[...] = saved + (k * h) * v
            moved = _widened(x) - saved
            value = _value(f(x), dout)
            if dout is not None:
                value = value * dout
            rise = rise + weight * value
            move = move + weight * moved
            size = size + abs(weight) * float(np.sum(np.abs(value)))
    finally:
        x[...] = saved
    return float(np.sum(rise)), move, size * float(np.finfo(x.dtype).eps)


def _default_step(dtype: np.dtype) -> float:
    if dtype == np.float64:
        return 1e-5
    return float(np.finfo(dtype).eps) ** (1 / 3)


def _value(result: ArrayLike, dout: np.ndarray | None) -> np.ndarray:
    """What f returned, at least in double precision; its shape must be that of dout."""
    value = np.array(result, dtype=np.result_type(np.asarray(result).dtype, np.float64))
    if dout is None:
        if value.size != 1:
            raise ValueError(
                f"gradient_check: f must return one number; got an array of shape {value.shape}."
            )
        return value.reshape(())
    if value.shape != dout.shape:
        raise ValueError(
            f"gradient_check: f(x) has shape {value.shape} but its upstream gradient has "
            f"{dout.shape}."
        )
    return value


def _perturbable(x: ArrayLike) -> np.ndarray:
    """x itself if it can be changed in place by a fraction, a float64 copy if it holds integers."""
    if not isinstance(x, np.ndarray) or x.dtype.kind in "iub":
        x = np.array(x, dtype=np.float64)
    if x.dtype.kind != "f":
        raise ValueError(f"gradient_check: x must hold real numbers; got dtype {x.dtype}.")
    if not x.flags.writeable:
        raise ValueError("gradient_check: x is read-only but is changed in place; pass x.copy().")
    return x


def _same_shape(where: str, grad: ArrayLike, x: np.ndarray) -> np.ndarray:
    grad = _widened(grad)
    if grad.shape != x.shape:
        raise ValueError(
            f"{where}: the gradient must have the shape of x, {x.shape}; got {grad.shape}."
        )
    return grad


def _widened(x: ArrayLike) -> np.ndarray:
    x = np.asarray(x)
    return x.astype(np.result_type(x.dtype, np.float64))
