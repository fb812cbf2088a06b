"""Write the feedback pages that students get back: scores, reports, comments."""

import argparse
import sys
from functools import partial

HELP = "write the feedback pages"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("assignment")
    parser.add_argument(
        "--student", action="append", metavar="ID", help="only this one; may be repeated"
    )


def run(args: argparse.Namespace) -> int:
    """Return 0 when everybody has a page."""
    from ..course.manifest import Course, check_student_id
    from ..feedback.generate import generate_feedback
    from ..progress import progress_bar

    course = Course.open(args.course)
    students = [check_student_id(student) for student in args.student or ()] or None
    pages, failed = generate_feedback(
        course, course.assignment(args.assignment), students, partial(progress_bar, unit="student")
    )
    for student, reason in failed.items():
        print(f"{student}: no feedback: {reason}", file=sys.stderr)
    print(f"{len(pages)} feedback folders in {course.root / 'feedback'}")
    return 1 if failed else 0
