"""Take hand-ins from an inbox: check them whole, file the good ones, say what is wrong with the
others.
"""

import argparse
from pathlib import Path

from ..errors import UserError

HELP = "take hand-ins from an inbox"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("assignment")
    parser.add_argument(
        "--from",
        dest="path",
        type=Path,
        metavar="PATH",
        help="folder with one zip, tar, folder or notebook for each student, such as ada.zip, "
        "or one hand-in (default: inbox/ASSIGNMENT of the course)",
    )
    parser.add_argument(
        "--bulk",
        action="store_true",
        help="PATH is one zip with the hand-ins of a class, from Canvas, Moodle or Gradescope; "
        "roster.csv says who is who",
    )
    parser.add_argument("--student", metavar="ID", help="PATH is the one hand-in of this student")


def run(args: argparse.Namespace) -> int:
    """Return 0 when everything was taken, else 1."""
    from ..collect.inbox import collect
    from ..course.manifest import Course
    from ..course.receipts import ACCEPTED, REFUSED, UNCHANGED
    from ..progress import progress_bar

    course = Course.open(args.course)
    assignment = course.assignment(args.assignment)
    if args.bulk and (args.path is None or args.student is not None):
        raise UserError("--bulk needs --from ARCHIVE, and goes without --student")
    found = collect(course, assignment, args.path, args.student, progress_bar, args.bulk)
    for student, receipt in found.students.items():
        if receipt.status == REFUSED:
            print(f"{student}: refused: {receipt.reason}")
        elif receipt.missing:
            print(f"{student}: taken without {', '.join(receipt.missing)}")
    for name, reason in found.strangers.items():
        print(f"{name}: refused: {reason}")
    accepted = found.count(ACCEPTED)
    unchanged = found.count(UNCHANGED)
    print(f"{accepted} accepted, {unchanged} unchanged, {found.refused} refused")
    return 0 if found.complete else 1
