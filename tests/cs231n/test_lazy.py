import subprocess
import sys

import pytest

import cs231n.classifiers
import cs231n.layers


@pytest.mark.parametrize("package", [cs231n.layers, cs231n.classifiers], ids=lambda p: p.__name__)
def test_every_name_of_the_table_can_be_imported_with_a_star(package):
    promised = {name for names in package._TABLE.values() for name in names}
    names = {}
    exec(f"from {package.__name__} import *", names)
    assert promised == set(package.__all__) == set(dir(package)) == names.keys() - {"__builtins__"}


def test_unknown_names_raise_the_usual_errors():
    message = "module 'cs231n.layers' has no attribute 'no_such_layer'"
    with pytest.raises(AttributeError, match=message):
        _ = cs231n.layers.no_such_layer
    with pytest.raises(ImportError, match="cannot import name 'no_such_layer'"):
        exec("from cs231n.layers import no_such_layer")


@pytest.mark.process
def test_importing_the_package_imports_no_layer():
    code = (
        "import sys, cs231n.layers, cs231n.classifiers\n"
        "print([m for m in sys.modules if 'affine' in m or 'fc_net' in m])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A package of three files: one good, one that does not parse, one that cannot be imported."""
    package = tmp_path / "three_files"
    package.mkdir()
    table = "{'good': ('right',), 'broken': ('wrong',), 'lonely': ('lost',)}"
    (package / "__init__.py").write_text(
        "from cs231n._lazy import lazy_names\n"
        f"__getattr__, __dir__ = lazy_names(__name__, {table})\n"
    )
    (package / "good.py").write_text("right = 1\n")
    (package / "broken.py").write_text("def wrong(:\n")
    (package / "lonely.py").write_text("import module_that_nobody_wrote\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "three_files"
    for name in [m for m in sys.modules if m.startswith("three_files")]:
        del sys.modules[name]


def test_a_syntax_error_in_one_file_breaks_only_the_names_of_that_file(course):
    names = {}
    exec(f"from {course} import right", names)
    assert names["right"] == 1
    with pytest.raises(SyntaxError, match="broken.py"):
        exec(f"from {course} import wrong")


def test_a_star_import_leaves_out_broken_files_and_says_so(course):
    names = {}
    with pytest.warns(RuntimeWarning) as caught:
        exec(f"from {course} import *", names)
    assert [name for name in names if not name.startswith("__")] == ["right"]
    messages = sorted({str(w.message) for w in caught})
    assert (
        "broken.py cannot be imported (SyntaxError" in messages[0]
        and "left out: wrong" in messages[0]
    )
    assert "lonely.py cannot be imported (ModuleNotFoundError" in messages[1]
