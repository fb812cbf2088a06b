"""The pipes of a worker, read by threads so that waiting can end, and the end of its process."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from typing import IO, Any

from .protocol import ProtocolError, read_frame

END_SECONDS = 60.0
FRAME_BYTES = 1 << 10
"""Counted for each frame besides its bytes: the smallest one takes up that much memory."""


class OutputLimitError(ProtocolError):
    """The other side sends without end."""


class Frames:
    """Frames from a pipe, read by a thread so that waiting for them can end.

    Parameters
    ----------
    stream : binary file object
    answer_bytes : int
        The most array bytes of one frame.
    max_bytes : int
        The most bytes of all frames since `restart`: they wait in memory until somebody asks for
        them.
    """

    def __init__(self, stream: IO[bytes], answer_bytes: int, max_bytes: int) -> None:
        self._queue: queue.SimpleQueue[dict[str, Any] | ProtocolError | None] = queue.SimpleQueue()
        self._metered = _MeteredStream(stream, max_bytes)
        self._thread = threading.Thread(target=self._read, args=(answer_bytes,), daemon=True)
        self._thread.start()

    def restart(self) -> None:
        """Count from here on."""
        self._metered.left = self._metered.max_bytes

    def next(self, seconds: float) -> dict[str, Any] | ProtocolError | None:
        """Return the next frame, None at the end of the pipe, or what is wrong with it.

        Raises
        ------
        queue.Empty
            If none comes in time.
        """
        return self._queue.get(timeout=seconds)

    def close(self) -> None:
        """Let the thread finish once its pipe has ended; what it still delivers is thrown away."""
        for _ in range(20):
            with contextlib.suppress(queue.Empty):
                while True:
                    self._queue.get_nowait()
            self._thread.join(timeout=0.05)
            if not self._thread.is_alive():
                return

    def _read(self, answer_bytes: int) -> None:
        with self._metered.stream:
            try:
                while (frame := read_frame(self._metered, answer_bytes)) is not None:
                    self._metered.count(FRAME_BYTES)
                    self._queue.put(frame)
                self._queue.put(None)
            except ProtocolError as error:
                self._queue.put(error)


class _MeteredStream:
    """A stream that gives so many bytes and no more."""

    def __init__(self, stream: IO[bytes], max_bytes: int) -> None:
        self.stream = stream
        self.max_bytes = max_bytes
        self.left = max_bytes

    def read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self.count(len(data))
        return data

    def readinto(self, view: memoryview) -> int:
        count: int = self.stream.readinto(view)  # type: ignore[attr-defined]
        self.count(count)
        return count

    def count(self, read: int) -> None:
        self.left -= read
        if self.left < 0:
            raise OutputLimitError(
                f"all answers together are more than the {self.max_bytes:,} bytes that may be sent"
            )


class StderrMeter:
    """Reads what a worker prints and throws it away; ends a worker that prints too much.

    Parameters
    ----------
    process : Popen
        With a pipe for its errors, where a worker sends whatever is printed.
    max_bytes : int
        The most bytes since `restart`.

    Attributes
    ----------
    too_much : bool
        Whether it has ended the worker.
    """

    def __init__(self, process: subprocess.Popen[bytes], max_bytes: int) -> None:
        self.too_much = False
        self._process = process
        self._max_bytes = max_bytes
        self._left = max_bytes
        self._thread = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._thread.start()

    def restart(self) -> None:
        """Count from here on."""
        self._left = self._max_bytes

    def close(self) -> None:
        """Let the thread finish."""
        self._thread.join(timeout=1)

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while piece := stream.read1(1 << 16):  # type: ignore[attr-defined]
                self._left -= len(piece)
                if self._left < 0 and not self.too_much:
                    self.too_much = True
                    kill_group(self._process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process group whatever it does; a thread that reads from it sees the stream end."""
    deadline = time.monotonic() + END_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if not kill_group(process):
            break
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def kill_group(process: subprocess.Popen[bytes]) -> bool:
    """Send the signal that ends a process group, once; False where there is nothing to end."""
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        return False
    return True
