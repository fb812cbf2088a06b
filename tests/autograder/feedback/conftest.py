import pytest

from autograder.feedback.generate import generate_feedback


@pytest.fixture
def page(students):
    """The feedback page of a student who has been recorded."""

    def make(student):
        pages, failed = generate_feedback(students.course, students.assignment)
        assert not failed
        return (pages[student] / "fully_connected_nets.html").read_text()

    return make
