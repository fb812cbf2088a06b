"""Counts how densely the code is written, and finds the lines that say too much at once.

``python -m benchmarks.readability`` prints a table of the packages, with ``--list`` the places.
"""

import argparse
import ast
import io
import subprocess
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
PACKAGES = ("autograder", "cs231n", "datasets", "benchmarks")
COLUMNS = 100
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
RULES = {
    "nested": "a comprehension inside a comprehension",
    "crowded": "more than one comprehension in a statement",
    "conditional": "a conditional expression in an f-string, as a receiver or as a statement",
    "assignment": "a tuple assignment of unrelated things",
    "arithmetic": "a list or a tuple multiplied by a condition",
    "walrus": "an assignment inside a comprehension",
    "long": f"a line of more than {COLUMNS} columns",
}


@dataclass(frozen=True, order=True)
class Offense:
    """A place where one line says too much: its file, its line, and a key of `RULES`."""

    file: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {RULES[self.rule]}"


@dataclass
class Density:
    """What was counted in some files; add them with ``+=``."""

    files: int = 0
    code: int = 0
    comments: int = 0
    ternaries: int = 0
    functions: int = 0
    annotated: int = 0
    longest_line: int = 0
    file_lines: list[int] = field(default_factory=list)
    function_lines: list[int] = field(default_factory=list)
    offenses: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: "Density") -> "Density":
        for name in ("files", "code", "comments", "ternaries", "functions", "annotated"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest_line = max(self.longest_line, other.longest_line)
        self.file_lines += other.file_lines
        self.function_lines += other.function_lines
        self.offenses += other.offenses
        return self

    def per_hundred(self, count: int) -> float:
        """Return a count per 100 lines of code."""
        return 100 * count / max(self.code, 1)


def tracked_files(package: str, root: Path = ROOT) -> list[str]:
    """Return the Python files of a package that Git tracks, or would if they were added.

    Outside a working copy, such as in an unpacked source distribution, all files count.
    """
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", package]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode == 0 and done.stdout:
        paths = [root / name for name in done.stdout.splitlines()]
    else:
        paths = list((root / package).rglob("*.py"))
    modules = [path for path in paths if path.suffix == ".py" and path.is_file()]
    return sorted(path.relative_to(root).as_posix() for path in modules)


def find_offenses(source: str, file: str = "") -> list[Offense]:
    """Find the places where one statement says too much.

    Parameters
    ----------
    source : str
        The text of a module.
    file : str
        Its name, for the result.

    Returns
    -------
    offenses : list of Offense
        In the order of the lines; each rule at most once for each line.

    Raises
    ------
    SyntaxError
        If the text is no Python.
    """
    found = {Offense(file, number, "long") for number in _long_lines(source)}
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        found.update(Offense(file, line, rule) for rule in _broken_rules(node))
    return sorted(found)


def measure(source: str) -> Density:
    """Count what the density table shows, in the text of one module."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    public = [node for node in functions if not node.name.startswith("_")]
    lines = source.splitlines()
    density = Density(files=1, code=_count_code_lines(source, tree), functions=len(public))
    density.annotated = sum(map(_is_annotated, public))
    density.comments = sum(token.type == tokenize.COMMENT for token in _tokens(source))
    density.ternaries = sum(isinstance(node, ast.IfExp) for node in ast.walk(tree))
    density.longest_line = max(map(len, lines), default=0)
    density.file_lines = [len(lines)]
    density.function_lines = [len(_lines_of(node)) for node in functions]
    density.offenses = Counter(offense.rule for offense in find_offenses(source))
    return density


def measure_package(package: str, root: Path = ROOT) -> Density:
    """Count the same in all files of a package."""
    total = Density()
    for name in tracked_files(package, root):
        total += measure((root / name).read_text(encoding="utf-8"))
    return total


def _long_lines(source: str) -> Iterator[int]:
    for number, line in enumerate(source.splitlines(), 1):
        if len(line) > COLUMNS:
            yield number


def _broken_rules(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.stmt) and _count_comprehensions(node) > 1:
        yield "crowded"
    if isinstance(node, COMPREHENSIONS):
        inside = [child for child in ast.walk(node) if child is not node]
        if any(isinstance(child, COMPREHENSIONS) for child in inside):
            yield "nested"
        if any(isinstance(child, ast.NamedExpr) for child in inside):
            yield "walrus"
    if _has_hidden_conditional(node):
        yield "conditional"
    if isinstance(node, ast.Assign) and _assigns_unrelated_things(node):
        yield "assignment"
    if isinstance(node, ast.BinOp) and _multiplies_by_condition(node):
        yield "arithmetic"


def _count_comprehensions(statement: ast.stmt) -> int:
    """Count in a statement itself: what stands in its body has statements of its own."""
    count = 0
    waiting = list(ast.iter_child_nodes(statement))
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.stmt, ast.excepthandler, ast.match_case)):
            continue
        count += isinstance(node, COMPREHENSIONS)
        waiting += ast.iter_child_nodes(node)
    return count


def _has_hidden_conditional(node: ast.AST) -> bool:
    if isinstance(node, ast.FormattedValue):
        return any(isinstance(child, ast.IfExp) for child in ast.walk(node.value))
    if isinstance(node, (ast.Attribute, ast.Subscript, ast.Expr)):
        return isinstance(node.value, ast.IfExp)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.IfExp)


def _assigns_unrelated_things(node: ast.Assign) -> bool:
    """Tell whether ``a, b = ...`` could be two statements, which a swap or a shift could not."""
    target = node.targets[-1]
    literals = (ast.Tuple, ast.List)
    if not (isinstance(target, literals) and isinstance(node.value, literals)):
        return False
    if any(isinstance(value, ast.Starred) for value in node.value.elts):
        return False
    assigned: set[str] = set()
    for name, value in zip(target.elts, node.value.elts, strict=False):
        if assigned & {ast.unparse(child) for child in ast.walk(value) if _is_place(child)}:
            return False
        assigned.add(ast.unparse(name))
    return True


def _is_place(node: ast.AST) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))


def _multiplies_by_condition(node: ast.BinOp) -> bool:
    if not isinstance(node.op, ast.Mult):
        return False
    sides = (node.left, node.right)
    has_list = any(isinstance(side, (ast.List, ast.Tuple)) for side in sides)
    return has_list and any(isinstance(side, (ast.Compare, ast.BoolOp)) for side in sides)


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(source).readline)


def _count_code_lines(source: str, tree: ast.Module) -> int:
    """Count lines that are neither empty nor a comment nor a docstring."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    code: set[int] = set()
    for token in _tokens(source):
        if token.type not in silent and token.string:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            code -= set(_lines_of(node))
    return len(code)


def _lines_of(node: ast.stmt) -> range:
    last = node.lineno if node.end_lineno is None else node.end_lineno
    return range(node.lineno, last + 1)


def _is_annotated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    extra = [arguments.vararg, arguments.kwarg]
    asked = [argument for argument in [*named, *extra] if argument is not None]
    asked = [argument for argument in asked if argument.arg not in ("self", "cls")]
    complete = all(argument.annotation is not None for argument in asked)
    return complete and function.returns is not None


def _columns(density: Density) -> list[str]:
    hints = 100 * density.annotated / max(density.functions, 1)
    return [
        f"{density.files}",
        f"{density.code}",
        f"{density.per_hundred(density.offenses['nested']):.2f}",
        f"{density.per_hundred(density.offenses['crowded']):.2f}",
        f"{density.per_hundred(density.ternaries):.2f}",
        f"{density.per_hundred(density.offenses['assignment']):.2f}",
        f"{density.per_hundred(density.comments):.2f}",
        f"{hints:.0f} %",
        f"{density.longest_line}",
        f"{median(density.file_lines):.0f}",
        f"{max(density.file_lines)}",
        f"{median(density.function_lines):.0f}",
        f"{max(density.function_lines)}",
    ]


TITLES = (
    "package",
    "files",
    "code",
    "nested",
    "crowded",
    "ternary",
    "tuple=",
    "comment",
    "hints",
    "columns",
    "file",
    "longest",
    "function",
    "longest",
)


def main() -> None:
    """Print the table, or with ``--list`` the places."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="list the places")
    parser.add_argument("packages", nargs="*", default=PACKAGES, metavar="package")
    options = parser.parse_args()
    if options.list:
        for package in options.packages:
            for name in tracked_files(package):
                source = (ROOT / name).read_text(encoding="utf-8")
                for offense in find_offenses(source, name):
                    print(offense)
        return
    print("nested ... comment: per 100 lines of code; hints: share of public functions;")
    print("file, function: median and longest, in lines\n")
    print(" ".join(f"{title:>9}" for title in TITLES))
    for package in options.packages:
        row = [package, *_columns(measure_package(package))]
        print(" ".join(f"{cell:>9}" for cell in row))


if __name__ == "__main__":
    main()
