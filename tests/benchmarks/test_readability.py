import pytest

from benchmarks.readability import find_offenses, measure, measure_package

OFFENSES = {
    "x = [[a for a in b] for b in c]": {"nested", "crowded"},
    "x = [a for a in b] + [a for a in c]": {"crowded"},
    "f'{a if b else c}'": {"conditional"},
    "(a if b else c).d()": {"conditional"},
    "(a if b else c)[0]": {"conditional"},
    "(a if b else c)()": {"conditional"},
    "a() if b else c()": {"conditional"},
    "a, b = 1, []": {"assignment"},
    "self.a, self.b = a, b": {"assignment"},
    "x = [a] * (b > c)": {"arithmetic"},
    "x = [b for a in c if (b := a.d)]": {"walrus"},
    f"x = {'1' * 97}": {"long"},
}
CLEAN = (
    "x = a if b else c",
    "a, b = b, a",
    "a, b = b, a + b",
    "x[0], x[1] = x[1], x[0]",
    "H, W = x.shape",
    "a, *b = c",
    "x = [0] * n",
    "x = [a for a in b]",
    "for x in [a for a in b]:\n    y = [a for a in c]",
    "x = f'{a}' if b else ''",
    f"x = {'1' * 96}",
)


@pytest.mark.parametrize("source", OFFENSES)
def test_a_line_that_says_too_much_is_found(source):
    indented = f"def f():\n    {source}" if "long" not in OFFENSES[source] else source
    found = find_offenses(indented)
    assert {offense.rule for offense in found} == OFFENSES[source]
    assert {offense.line for offense in found} == {indented.count("\n") + 1}


@pytest.mark.parametrize("source", CLEAN)
def test_a_plain_line_is_left_alone(source):
    assert find_offenses(source) == []


def test_code_is_counted_without_comments_and_docstrings():
    source = (
        '"""Says what it is\n\nin three lines."""\n\n'
        "# A comment.\n"
        "def f(x: int) -> int:  # another one\n"
        '    """One line."""\n'
        "    return (\n        x if x else 1\n    )\n\n"
        "def g(x):\n    return x\n"
    )
    density = measure(source)
    assert (density.code, density.comments, density.ternaries) == (6, 2, 1)
    assert (density.functions, density.annotated, density.function_lines) == (2, 1, [5, 2])


def test_private_functions_need_no_hints_and_self_needs_none():
    source = "class A:\n    def f(self) -> None: ...\n    def _g(self, x): ...\n"
    density = measure(source)
    assert (density.functions, density.annotated) == (1, 1)


def test_a_package_is_the_sum_of_its_files():
    density = measure_package("datasets")
    assert density.files == len(density.file_lines) > 3
    assert density.code < sum(density.file_lines)
