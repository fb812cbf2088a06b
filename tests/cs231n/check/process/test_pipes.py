"""Pipes are read without waiting for ever, and no more is taken from them than is allowed."""

import io
import queue
import subprocess
import sys

import pytest

from cs231n.check.process.pipes import FRAME_BYTES, Frames, OutputLimitError, StderrMeter, kill
from cs231n.check.process.protocol import ProtocolError, write_frame


def stream(count):
    sent = io.BytesIO()
    for number in range(count):
        write_frame(sent, {"number": number})
    sent.seek(0)
    return sent


def test_frames_come_in_their_order_and_then_none():
    frames = Frames(stream(3), 1 << 10, 1 << 20)
    assert [frames.next(5) for _ in range(4)] == [*({"number": n} for n in range(3)), None]
    frames.close()


def test_many_small_frames_count_as_what_they_take_up_in_memory():
    frames = Frames(stream(10), 1 << 10, 3 * FRAME_BYTES)
    found = [frames.next(5) for _ in range(3)]
    assert isinstance(found[-1], OutputLimitError) and isinstance(found[-1], ProtocolError)


def test_waiting_for_a_frame_ends():
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        frames = Frames(process.stdout, 1 << 10, 1 << 20)
        with pytest.raises(queue.Empty):
            frames.next(0.05)
        process.stdin.close()
        assert frames.next(10) is None


@pytest.mark.skipif(sys.platform == "win32", reason="it needs process groups")
def test_who_prints_too_much_is_ended():
    code = "import sys\nwhile True: sys.stderr.write('x' * 10_000)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        meter = StderrMeter(process, 1 << 20)
        assert process.wait(20) == -9
        meter.close()
    assert meter.too_much


@pytest.mark.skipif(sys.platform == "win32", reason="it needs process groups")
def test_a_process_that_was_killed_may_be_killed_again():
    process = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True
    )
    kill(process)
    kill(process)
    assert process.returncode == -9 and process.stdin.closed
