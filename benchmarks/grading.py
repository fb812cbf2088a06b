"""Throughput of grading: stock ``nbgrader autograde`` and ours, in one run, on the same work.

    python benchmarks/grading.py                          # one notebook, up to 1,000 students
    python benchmarks/grading.py --sizes 10 30 --stock 1  # a short run
    python benchmarks/grading.py --notebooks computational_graphs
    python benchmarks/grading.py --notebooks              # all of the assignment

Every measurement runs in a process of its own. Times are wall seconds and processor seconds of that
process and all that it starts; on a machine that does other work, only the latter mean something.
Memory is the largest resident size of the grading process and of the largest of its children.
"""

import argparse
import gc
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from functools import partial
from pathlib import Path

import numpy as np

SETTINGS = """
c.CourseDirectory.db_url = "sqlite:///{root}/stock.db"
c.CourseDirectory.source_directory = "stock_source"
c.CourseDirectory.release_directory = "stock_release"
c.CourseDirectory.submitted_directory = "stock_submitted"
c.CourseDirectory.autograded_directory = "stock_autograded"
c.CourseDirectory.root = {root!r}
c.CourseDirectory.course_id = "cs231n"
c.Autograde.exclude_overwriting = {{{assignment!r}: {editable!r}}}
c.ExecutePreprocessor.timeout = 600
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--notebooks",
        nargs="*",
        default=["fully_connected_nets"],
        help="of the assignment; none for all",
    )
    parser.add_argument("--assignment", default="assignment2")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10, 100, 1000], help="classes that ours grades"
    )
    parser.add_argument("--stock", type=int, default=3, help="hand-ins that stock nbgrader grades")
    parser.add_argument(
        "--evidence",
        type=int,
        nargs="*",
        default=[20],
        help="classes whose notebooks ours runs as well",
    )
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(STEPS[args.one[0]](Path(args.one[1]), args.assignment)))
        return
    print(
        f"{platform.platform()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory(prefix="cs231n-benchmark-") as folder:
        compare(Path(folder), args)


def compare(folder, args):
    """Print what stock nbgrader takes, what the students' functions take, and what ours takes."""
    course, assignment = prepare(folder, args)
    hand_in(course, assignment, args.stock)
    stock = measure("stock", course.root, args)
    wall = stock["wall"] / args.stock
    cpu = stock["cpu"] / args.stock
    print(
        f"\nstock nbgrader autograde, {args.stock} hand-ins: {wall:.2f} s each, "
        f"{cpu:.2f} s of processor time each"
    )
    own = measure("functions", course.root, args)["cpu"]
    print(
        "what is graded, imported and run once in a process of its own: "
        f"{1e3 * own:.1f} ms of processor time"
    )
    nets = measure("nets", course.root, args)["cpu"]
    print(f"1,000 hidden images classified with each of the trained weights: {1e3 * nets:.1f} ms")
    print(
        f"\n{'hand-ins':>8} {'wall s':>8} {'per s':>7} {'cpu ms':>7} {'judge':>7} {'record':>7} "
        f"{'MB':>6} {'ratio, wall':>12} {'ratio, cpu':>11}"
    )
    for size in args.sizes:
        print(_row(course, assignment, "ours", size, wall, cpu, args))
    for size in args.evidence:
        print(_row(course, assignment, "evidence", size, wall, cpu, args) + "  with evidence")


def _row(course, assignment, step, size, stock_wall, stock_cpu, args):
    shutil.rmtree(course.root / "submitted", ignore_errors=True)
    hand_in(course, assignment, size)
    ours = measure(step, course.root, args)
    wall = ours["wall"]
    cpu = ours["cpu"] / size
    judge = ours["judge"] / size
    record = ours["record"] / size
    return (
        f"{size:8} {wall:8.1f} {size / wall:7.2f} {1e3 * cpu:7.1f} {1e3 * judge:7.1f} "
        f"{1e3 * record:7.1f} {ours['memory']:6.0f} {stock_wall * size / wall:12.1f} "
        f"{stock_cpu / cpu:11.1f}"
    )


def prepare(folder, args):
    """A released course with some notebooks and the exercises that they check."""
    from autograder.authoring.course_setup import set_up
    from autograder.release.kit import release

    sources = Path(__file__).parents[1] / "assignments"
    manifest = tomllib.loads((sources / "course.toml").read_text())["assignments"]
    body = manifest[args.assignment]
    notebooks = [
        sources / args.assignment / f"{name}.ipynb" for name in args.notebooks or body["notebooks"]
    ]
    ids = set()
    for notebook in notebooks:
        for cell in json.loads(notebook.read_text())["cells"]:
            ids.add(cell["metadata"].get("nbgrader", {}).get("grade_id"))
    asked = {"notebooks": [path.stem for path in notebooks]}
    for key in ("points", "written"):
        asked[key] = {name: points for name, points in body[key].items() if name in ids}
    (folder / "sources" / args.assignment).mkdir(parents=True)
    for notebook in notebooks:
        shutil.copy(notebook, folder / "sources" / args.assignment)
    earlier = list(manifest)[
        : list(manifest).index(args.assignment)
    ]  # whose modules are handed in again
    tables = {name: manifest[name] for name in earlier} | {args.assignment: asked}
    (folder / "sources" / "course.toml").write_text(
        "".join(_table(name, table) for name, table in tables.items())
    )
    course, _ = set_up(folder / "course", folder / "sources")
    assignment = course.assignment(args.assignment)
    release(course, assignment)
    _finish_other_exercises(course, assignment, body)
    return course, assignment


def _table(name, body):
    text = f'[assignments.{name}]\ntitle = "Benchmark"\nnotebooks = {body["notebooks"]}\n'
    for key in ("points", "written"):
        text += f"[assignments.{name}.{key}]\n" + "".join(
            f"{n} = {p}\n" for n, p in body[key].items()
        )
    return text


def _finish_other_exercises(course, assignment, body):
    """Give the kit what other notebooks ask for: this one builds on it."""
    from autograder.reference.package_files import package_files
    from cs231n.check.exercises import EXERCISES

    for name in {EXERCISES[e].file for e in body["points"] if EXERCISES[e].module} - set(
        assignment.editable
    ):
        target = course.release_folder(assignment.name) / name
        target.chmod(0o644)
        shutil.copyfile(package_files()[name], target)


def hand_in(course, assignment, count):
    """Lay out so many hand-ins of the reference, with the cells that train."""
    from autograder.reference.submission import train_weights, write_submission

    cache = course.root / "weights"
    if not cache.exists():
        write_submission(course, assignment, cache, None, train_weights(course, assignment))
        for name in assignment.notebooks:
            _answer(cache / f"{name}.ipynb", course.source / assignment.name / f"{name}.ipynb")
    for k in range(count):
        target = course.submitted(f"s{k:04}", assignment.name)
        if not target.exists():
            shutil.copytree(cache, target)


def _answer(path, source):
    """Put the code of a source notebook into a released one; what asks for words stays open."""
    document, solved = (json.loads(p.read_text(encoding="utf-8")) for p in (path, source))
    code = {cell["id"]: cell["source"] for cell in solved["cells"] if cell["cell_type"] == "code"}
    for cell in document["cells"]:
        cell["source"] = code.get(cell["id"], cell["source"])
    path.write_text(json.dumps(document), encoding="utf-8")


def measure(step, root, args):
    command = [sys.executable, __file__, "--assignment", args.assignment, "--one", step, str(root)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def ours(root, assignment, with_evidence=False):
    """Grade everybody anew: judge, and record beside it."""
    from autograder.course.manifest import Course
    from autograder.gradebook.record import GradebookWriter
    from autograder.grading.run import GradeOptions, grade
    from autograder.sandbox.find import find_sandbox

    _adopt_orphans()
    recorded = []
    write = GradebookWriter._write

    def timed_write(writer):
        began = time.thread_time()
        write(writer)
        recorded.append(time.thread_time() - began)

    GradebookWriter._write = timed_write
    course = Course.open(root)
    options = GradeOptions(force=True, with_evidence=with_evidence)
    start = _cpu()
    began = time.monotonic()
    verdicts, _ = grade(course, course.assignment(assignment), find_sandbox(), options)
    wall = time.monotonic() - began
    spent = _cpu() - start
    wrong = [student for student, verdict in verdicts.items() if not _is_perfect(verdict)]
    if wrong:
        raise SystemExit(
            f"{len(wrong)} hand-ins of the reference do not get everything, such as {wrong[0]}"
        )
    usage = [
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    (record,) = recorded
    return {
        "wall": wall,
        "cpu": spent,
        "judge": spent - record,
        "record": record,
        "memory": max(usage),
    }


def _is_perfect(verdict):
    return all(finding.status == "pass" for finding in verdict.exercises.values())


def functions(root, assignment, times=40):
    """Run what students write on as many cases as the judge asks about, and do nothing else."""
    from importlib import import_module

    # As in a sandbox: no kernels, and what students write is compiled anew each time; libraries are
    # compiled already.
    package = Path(__file__).parents[1] / "cs231n"
    sys.dont_write_bytecode = True
    shutil.copytree(
        package,
        root / "functions" / "cs231n",
        ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.c"),
    )
    sys.path.insert(0, str(root / "functions"))

    from autograder.course.manifest import Course
    from autograder.sandbox.bubblewrap import PRELOADED
    from cs231n.check.exercise import TrainingGoal
    from cs231n.check.exercises import EXERCISES
    from cs231n.check.process.worker import PRELOADED as WORKER_PRELOADED

    asked = [EXERCISES[name] for name in Course.open(root).assignment(assignment).points]
    asked = [exercise for exercise in asked if not isinstance(exercise, TrainingGoal)]
    seeds = (), (np.arange(4, dtype=np.uint32),)
    questions = [
        (e.probes[0].run, case.inputs) for e in asked for seed in seeds for case in e.draw(*seed)
    ]
    for module in (*WORKER_PRELOADED, *PRELOADED):
        import_module(module)
    gc.freeze()
    spent = []
    for work in ([], questions):
        start = _cpu()
        for _ in range(times):
            child = os.fork()
            if child == 0:
                for run, inputs in work:
                    run(**inputs)
                os._exit(0)
            os.waitpid(child, 0)
        spent.append(_cpu() - start)
    return {"cpu": (spent[1] - spent[0]) / times}


def nets(root, assignment, times=20):
    """Classify the hidden images with the weights that were trained, and do nothing else."""
    from autograder.course.manifest import Course
    from autograder.grading.batches import module_name
    from autograder.reference.process import goal_worker
    from cs231n.check.exercise import Case, TrainingGoal
    from cs231n.check.exercises import EXERCISES
    from cs231n.checkpoint import load_params

    assignment = Course.open(root).assignment(assignment)
    modules = [module_name(name) for name in assignment.editable]
    goals = [e for e in map(EXERCISES.get, assignment.points) if isinstance(e, TrainingGoal)]
    spent = []
    for count in (1, 1 + times):
        start = _cpu()
        for goal in goals:
            (images,) = goal.draw(np.arange(4, dtype=np.uint32))
            case = Case(images.name, {"weights": load_params(root / "weights" / goal.weights)})
            with goal_worker(images.inputs, modules) as worker:
                for _ in range(count):
                    worker.ask(goal.id, "scores", [case])
        spent.append(_cpu() - start)
    return {"cpu": max(0.0, spent[1] - spent[0]) / times}


def stock(root, assignment):
    """Run nbgrader as it comes: the kit as source, whole packages, a kernel for each notebook."""
    from autograder.course.manifest import Course

    course = Course.open(root)
    work = root / "stock"
    shutil.rmtree(work, ignore_errors=True)
    kit = course.release_folder(assignment)
    editable = list(course.assignment(assignment).editable)
    work.mkdir()
    shutil.copytree(kit, work / "stock_source" / assignment)
    for student in course.students(assignment):
        target = work / "stock_submitted" / student / assignment
        shutil.copytree(kit, target)
        shutil.copytree(course.submitted(student, assignment), target, dirs_exist_ok=True)
    (work / "nbgrader_config.py").write_text(
        "c = get_config()"
        + SETTINGS.format(root=str(work), assignment=assignment, editable=editable)
    )
    nbgrader = [sys.executable, "-m", "nbgrader"]
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    }
    options = {"cwd": work, "env": environment, "capture_output": True, "text": True}
    made = subprocess.run([*nbgrader, "generate_assignment", assignment, "--force"], **options)
    start = _cpu()
    began = time.monotonic()
    run = subprocess.run([*nbgrader, "autograde", assignment, "--force"], **options)
    if made.returncode or run.returncode:
        raise SystemExit((made.stderr + run.stderr)[-2000:])
    return {"wall": time.monotonic() - began, "cpu": _cpu() - start}


def _adopt_orphans():
    """Let the processor time of sandboxes count: they outlive who started them by a moment."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def _cpu():
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                break
        except ChildProcessError:
            break
    return sum(
        sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


STEPS = {
    "functions": functions,
    "nets": nets,
    "ours": ours,
    "evidence": partial(ours, with_evidence=True),
    "stock": stock,
}

if __name__ == "__main__":
    main()
