"""What all sandboxes share."""

from autograder.course.limits import Limits
from autograder.sandbox.base import make_readable, worker_options


def test_a_worker_is_told_the_limits_in_bytes_and_seconds():
    limits = Limits(answer_mb=2, memory_mb=0.5, cpu_seconds=7, file_mb=1)
    assert worker_options(limits) == [
        "--answer-bytes=2097152",
        "--memory-bytes=524288",
        "--cpu-seconds=7",
        "--file-bytes=1048576",
    ]
    assert "--cpu-seconds=30" in worker_options(limits, cpu_seconds=30)


def test_what_is_made_readable_stays_as_it_is_otherwise(tmp_path):
    (tmp_path / "folder").mkdir(mode=0o700)
    file = tmp_path / "folder" / "file"
    file.touch(mode=0o600)
    make_readable(tmp_path)
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o755
    assert file.stat().st_mode & 0o777 == 0o644
