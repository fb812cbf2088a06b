"""Every public name of the package says what it is, and of what shape its arrays are."""

import importlib
import inspect
import pkgutil
import re

import pytest

import cs231n

# Modules that the package imports only where a program or a submission runs.
PROGRAMS = re.compile(r"cs231n\.(__main__|commands\b|check\.worker)")
# A shape, its letters, or the name of the function whose contract is the same.
SAYS_SHAPE = re.compile(r"shape|\(N, |`[\w.]*\w+_\w+`|[Aa]s for `")
ARRAYS = {
    *"x X w W b y dout dw db cols im imgs rgb dists Xs".split(),
    *"gamma beta scores dscores target patches".split(),
}


def modules():
    for info in pkgutil.walk_packages(cs231n.__path__, "cs231n."):
        *_, name = info.name.split(".")
        if not name.startswith("_") and not PROGRAMS.match(info.name):
            yield info.name


def public_members():
    """Each function, class and method that a public module defines or re-exports, once."""
    seen = {}
    for name in modules():
        module = importlib.import_module(name)
        named = set(vars(module).get("__all__", ()))
        for key, value in inspect.getmembers(module):
            own = getattr(value, "__module__", None) == name or key in named
            if key.startswith("_") or not own or not callable(value):
                continue
            seen.setdefault(f"{value.__module__}.{value.__qualname__}", value)
            if inspect.isclass(value):
                for method, function in vars(value).items():
                    if not method.startswith("_") and callable(function):
                        seen.setdefault(
                            f"{value.__module__}.{value.__qualname__}.{method}", function
                        )
    return seen


MEMBERS = public_members()


@pytest.mark.parametrize("name", list(modules()))
def test_module_says_what_it_holds(name):
    assert len(importlib.import_module(name).__doc__ or "") >= 15


@pytest.mark.parametrize("name", MEMBERS)
def test_public_name_has_a_docstring_with_shapes_where_arrays_go_in(name):
    doc = inspect.getdoc(MEMBERS[name])
    assert doc
    # Nodes of a graph hold arrays of any shape, and a row of the table of sums is no array.
    if inspect.isclass(MEMBERS[name]) or name.startswith(("cs231n.graph.", "cs231n.analysis.")):
        return
    arrays = ARRAYS & set(inspect.signature(MEMBERS[name]).parameters)
    assert not arrays or SAYS_SHAPE.search(doc), f"{sorted(arrays)}: of what shape?"


@pytest.mark.parametrize("name", MEMBERS)
def test_documented_arrays_have_their_shapes(name):
    for entry in entries(inspect.getdoc(MEMBERS[name]) or ""):
        if re.match(r"[\w, ]+ : (ndarray|array\b)(?! of Axes)", entry):
            assert re.search("shape|broadcast", entry), entry


def entries(doc):
    """Each "name : type" line of a docstring together with the indented lines below it."""
    found, margin = [], None
    for line in doc.splitlines():
        indent = len(line) - len(line.lstrip())
        if found and line.strip() and indent > margin:
            found[-1] += " " + line.strip()
        elif " : " in line:
            margin = indent
            found.append(line.strip())
    return found


def test_there_is_something_to_document():
    assert {"cs231n.layers.affine.affine_forward", "cs231n.solver.Solver.train"} <= set(MEMBERS)
