"""Frames come back as they were sent, and whatever else arrives is refused."""

import contextlib
import io
import json
import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cs231n.check.process.protocol import (
    DTYPES,
    MAX_ANSWER_ARRAYS,
    MAX_ANSWER_HEADER_BYTES,
    MAX_ANSWER_VALUES,
    MAX_HEADER_BYTES,
    ProtocolError,
    read_frame,
    write_frame,
)

LIMIT = 1 << 20


def sent(header, limit=None):
    stream = io.BytesIO()
    write_frame(stream, header, limit)
    return stream.getvalue()


def frame(header):
    return struct.pack(">Q", len(header)) + header


@given(
    arrays(st.sampled_from(DTYPES), array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
)
def test_arrays_come_back_as_they_were_sent(array):
    back = read_frame(io.BytesIO(sent({"a": array, "list": [array, 1]})), LIMIT)
    for other in (back["a"], back["list"][0]):
        assert other.dtype == array.dtype and other.shape == array.shape
        assert other.tobytes() == array.tobytes()


def test_arrays_in_any_memory_order_come_back_in_order():
    array = np.arange(24.0).reshape(4, 6)[::2, ::-1].T
    assert np.array_equal(read_frame(io.BytesIO(sent({"a": array})), LIMIT)["a"], array)


def test_big_endian_arrays_keep_their_values():
    back = read_frame(io.BytesIO(sent({"a": np.array([1.5, 2.0], ">f8")})), LIMIT)
    assert np.array_equal(back["a"], [1.5, 2.0])


def test_end_of_stream_between_frames_is_none():
    assert read_frame(io.BytesIO(b""), LIMIT) is None


@pytest.mark.parametrize("dtype", ["O", "V8", "complex128", "float16", "U3", "datetime64[s]"])
def test_dtypes_outside_the_list_are_not_sent(dtype):
    with pytest.raises(ProtocolError, match="cannot be sent"):
        sent({"a": np.zeros(2, dtype)})


def test_more_bytes_than_allowed_are_not_sent():
    with pytest.raises(ProtocolError, match="more than"):
        sent({"a": np.zeros(100)}, limit=799)


@pytest.mark.parametrize(
    "header",
    [
        b'{"a": {"__array__": ["object", [1]]}}',
        b'{"a": {"__array__": ["float64", [-1]]}}',
        b'{"a": {"__array__": ["float64", [1e3]]}}',
        b'{"a": {"__array__": ["float64", [true]]}}',
        b'{"a": {"__array__": ["float64", [1048576, 1048576]]}}',
        b'{"a": {"__array__": ["float64", [9999999999999]]}}',
        b'{"a": {"__array__": ["float64", [549755813888, 0]]}}',
        b'{"a": {"__array__": ["int8", [0, 1048577]]}}',
        b'{"a": {"__array__": ["float64", [1,1,1,1,1,1,1,1,1]]}}',
        b'{"a": {"__array__": [["float64"], [1]]}}',
        b'{"a": {"__array__": "float64"}}',
        b'["not", "an", "object"]',
        b'{"a": ' + b"[" * 100_000,
        b"{",
        b"\xff\xfe",
    ],
)
def test_a_header_that_lies_is_refused(header):
    with pytest.raises(ProtocolError):
        read_frame(io.BytesIO(frame(header) + bytes(64)), LIMIT)


def test_an_announced_giant_is_refused_before_memory_is_taken():
    for length, trusted in ((MAX_ANSWER_HEADER_BYTES, False), (MAX_HEADER_BYTES, True)):
        with pytest.raises(ProtocolError, match="announced"):
            read_frame(io.BytesIO(struct.pack(">Q", length + 1)), LIMIT, trusted)


@pytest.mark.parametrize(
    "header, words",
    [
        ({"arrays": {str(k): np.zeros(0) for k in range(18_000)}}, "announced|arrays"),
        ({"arrays": [np.zeros(0)] * (MAX_ANSWER_ARRAYS + 1)}, "1,000 arrays, not more"),
        ({str(k): k for k in range(60_000)}, "announced"),
        ({"arrays": dict.fromkeys(map(str, range(MAX_ANSWER_VALUES - 1)), 0)}, ""),
        ({"arrays": dict.fromkeys(map(str, range(MAX_ANSWER_VALUES + 1)), 0)}, "4,000 values"),
        ({"arrays": [[[]] * 3000, [[]] * 3000]}, "4,000 values"),
    ],
    ids=["many arrays", "one array more", "many names", "all values", "one value more", "lists"],
)
def test_an_answer_holds_so_many_arrays_and_values_and_a_question_more(header, words):
    stream = io.BytesIO()
    write_frame(stream, header)
    assert read_frame(io.BytesIO(stream.getvalue()), LIMIT, trusted=True).keys() == header.keys()
    if words:
        with pytest.raises(ProtocolError, match=words):
            read_frame(io.BytesIO(stream.getvalue()), LIMIT)
    else:
        read_frame(io.BytesIO(stream.getvalue()), LIMIT)


def test_names_at_the_top_of_a_frame_count_too():
    for number in (10_000, 100_000):
        header = json.dumps(dict.fromkeys(map(str, range(number)), 0)).encode()
        with pytest.raises(ProtocolError, match="announced|4,000 values"):
            read_frame(io.BytesIO(frame(header)), LIMIT)
    with pytest.raises(ProtocolError, match="4,000 values"):
        read_frame(io.BytesIO(sent({str(k): 0 for k in range(MAX_ANSWER_VALUES + 1)})), LIMIT)


@pytest.mark.parametrize(
    "array",
    [np.empty((1 << 39, 0)), np.empty((0, 1 << 20)), [np.zeros(0)] * (MAX_ANSWER_ARRAYS + 1)],
    ids=["a long axis", "an axis of the limit", "many arrays"],
)
def test_what_would_be_refused_is_not_sent(array):
    with pytest.raises(ProtocolError, match="more than the"):
        sent({"a": array}, limit=LIMIT)


def test_the_limit_counts_all_arrays_of_a_frame():
    with pytest.raises(ProtocolError, match="exceed"):
        read_frame(io.BytesIO(sent({str(k): np.zeros(60) for k in range(3)})), 1000)


def test_a_frame_that_is_nothing_but_an_array_is_refused():
    with pytest.raises(ProtocolError, match="not a JSON object"):
        read_frame(io.BytesIO(frame(b'{"__array__": ["int8", [0]]}')), LIMIT)


@given(st.binary(max_size=300))
@example(frame(b'{"a": NaN}'))
def test_random_bytes_are_a_frame_or_refused(data):
    stream = io.BytesIO(data)
    try:
        while read_frame(stream, LIMIT) is not None:
            pass
    except ProtocolError:
        pass


@given(st.data())
def test_mutated_frames_are_a_frame_or_refused(data):
    whole = bytearray(
        sent(
            {
                "nonce": "x",
                "arrays": {"out": np.arange(6.0), "n": np.int64(3) + np.zeros(1, np.int64)},
            }
        )
    )
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        read_frame(io.BytesIO(bytes(whole[: data.draw(st.integers(0, len(whole)))])), LIMIT)
