"""Run the whole pipeline once: a kit, a demo class with one hand-in of each kind, their scores,
feedback and CSV.
"""

import argparse
import shutil
from pathlib import Path

from ..errors import UserError

HELP = "run the whole pipeline once with a demo class"
ASSIGNMENT = "assignment2"
CLASS_SIZE = 10
# Says that a folder holds a demo, which the next demo may remove.
_MARK = ".demo"


def configure(parser: argparse.ArgumentParser) -> None:
    """Set the folder."""
    parser.set_defaults(course=Path("build/demo"))


def run(args: argparse.Namespace) -> int:
    """Return 0 when the class is graded."""
    from ..authoring.course_setup import set_up
    from ..authoring.demo_class import write_class
    from ..collect.inbox import collect
    from ..feedback.generate import generate_feedback
    from ..gradebook.csv_export import score_rows, write_csv
    from ..grading.run import grade
    from ..grading.score_table import course_table
    from ..progress import progress_bar
    from ..release.kit import release
    from ..sandbox.find import find_sandbox

    root = _fresh_folder(args.course)
    sandbox = find_sandbox(allow_unisolated=True)
    course, _ = set_up(root)
    assignment = course.assignment(ASSIGNMENT)
    print(f"Clearing the solutions of {ASSIGNMENT} into a student kit")
    kit, archive = release(course, assignment)
    inbox = root / "inbox" / ASSIGNMENT
    students = list(
        progress_bar(write_class(course, assignment, inbox), desc="hand in", total=CLASS_SIZE)
    )
    print(f"{len(students)} hand-ins in {inbox}")
    collect(course, assignment, inbox, progress=progress_bar)
    verdicts, _ = grade(course, assignment, sandbox, progress=progress_bar)
    generate_feedback(course, assignment, progress=progress_bar)
    write_csv(score_rows(course, [assignment]), root / "grades.csv")
    print(f"\n{course_table(course, assignment, verdicts)}\n")
    print(f"isolation: {sandbox.isolation}")
    results = {
        "kit": kit,
        "as zip": archive,
        "hand-ins": root / "submitted",
        "verdicts": course.verdicts(ASSIGNMENT),
        "gradebook": course.database,
        "feedback": root / "feedback",
        "table": root / "grades.csv",
    }
    for name, path in results.items():
        print(f"{name:<10}{_short(path)}")
    print(f"See it in nbgrader: cd {_short(root)} && jupyter lab, then Nbgrader > Formgrader")
    return 0


def _fresh_folder(root: Path) -> Path:
    """Empty the folder of an earlier demo; refuse any other that holds something."""
    if root.is_dir() and any(root.iterdir()):
        if not (root / _MARK).is_file():
            raise UserError(
                f"{root} is not empty and not an earlier demo; name another folder with --course"
            )
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / _MARK).touch()
    return root.resolve()


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
