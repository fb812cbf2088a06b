"""What one submission may use while it is graded: the table ``[limits]`` of the manifest."""

from dataclasses import dataclass

from .decode import Number, WholeNumber


@dataclass(frozen=True)
class Limits:
    """What one submission may use while it is graded.

    Parameters
    ----------
    seconds : float
        Wall time of one case.
    submission_seconds : float
        Wall time of the whole submission.
    cpu_seconds : int
        Processor time of one process, which answers for one exercise or for all of them.
    memory_mb : float
        Address space of a process. A question is answered by one process, which can start no other.
    processes : int
        Processes and threads at once, those of the sandbox included.
    open_files : int
        Files open at once.
    file_mb : float
        The largest file that may be written.
    disk_mb : float
        All that is written together; it lies in memory.
    answer_mb : float
        Arrays of one answer.
    output_mb : float
        All that is printed.
    hand_in_mb : float
        A submission, packed and unpacked.
    notebook_seconds : float
        Wall time of one cell of a notebook that is run for its plots and text.
    notebook_cpu_seconds : int
        Processor time of one such notebook.
    """

    seconds: Number = 20
    submission_seconds: Number = 600
    cpu_seconds: WholeNumber = 20
    memory_mb: Number = 2048
    processes: WholeNumber = 8
    open_files: WholeNumber = 64
    file_mb: Number = 16
    disk_mb: Number = 64
    answer_mb: Number = 64
    output_mb: Number = 16
    hand_in_mb: Number = 64
    notebook_seconds: Number = 120
    notebook_cpu_seconds: WholeNumber = 120
