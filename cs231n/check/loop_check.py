"""Whether a function still loops in Python: its steps grow with the number of examples, those of array code do not."""

import sys

EXTRA_STEPS = "extra Python steps"  # how a quantity from `extra_steps` begins


def extra_steps(call, small, large):
    """Count the steps of the interpreter that a larger problem costs beyond a smaller one.

    Steps are lines and calls, in every frame below `call`, so that loops, comprehensions, ``map`` and functions that
    hide a loop all count. What happens once, such as an import, is over before the count begins.

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


def refuse_loops(call, small, large, more):
    """Raise a `RuntimeError` where a larger problem costs more steps of the interpreter.

    Parameters
    ----------
    call : callable
    small, large : tuple
        Arguments of `call`.
    more : str
        What `large` has more of, for the message: ``"pixels"``.
    """
    steps = extra_steps(call, small, large)
    if steps:
        raise RuntimeError(
            f"{call.__name__} loops in Python: more {more} cost {steps:,} more steps; let arrays do it"
        )


def _steps(call, arguments):
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event in ("call", "line")
        return trace

    def profile(frame, event, argument):
        nonlocal count
        count += event == "c_call"

    before = sys.gettrace(), sys.getprofile()
    sys.setprofile(profile)
    sys.settrace(trace)
    try:
        call(*arguments)
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return count
