"""Finds loops in Python: their steps grow with the number of examples, unlike array code's."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

EXTRA_STEPS = "extra Python steps"
"""How the names of quantities from `extra_steps` begin."""


def extra_steps(call: Callable[..., object], small: tuple[Any, ...], large: tuple[Any, ...]) -> int:
    """Count the steps of the interpreter that a larger problem costs beyond a smaller one.

    Steps are lines and calls, in every frame below `call`, so that loops, comprehensions, ``map``
    and functions that hide a loop all count. What happens once, such as an import, is over before
    the count begins.

    Parameters
    ----------
    call : callable
    small, large : tuple
        Arguments of `call`.

    Returns
    -------
    steps : int
        0 where the work is done by arrays.
    """
    call(*small)
    call(*large)
    return max(0, _steps(call, large) - _steps(call, small))


def refuse_loops(
    call: Callable[..., object], small: tuple[Any, ...], large: tuple[Any, ...], more: str
) -> None:
    """Raise a `RuntimeError` where a larger problem costs more steps of the interpreter.

    Parameters
    ----------
    call : callable
    small, large : tuple
        Arguments of `call`.
    more : str
        What `large` has more of, for the message: ``"pixels"``.

    Raises
    ------
    RuntimeError
    """
    steps = extra_steps(call, small, large)
    if steps:
        name = getattr(call, "__name__", "the function")
        raise RuntimeError(
            f"{name} loops in Python: more {more} cost {steps:,} more steps; let arrays do it"
        )


def _steps(call: Callable[..., object], arguments: tuple[Any, ...]) -> int:
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event in ("call", "line")
        return trace

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "c_call"

    old_trace = sys.gettrace()
    old_profile = sys.getprofile()
    sys.setprofile(profile)
    sys.settrace(trace)
    try:
        call(*arguments)
    finally:
        sys.settrace(old_trace)
        sys.setprofile(old_profile)
    return count
