"""Judge what was handed in, in a sandbox, and record the scores in the gradebook. What did not
change is kept.
"""

import argparse

from ..errors import UserError

HELP = "judge the hand-ins and record the scores"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("assignment")
    parser.add_argument(
        "--student", action="append", metavar="ID", help="only this one; may be repeated"
    )
    parser.add_argument(
        "--force", action="store_true", help="judge again even what has not changed"
    )
    parser.add_argument(
        "--evidence", action="store_true", help="run the notebooks too, for their plots and text"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show who would move and by how much; write nothing"
    )
    parser.add_argument(
        "--scheduler", metavar="URL", help="judge on a Dask cluster, such as tcp://host:8786"
    )
    parser.add_argument(
        "--allow-unisolated", action="store_true", help="grade without a sandbox if there is none"
    )


def run(args: argparse.Namespace) -> int:
    """Return 0 when everybody has a verdict."""
    from ..course.manifest import Course, check_student_id
    from ..gradebook.score_changes import changes_table, compare_with_gradebook
    from ..grading.executors import cluster_executor
    from ..grading.preflight import same_ending
    from ..grading.run import GradeOptions, grade
    from ..grading.score_table import course_table
    from ..progress import progress_bar
    from ..sandbox.find import find_sandbox

    course = Course.open(args.course)
    assignment = course.assignment(args.assignment)
    sandbox = find_sandbox(args.allow_unisolated)
    students = None
    if args.student:
        students = tuple(check_student_id(student) for student in args.student)
    for student in students or ():
        if not course.submitted(student, assignment.name).is_dir():
            raise UserError(f"{student} has not handed in {assignment.name}")
    options = GradeOptions(students, args.force, args.dry_run, args.evidence)
    executor = None
    if args.scheduler:
        executor = cluster_executor(args.scheduler)
    found, judged = grade(course, assignment, sandbox, options, executor, progress_bar)
    doubt = same_ending(found)
    if doubt:
        print(f"{doubt}\n")
    if args.dry_run:
        print(changes_table(compare_with_gradebook(course, assignment, found)))
        return 0
    print(course_table(course, assignment, found))
    unchanged = len(found) - judged
    print(f"{judged} judged, {unchanged} unchanged; isolation: {sandbox.isolation}")
    return 0
