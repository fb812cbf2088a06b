"""The state of a training run as named arrays, so that it fits into one ``.npz`` file."""

import json
from typing import NamedTuple

import numpy as np

_FORMAT = 1
_NUMBERS = ("epoch", "iteration", "best_val_acc")
_HISTORIES = ("loss_history", "train_acc_history", "val_acc_history")


class RunState(NamedTuple):
    """Everything that a `Solver` needs to go on as if it had never stopped."""

    settings: dict  # what the Solver must have in common with the one that saved
    epoch: int
    iteration: int
    best_val_acc: float
    loss_history: list
    train_acc_history: list
    val_acc_history: list
    model: dict  # name -> array, see `checkpoint.model_state`
    best: dict  # the same for the best parameters, empty before the first measurement
    optim: dict  # parameter name -> configuration of its update rule
    generators: dict  # name -> state of the bit generator


def to_arrays(state):
    """Turn a run into named arrays of numbers; what is not an array goes into JSON notes.

    Parameters
    ----------
    state : RunState
        The run.

    Returns
    -------
    arrays : dict of str to ndarray
        For `checkpoint.save_params`.

    Raises
    ------
    TypeError
        If an update rule keeps a value that is neither an array nor plain.
    """
    arrays = {name: np.array(getattr(state, name), dtype=np.float64) for name in _HISTORIES}
    groups = {"model": state.model, "best": state.best}
    scalars = {}
    for name, config in state.optim.items():
        groups[f"optim/{name}"] = {key: v for key, v in config.items() if isinstance(v, np.ndarray)}
        scalars[name] = {key: v for key, v in config.items() if not isinstance(v, np.ndarray)}
    for prefix, group in groups.items():
        arrays.update({f"{prefix}/{name}": value for name, value in group.items()})
    notes = {
        "format": _FORMAT,
        "settings": state.settings,
        "optim": scalars,
        "generators": state.generators,
    }
    notes |= {name: getattr(state, name) for name in _NUMBERS}
    text = json.dumps(notes, default=_plain).encode()
    return arrays | {"notes": np.frombuffer(text, dtype=np.uint8)}


def from_arrays(arrays):
    """Turn the arrays of `to_arrays` into a run again.

    Parameters
    ----------
    arrays : dict of str to ndarray
        From `checkpoint.load_params`.

    Returns
    -------
    state : RunState
        The run.

    Raises
    ------
    ValueError
        If these are not the arrays of a run, or of a newer format.
    """
    try:
        notes = json.loads(arrays["notes"].tobytes())
        if notes["format"] != _FORMAT:
            raise ValueError(f"checkpoint format {notes['format']!r} is unknown")
        return RunState(
            settings=dict(notes["settings"]),
            **{name: notes[name] + 0 for name in _NUMBERS},
            **{name: arrays[name].tolist() for name in _HISTORIES},
            model=_group(arrays, "model/"),
            best=_group(arrays, "best/"),
            optim={
                name: kept | _group(arrays, f"optim/{name}/")
                for name, kept in notes["optim"].items()
            },
            generators=dict(notes["generators"]),
        )
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError("it is not a checkpoint of a Solver") from error


def _group(arrays, prefix):
    return {name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)}


def _plain(value):
    """NumPy scalars and arrays (inside the states of generators) as plain Python values."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"save_checkpoint: cannot keep a value of type {type(value).__name__}.")
