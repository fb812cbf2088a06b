"""No line says too much at once: see `benchmarks.readability` for the rules and a table of them."""

import pytest

from benchmarks.readability import PACKAGES, ROOT, find_offenses, tracked_files

FILES = [name for package in PACKAGES for name in tracked_files(package)]


@pytest.mark.parametrize("name", FILES)
def test_no_line_says_too_much(name):
    found = find_offenses((ROOT / name).read_text(encoding="utf-8"), name)
    assert not found, "\n".join(map(str, found))
