"""Make a folder a course: copy the sources, write nbgrader's settings, draw the secret seed.
Existing files are kept.
"""

import argparse
from pathlib import Path

HELP = "make a folder a course"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--source", type=Path, metavar="PATH", help="use the sources in this folder in place"
    )


def run(args: argparse.Namespace) -> int:
    """Return 0 when the folder is a course."""
    from ..authoring.course_setup import set_up

    course, written = set_up(args.course, args.source)
    for path in written:
        print(f"wrote {path}")
    print(f"{course.root}: course {course.id} with {', '.join(course.assignments)}")
    return 0
