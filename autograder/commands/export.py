"""Write the scores as a table: one row for each student and exercise, with those who were refused
or are missing.
"""

import argparse
import sys
from pathlib import Path

HELP = "write the scores as CSV"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("assignment", nargs="?", help="only this one (default: all of the course)")
    parser.add_argument("--format", choices=["csv"], default="csv")
    parser.add_argument("--to", type=Path, metavar="FILE", help="default: standard output")


def run(args: argparse.Namespace) -> int:
    """Return 0 when the table is written."""
    from ..course.manifest import Course
    from ..gradebook.csv_export import print_csv, score_rows, write_csv

    course = Course.open(args.course)
    names = [args.assignment] if args.assignment else list(course.assignments)
    rows = score_rows(course, [course.assignment(name) for name in names])
    if args.to:
        write_csv(rows, args.to)
        print(f"{len(rows)} rows in {args.to}")
    else:
        print_csv(rows, sys.stdout)
    return 0
