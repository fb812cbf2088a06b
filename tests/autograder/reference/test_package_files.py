"""The files of the package, as kits, the reference and its mutants have them."""

from autograder.reference.package_files import package_files, write_tree


def test_sources_are_listed_and_nothing_built_or_cached_is():
    files = package_files()
    assert {"cs231n/layers/affine.py", "cs231n/datasets/__init__.py"} <= set(files)
    assert not [name for name in files if name.endswith((".so", ".pyc", ".pyd"))]
    assert not [name for name in files if "__pycache__" in name]


def test_a_tree_holds_every_file_and_the_changes(tmp_path):
    write_tree(tmp_path, {"cs231n/layers/affine.py": "changed\n"})
    written = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert written == set(package_files())
    assert (tmp_path / "cs231n/layers/affine.py").read_text() == "changed\n"
