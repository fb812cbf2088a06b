"""Weights in ``.npz`` files: written atomically, never pickled, read with care.

A file from somebody else can lie. `load_arrays` looks at the names, sizes and
headers of all members before it reads one, so a file that is cut short, that
would unpack to more than the limit, or that holds Python objects costs no
memory and runs no code.
"""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from .atomic import atomic_write

MAX_BYTES = 256 * 1024**2
_MAX_MEMBERS = 4096
_NPZ_MISTAKES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
)


def save_params(path, params):
    """Save named arrays, for example ``model.params``, as one ``.npz`` file.

    The file appears whole or not at all, its folder is made where it is
    missing; an older file of that name stays as it was if writing fails.

    Parameters
    ----------
    path : path-like
        Where to write, exactly this name.
    params : dict of str to ndarray
        Arrays of numbers or booleans.

    Raises
    ------
    ValueError
        If a value is not an array of numbers, or a name cannot be kept.
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    arrays = {name: _plain(name, value) for name, value in params.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as stream:
        _write_npz(stream, arrays)


def load_params(path, max_bytes=MAX_BYTES):
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
        raise _bad(path, "it is not a regular file")
    if size > max_bytes:
        raise _bad(path, f"the file has {size} bytes, more than the limit of {max_bytes}")
    with open(path, "rb") as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                members = archive.infolist()
                _check_members(path, members, max_bytes)
                return {info.filename[:-4]: _read_array(path, archive, info) for info in members}
        except _NPZ_MISTAKES as error:
            raise _bad(path, f"it is damaged or no .npz file ({error})") from error


def model_state(model):
    """Collect the arrays that a trained model is made of.

    Parameters
    ----------
    model : object
        Has ``params``, a dict of arrays, and perhaps ``bn_params``, a list of
        dicts with the running statistics of batch normalization.

    Returns
    -------
    state : dict of str to ndarray
        The parameters, and running_mean1, running_var1, ... as far as there
        are any. The model's own arrays, not copies.
    """
    state = dict(model.params)
    for i, bn_param in enumerate(getattr(model, "bn_params", ()), start=1):
        for key in ("running_mean", "running_var"):
            if key in bn_param:
                state[f"{key}{i}"] = bn_param[key]
    return state


def set_model_state(model, state):
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
    bn_params = getattr(model, "bn_params", ())
    running = {
        f"{key}{i}": (bn_param, key)
        for i, bn_param in enumerate(bn_params, start=1)
        for key in ("running_mean", "running_var")
    }
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


def _plain(name, value):
    array = np.asanyarray(value)
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"save_params: {name!r} must be an array of numbers; got dtype {array.dtype}."
        )
    if not isinstance(name, str) or not name:
        raise ValueError(f"save_params: names must be non-empty strings; got {name!r}.")
    return array


def _write_npz(stream, arrays):
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            # A fixed date: equal weights give equal bytes.
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _check_members(path, members, max_bytes):
    names = [info.filename for info in members]
    if len(names) > _MAX_MEMBERS or len(set(names)) != len(names):
        raise _bad(path, f"it holds more than {_MAX_MEMBERS} arrays, or two of one name")
    for info in members:
        if not info.filename.endswith(".npy"):
            raise _bad(path, f"{info.filename!r} is not an array")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _bad(path, f"{info.filename!r} is compressed in a way that NumPy does not use")
    total = sum(info.file_size for info in members)
    if total > max_bytes:
        raise _bad(path, f"its arrays have {total} bytes, more than the limit of {max_bytes}")


def _read_array(path, archive, info):
    with archive.open(info) as member:
        try:
            version = np.lib.format.read_magic(member)
            if version == (1, 0):
                shape, fortran, dtype = np.lib.format.read_array_header_1_0(member)
            else:
                shape, fortran, dtype = np.lib.format.read_array_header_2_0(member)
        except ValueError as error:
            raise _bad(path, f"{info.filename!r} has no valid array header ({error})") from error
        if dtype.kind not in "fiub":
            raise _bad(
                path, f"{info.filename!r} has dtype {dtype}; only numbers and booleans are read"
            )
        body = info.file_size - member.tell()
        count = 1
        for length in shape:
            count *= length
        if min(shape, default=0) < 0 or count * dtype.itemsize != body:
            raise _bad(
                path, f"{info.filename!r} announces shape {shape} of {dtype} but holds {body} bytes"
            )
        array = np.empty(count, dtype)
        if member.readinto(array.view(np.uint8)) != body:
            raise EOFError(f"{info.filename!r} ends early")
    return array.reshape(shape, order="F" if fortran else "C")


def _bad(path, why):
    return ValueError(f"Cannot load {path}: {why}. Save again with cs231n.checkpoint.save_params.")
