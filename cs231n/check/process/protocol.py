"""Frames between whoever asks (notebook, judge) and the worker that runs a submission.

A frame is an 8-byte big-endian length, a JSON header of that length, and the raw bytes of the
arrays that the header lists, in order. Nothing is ever unpickled; dtypes come from a short list;
every size and number is checked before memory is taken, so that whatever the other side sends can
be refused but cannot hurt. An empty array counts as if no axis of it were, because loops over its
other axes take time all the same. What frames say is described in `cs231n.check.process.messages`.
"""

import io
import json
import math
import struct
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

DTYPES = (
    "float64",
    "float32",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint64",
    "uint32",
    "uint16",
    "uint8",
    "bool",
)
# To ask a dtype for its name takes longer than to send a small array.
_NAMES = {np.dtype(name): name for name in DTYPES}
MAX_HEADER_BYTES = 1 << 20
MAX_ANSWER_HEADER_BYTES = 1 << 18
MAX_ANSWER_ARRAYS = 1000
MAX_ANSWER_VALUES = 4 * MAX_ANSWER_ARRAYS
"""int : dicts, lists, names and other values in the header of an answer, all together."""
MAX_DIMENSIONS = 8
_LENGTH = struct.Struct(">Q")


class ProtocolError(ValueError):
    """The other side sent something that is not a frame, or more than it may."""


class ReadableStream(Protocol):
    """What frames are read from: a pipe, a file, bytes in memory."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most so many bytes, none at the end."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill a buffer and return how many bytes were read, 0 at the end."""


class WritableStream(Protocol):
    """What frames are written to."""

    def write(self, data: bytes, /) -> object:
        """Write bytes."""

    def flush(self) -> object:
        """Send what was written."""


def write_frame(
    stream: WritableStream, header: dict[str, Any], max_bytes: int | None = None
) -> None:
    """Send ``header`` (JSON values in which arrays may stand) as one frame.

    Parameters
    ----------
    stream : binary file object
    header : dict
        JSON values; an ``ndarray`` may stand anywhere in it.
    max_bytes : int, optional
        Refuse to send more array bytes than this, and more arrays than an answer may hold.

    Raises
    ------
    ProtocolError
        When an array has a dtype that cannot travel, or there are too many, or too large ones.
    """
    arrays: list[np.ndarray] = []
    text = json.dumps(_lift(header, arrays), allow_nan=True).encode()
    size = sum(_counted_bytes(a.itemsize, a.shape) for a in arrays)
    if max_bytes is not None and size > max_bytes:
        raise ProtocolError(
            f"{size:,} bytes of arrays are more than the {max_bytes:,} that may be sent"
        )
    max_header = MAX_HEADER_BYTES if max_bytes is None else MAX_ANSWER_HEADER_BYTES
    if max_bytes is not None and len(arrays) > MAX_ANSWER_ARRAYS:
        raise ProtocolError(
            f"{len(arrays):,} arrays are more than the {MAX_ANSWER_ARRAYS:,} that may be sent"
        )
    if len(text) > max_header:
        raise ProtocolError(
            f"a header of {len(text):,} bytes is more than the {max_header:,} that may be sent"
        )
    stream.write(_LENGTH.pack(len(text)) + text)
    for array in arrays:
        stream.write(array.tobytes())
    stream.flush()


def frame_bytes(header: dict[str, Any]) -> bytes:
    """Return one frame as `write_frame` sends it, which raises for what cannot be sent."""
    frame = io.BytesIO()
    write_frame(frame, header)
    return frame.getvalue()


def read_frame(
    stream: ReadableStream, max_bytes: int, trusted: bool = False
) -> dict[str, Any] | None:
    """Read one frame; arrays come back as fresh, writable ``ndarray``.

    Parameters
    ----------
    stream : binary file object
    max_bytes : int
        The most array bytes that the frame may carry.
    trusted : bool
        Whether no submission can have written it. A question may have a larger header than an
        answer, with any number of arrays and values.

    Returns
    -------
    header : dict or None
        None at a clean end of the stream.

    Raises
    ------
    ProtocolError
    """
    start = _read(stream, _LENGTH.size, allow_end=True)
    if not start:
        return None
    (length,) = _LENGTH.unpack(start)
    max_header = MAX_HEADER_BYTES if trusted else MAX_ANSWER_HEADER_BYTES
    if length > max_header:
        raise ProtocolError(
            f"a header of {length:,} bytes is announced; {max_header:,} are allowed"
        )
    try:
        header = json.loads(_read(stream, length))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"the header is not JSON: {str(error)[:80]}") from None
    if not isinstance(header, dict) or "__array__" in header:
        raise ProtocolError("the header is not a JSON object")
    arrays = _Arrays(stream, max_bytes, trusted)
    arrays.count_values(len(header))
    try:
        return {key: _restore(value, arrays) for key, value in header.items()}
    except ProtocolError:
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        raise ProtocolError(f"the frame cannot be restored: {str(error)[:80]}") from None


class _Arrays:
    """Reads the arrays of one frame in the order in which the header names them."""

    def __init__(self, stream: ReadableStream, max_bytes: int, trusted: bool) -> None:
        self.stream = stream
        self.left = max_bytes
        self.trusted = trusted
        self.arrays = 0
        self.values = 0

    def count_values(self, number: int) -> None:
        """Count what a dict or a list of the header holds."""
        self.values += number
        if self.values > MAX_ANSWER_VALUES and not self.trusted:
            raise ProtocolError(
                f"the header of an answer may hold {MAX_ANSWER_VALUES:,} values, not more"
            )

    def read(self, spec: object) -> np.ndarray:
        """Read the next array; ``spec`` should be its dtype and its shape."""
        if not isinstance(spec, list) or len(spec) != 2:
            raise ProtocolError(f"not an array description: {str(spec)[:80]}")
        name, shape = spec
        if name not in DTYPES or not isinstance(shape, list):
            raise ProtocolError(f"not an array description: {str(spec)[:80]}")
        if len(shape) > MAX_DIMENSIONS or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
            raise ProtocolError(f"not an array shape: {str(shape)[:80]}")
        self.arrays += 1
        if self.arrays > MAX_ANSWER_ARRAYS and not self.trusted:
            raise ProtocolError(f"an answer may hold {MAX_ANSWER_ARRAYS:,} arrays, not more")
        dtype = np.dtype(name)
        size = dtype.itemsize * math.prod(shape)
        counted = _counted_bytes(dtype.itemsize, shape)
        if counted > self.left:
            raise ProtocolError(
                f"the arrays of an answer exceed what may be sent, at one of shape {tuple(shape)}"
            )
        self.left -= counted
        data = np.empty(size, np.uint8)
        _fill(self.stream, data)
        if dtype.kind == "b":
            return (data != 0).reshape(shape)
        return data.view(dtype).reshape(shape)


def _counted_bytes(itemsize: int, shape: Sequence[int]) -> int:
    """int : what an array counts as; one without elements has axes that a loop may run along."""
    return itemsize * math.prod(max(length, 1) for length in shape)


def _lift(value: Any, arrays: list[np.ndarray]) -> Any:
    """Replace the arrays in a header by descriptions, and collect them in their order."""
    if isinstance(value, np.ndarray):
        name = _NAMES.get(value.dtype) or _NAMES.get(value.dtype.newbyteorder("="))
        if name is None:
            raise ProtocolError(
                f"arrays of dtype {value.dtype} cannot be sent; use one of {', '.join(DTYPES)}"
            )
        if value.ndim > MAX_DIMENSIONS:
            raise ProtocolError(
                f"arrays of {value.ndim} dimensions cannot be sent; {MAX_DIMENSIONS} are allowed"
            )
        arrays.append(np.asarray(value, name))
        return {"__array__": [name, list(value.shape)]}
    if isinstance(value, dict):
        return {str(key): _lift(item, arrays) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_lift(item, arrays) for item in value]
    return value


def _restore(value: Any, arrays: _Arrays) -> Any:
    """Replace the descriptions in a header by their arrays."""
    if isinstance(value, dict):
        if "__array__" in value:
            return arrays.read(value["__array__"])
        arrays.count_values(len(value))
        return {key: _restore(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        arrays.count_values(len(value))
        return [_restore(item, arrays) for item in value]
    return value


def _read(stream: ReadableStream, size: int, allow_end: bool = False) -> bytes:
    """Read so many bytes; none, where the stream may end and does."""
    chunks: list[bytes] = []
    missing = size
    while missing:
        chunk = stream.read(min(missing, 1 << 20))
        if not chunk:
            if allow_end and missing == size:
                return b""
            raise ProtocolError("the stream ended in the middle of a frame")
        chunks.append(chunk)
        missing -= len(chunk)
    return b"".join(chunks)


def _fill(stream: ReadableStream, data: np.ndarray) -> None:
    view = data.data
    filled = 0
    while filled < len(data):
        count = stream.readinto(view[filled : filled + (1 << 20)])
        if not count:
            raise ProtocolError("the stream ended in the middle of a frame")
        filled += count
