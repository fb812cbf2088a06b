"""Saved state in ``.npz`` files: weights, and whole training runs.

A file from somebody else can lie. `load_params` looks at the names, sizes and headers of all
members before it reads one, so a file that is cut short, that would unpack to more than the
limit, or that holds Python objects costs no memory and runs no code.
"""

import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from .atomic import atomic_write

MAX_BYTES = 256 * 1024**2
_MAX_MEMBERS = 4096
# What the zip reader raises for a damaged file; NotImplementedError is a RuntimeError.
_NPZ_MISTAKES = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)
_SCORE = b"score="
_RUNNING = ("running_mean", "running_var")
_RUN_FORMAT = 1
_RUN_NUMBERS = ("epoch", "iteration", "best_val_acc")
_RUN_HISTORIES = ("loss_history", "train_acc_history", "val_acc_history")

Arrays = dict[str, np.ndarray]


class RunState(NamedTuple):
    """Everything that a `Solver` needs to go on as if it had never stopped."""

    settings: dict  # what the Solver must have in common with the one that saved
    epoch: int
    iteration: int
    best_val_acc: float
    loss_history: list[float]
    train_acc_history: list[float]
    val_acc_history: list[float]
    model: Arrays  # see `model_state`
    best: Arrays  # the same for the best parameters, empty before the first measurement
    optim: dict[str, dict]  # parameter name -> configuration of its update rule
    generators: dict[str, Any]  # name -> state of the bit generator


def save_params(
    path: str | os.PathLike,
    params: Mapping[str, np.ndarray],
    score: float | None = None,
    replace: bool = False,
) -> None:
    """Save named arrays, for example ``model.params``, as one ``.npz`` file.

    The file appears whole or not at all: if writing fails, an older file of that name stays as it
    was. Its folder is made if it is missing.

    Parameters
    ----------
    path : path-like
        Where to write, exactly this name.
    params : dict of str to ndarray
        Arrays of numbers or booleans.
    score : float, optional
        How good they are, such as the validation accuracy; higher is better. It is kept with the
        file. Where the file that is there has a higher one, that file stays and a line says so.
    replace : bool
        Write in any case. Otherwise arrays that hold nan or inf replace no file either.

    Raises
    ------
    ValueError
        If a value is not an array of numbers, or a name cannot be kept.
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    arrays = {name: _numbers(name, value) for name, value in params.items()}
    why = "" if replace else _why_to_keep(path, score)
    name = not_finite(arrays)
    if name:
        print(f"{name} holds nan or inf: training diverged. Train again at a lower learning rate.")
        if path.is_file() and not replace:
            why = "the new weights are not finite"
    if why:
        print(f"{path} stays as it is: {why}. With replace=True, save_params writes all the same.")
        return
    save_arrays(path, arrays, score)


def _why_to_keep(path: Path, score: float | None) -> str:
    """Say why weights with this score should not replace a file; "" where nothing is known."""
    before = saved_score(path)
    if score is None or before is None or score >= before:
        return ""
    return f"its score is {before:.4g}, that of the new weights {score:.4g}"


def save_arrays(
    path: str | os.PathLike, arrays: Mapping[str, np.ndarray], score: float | None = None
) -> None:
    """Write arrays as `save_params` does, whatever numbers they hold and whatever is there.

    Parameters
    ----------
    path : path-like
    arrays : dict of str to ndarray
    score : float, optional
        Kept as the comment of the archive, which no reader of arrays looks at.
    """
    path = Path(path)
    checked = {name: _numbers(name, value) for name, value in arrays.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as stream:
        _write_npz(stream, checked, score)


def saved_score(path: str | os.PathLike) -> float | None:
    """Return the score that `save_params` kept with a file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    score : float or None
        None where there is no such file, or none with a score.
    """
    path = Path(path)
    if not path.is_file():
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            comment = archive.comment
        return float(comment.removeprefix(_SCORE)) if comment.startswith(_SCORE) else None
    except (*_NPZ_MISTAKES, ValueError):
        return None


def not_finite(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the name of the first array that holds nan or inf; "" if none does.

    Parameters
    ----------
    arrays : dict of str to ndarray
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            return name
    return ""


def load_params(path: str | os.PathLike, max_bytes: int = MAX_BYTES) -> Arrays:
    """Load named arrays from an ``.npz`` file that may come from anybody.

    Parameters
    ----------
    path : path-like
        The file.
    max_bytes : int
        Limit for the file and for all arrays together, in bytes.

    Returns
    -------
    params : dict of str to ndarray
        The arrays, in the order of the file.

    Raises
    ------
    ValueError
        If the file is not an ``.npz`` of plain arrays, is damaged, or is too large.
    OSError
        If the file cannot be opened.
    """
    path = Path(path)
    size = path.stat().st_size
    if not path.is_file():  # a named pipe would never end
        raise _cannot_load(path, "it is not a regular file")
    if size > max_bytes:
        raise _cannot_load(path, f"the file has {size} bytes, more than the limit of {max_bytes}")
    with open(path, "rb") as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                members = archive.infolist()
                _check_members(path, members, max_bytes)
                return {info.filename[:-4]: _read_array(path, archive, info) for info in members}
        except _NPZ_MISTAKES as error:
            raise _cannot_load(path, f"it is damaged or no .npz file ({error})") from error


def model_state(model: Any) -> Arrays:
    """Collect the arrays that a trained model is made of.

    Parameters
    ----------
    model : object
        Has ``params``, a dict of arrays, and perhaps ``bn_params``, a list of dicts with the
        running statistics of batch normalization.

    Returns
    -------
    state : dict of str to ndarray
        The parameters, and running_mean1, running_var1, ... if there are any. These are the
        model's own arrays, not copies.
    """
    state = dict(model.params)
    for name, (bn_param, key) in _running_statistics(model).items():
        if key in bn_param:
            state[name] = bn_param[key]
    return state


def set_model_state(model: Any, state: Mapping[str, np.ndarray]) -> None:
    """Put copies of arrays from `model_state` into a model of the same architecture.

    Parameters
    ----------
    model : object
        As for `model_state`.
    state : dict of str to ndarray
        Every parameter of the model, and running statistics if there are any.

    Raises
    ------
    ValueError
        If names or shapes do not fit the model; the model is then unchanged.
    """
    running = _running_statistics(model)
    missing = sorted(model.params.keys() - state.keys())
    unknown = sorted(state.keys() - model.params.keys() - running.keys())
    if missing or unknown:
        raise ValueError(f"The weights do not fit the model: missing {missing}, unknown {unknown}.")
    for name, value in model.params.items():
        if value.shape != state[name].shape:
            raise ValueError(
                f"The weights do not fit the model: {name} must have shape {value.shape}; "
                f"got {state[name].shape}."
            )
    model.params = {name: np.array(state[name]) for name in model.params}
    for name, (bn_param, key) in running.items():
        bn_param.pop(key, None)
        if name in state:
            bn_param[key] = np.array(state[name])


def run_to_arrays(run: RunState) -> Arrays:
    """Turn a run into named arrays for `save_params`; what is not an array goes into JSON notes.

    Raises
    ------
    TypeError
        If an update rule keeps a value that is neither an array nor plain.
    """
    arrays = {name: np.array(getattr(run, name), dtype=np.float64) for name in _RUN_HISTORIES}
    groups = {"model": run.model, "best": run.best}
    plain: dict[str, dict] = {}
    for name, config in run.optim.items():
        groups[f"optim/{name}"] = {}
        plain[name] = {}
        for key, value in config.items():
            kept = groups[f"optim/{name}"] if isinstance(value, np.ndarray) else plain[name]
            kept[key] = value
    for prefix, group in groups.items():
        arrays.update({f"{prefix}/{name}": value for name, value in group.items()})
    notes = {
        "format": _RUN_FORMAT,
        "settings": run.settings,
        "optim": plain,
        "generators": run.generators,
    }
    notes |= {name: getattr(run, name) for name in _RUN_NUMBERS}
    text = json.dumps(notes, default=_as_python).encode()
    arrays["notes"] = np.frombuffer(text, dtype=np.uint8)
    return arrays


def run_from_arrays(arrays: Arrays) -> RunState:
    """Turn arrays from `load_params` into the run that `run_to_arrays` was given.

    Raises
    ------
    ValueError
        If these are not the arrays of a run, or of a newer format.
    """
    try:
        notes = json.loads(arrays["notes"].tobytes())
        if notes["format"] != _RUN_FORMAT:
            raise ValueError(f"checkpoint format {notes['format']!r} is unknown")
        optim = {}
        for name, plain in notes["optim"].items():
            optim[name] = plain | _group(arrays, f"optim/{name}/")
        numbers = {name: notes[name] + 0 for name in _RUN_NUMBERS}
        histories = {name: arrays[name].tolist() for name in _RUN_HISTORIES}
        return RunState(
            settings=dict(notes["settings"]),
            model=_group(arrays, "model/"),
            best=_group(arrays, "best/"),
            optim=optim,
            generators=dict(notes["generators"]),
            **numbers,
            **histories,
        )
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError("it is not a checkpoint of a Solver") from error


def _running_statistics(model: Any) -> dict[str, tuple[dict, str]]:
    """By its name in a state, the dict and the key under which a running statistic is kept."""
    places = {}
    for i, bn_param in enumerate(getattr(model, "bn_params", ()), start=1):
        for key in _RUNNING:
            places[f"{key}{i}"] = (bn_param, key)
    return places


def _group(arrays: Arrays, prefix: str) -> Arrays:
    return {name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)}


def _as_python(value: Any) -> Any:
    """NumPy scalars and arrays (inside the states of generators) as plain Python values."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"save_checkpoint: cannot keep a value of type {type(value).__name__}.")


def _numbers(name: str, value: Any) -> np.ndarray:
    array = np.asanyarray(value)
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"save_params: {name!r} must be an array of numbers; got dtype {array.dtype}."
        )
    if not isinstance(name, str) or not name:
        raise ValueError(f"save_params: names must be non-empty strings; got {name!r}.")
    return array


def _write_npz(stream: IO[bytes], arrays: Arrays, score: float | None) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        if score is not None:
            archive.comment = _SCORE + repr(float(score)).encode()
        for name, array in arrays.items():
            # A fixed date: equal weights give equal bytes.
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _check_members(path: Path, members: Sequence[zipfile.ZipInfo], max_bytes: int) -> None:
    names = {info.filename for info in members}
    if len(members) > _MAX_MEMBERS or len(names) != len(members):
        raise _cannot_load(path, f"it holds more than {_MAX_MEMBERS} arrays, or two of one name")
    for info in members:
        name = repr(info.filename)
        if not info.filename.endswith(".npy"):
            raise _cannot_load(path, f"{name} is not an array")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _cannot_load(path, f"{name} is compressed in a way that NumPy does not use")
    total = sum(info.file_size for info in members)
    if total > max_bytes:
        raise _cannot_load(
            path, f"its arrays have {total} bytes, more than the limit of {max_bytes}"
        )


def _read_array(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    name = repr(info.filename)
    with archive.open(info) as member:
        try:
            shape, fortran_order, dtype = _read_header(member)
        except ValueError as error:
            raise _cannot_load(path, f"{name} has no valid array header ({error})") from error
        if dtype.kind not in "fiub":
            raise _cannot_load(
                path, f"{name} has dtype {dtype}; only numbers and booleans are read"
            )
        body = info.file_size - member.tell()
        count = 1
        for length in shape:
            count *= length
        if min(shape, default=0) < 0 or count * dtype.itemsize != body:
            raise _cannot_load(
                path, f"{name} announces shape {shape} of {dtype} but holds {body} bytes"
            )
        array = np.empty(count, dtype)
        # The member is a ZipExtFile, though its type is declared as IO.
        if member.readinto(array.view(np.uint8)) != body:  # type: ignore[attr-defined]
            raise EOFError(f"{name} ends early")
    return array.reshape(shape, order="F" if fortran_order else "C")


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    if np.lib.format.read_magic(member) == (1, 0):
        return np.lib.format.read_array_header_1_0(member)
    return np.lib.format.read_array_header_2_0(member)


def _cannot_load(path: Path, why: str) -> ValueError:
    return ValueError(f"Cannot load {path}: {why}. Save again with cs231n.checkpoint.save_params.")
