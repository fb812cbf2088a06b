import pytest

from autograder.errors import UserError
from autograder.reference.package_files import package_files
from autograder.release.solution_regions import clear, regions

MODULE = """def f(x):
    if x:
        ### BEGIN SOLUTION
        y = 2 * x

        y += 1
        ### END SOLUTION
    else:
        ### BEGIN SOLUTION
        y = 0
        ### END SOLUTION
    return y
"""


def test_each_region_becomes_a_stub_at_its_own_indentation():
    cleared = clear(MODULE, "f.py")
    assert "y = 2" not in cleared and "y = 0" not in cleared
    stub = '        raise NotImplementedError("not started: write your code here")'
    assert cleared.splitlines().count(stub) == 2
    names = {}
    exec(compile(cleared, "f.py", "exec"), names)
    with pytest.raises(NotImplementedError, match="not started"):
        names["f"](1)


def test_text_without_regions_is_left_as_it_is():
    assert clear("x = 1\r\n", "x.py") == "x = 1\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "y = 1\n### END SOLUTION\n",
        "### BEGIN SOLUTION\ny = 1\n",
        MODULE.replace("### END", "### BEGIN", 1),
    ],
)
def test_a_mark_without_its_partner_is_refused(text):
    with pytest.raises(UserError, match=r"f\.py: .*both marks"):
        clear(text, "f.py")


def test_every_module_of_the_package_is_python_once_cleared():
    cleared = [
        name
        for name, path in package_files().items()
        if path.suffix == ".py" and clear(path.read_text(), name) != path.read_text()
    ]
    assert "cs231n/layers/affine.py" in cleared and len(cleared) >= 10


def test_regions_are_the_lines_between_the_marks():
    assert regions(MODULE) == [["        y = 2 * x", "", "        y += 1"], ["        y = 0"]]
