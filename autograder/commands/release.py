"""Make the student kit of an assignment: solutions cleared, searched for leaks, zipped, known to
the gradebook.
"""

import argparse

HELP = "make the student kit"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("assignment")


def run(args: argparse.Namespace) -> int:
    """Return 0 when the kit is written."""
    from ..course.manifest import Course
    from ..release.kit import release

    course = Course.open(args.course)
    kit, archive = release(course, course.assignment(args.assignment))
    print(f"kit: {kit}\nzip: {archive} ({archive.stat().st_size / 1000:.0f} kB)")
    return 0
