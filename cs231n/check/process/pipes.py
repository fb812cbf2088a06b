"""The pipes of a worker, read by threads so that waiting for them can end, and the end of its process."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time

from .protocol import ProtocolError, read_frame

END_SECONDS = 60.0
FRAME_BYTES = 1 << 10
"""A frame counts as so much more than it has, as the smallest one takes up that much once it is read."""


class Frames:
    """Frames from a pipe, read by a thread so that waiting for them can end.

    Parameters
    ----------
    stream : binary file object
    answer_bytes : int
        The most array bytes of one frame.
    most : int
        The most bytes of all frames since `restart`: they wait in memory until somebody asks for them.
    """

    def __init__(self, stream, answer_bytes, most):
        self._queue, self._metered = queue.SimpleQueue(), _Metered(stream, most)
        self._thread = threading.Thread(target=self._read, args=(answer_bytes,), daemon=True)
        self._thread.start()

    def restart(self):
        """Count from here on."""
        self._metered.left = self._metered.most

    def next(self, seconds):
        """The next frame, None at the end of the pipe, or a `ProtocolError`; `queue.Empty` where none comes in time."""
        return self._queue.get(timeout=seconds)

    def close(self):
        """Let the thread finish once its pipe has ended; what it still delivers is thrown away."""
        for _ in range(20):
            with contextlib.suppress(queue.Empty):
                while True:
                    self._queue.get_nowait()
            self._thread.join(timeout=0.05)
            if not self._thread.is_alive():
                return

    def _read(self, answer_bytes):
        with self._metered.stream:
            try:
                while (frame := read_frame(self._metered, answer_bytes)) is not None:
                    self._metered.count(FRAME_BYTES)
                    self._queue.put(frame)
                self._queue.put(None)
            except ProtocolError as error:
                self._queue.put(error)


class _Metered:
    """A stream that gives so many bytes and no more."""

    def __init__(self, stream, most):
        self.stream, self.most, self.left = stream, most, most

    def read(self, size):
        data = self.stream.read(size)
        self.count(len(data))
        return data

    def readinto(self, view):
        count = self.stream.readinto(view)
        self.count(count)
        return count

    def count(self, read):
        self.left -= read
        if self.left < 0:
            raise TooMuch(
                f"all answers together are more than the {self.most:,} bytes that may be sent"
            )


class TooMuch(ProtocolError):
    """The other side sends without end."""


class Printed:
    """Reads what a worker prints and throws it away; ends a worker that prints too much."""

    def __init__(self, process, most):
        self._process, self._most, self._left, self.too_much = process, most, most, False
        self._thread = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._thread.start()

    def restart(self):
        """Count from here on."""
        self._left = self._most

    def close(self):
        """Let the thread finish."""
        self._thread.join(timeout=1)

    def _read(self, stream):
        with stream:
            while piece := stream.read1(1 << 16):
                self._left -= len(piece)
                if self._left < 0 and not self.too_much:
                    self.too_much = True
                    end(self._process)


def kill(process):
    """End a process group whatever it does; a thread that still reads from it sees the end of the stream."""
    deadline = time.monotonic() + END_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if not end(process):
            break
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
    with contextlib.suppress(OSError):
        process.stdin.close()


def end(process):
    """bool : whether there was something to end."""
    try:
        os.killpg(process.pid, signal.SIGKILL) if os.name == "posix" else process.kill()
    except ProcessLookupError:
        return False
    return True
