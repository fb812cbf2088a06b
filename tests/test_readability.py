"""No line says too much at once: see `benchmarks.readability` for the rules and a table of them."""

import pytest

from benchmarks.readability import PACKAGES, ROOT, find_offenses, tracked_files

FILES = [name for package in PACKAGES for name in tracked_files(package)]
NOT_YET = {
}
"""set of str : files that still break a rule; the list may only get shorter."""


@pytest.mark.parametrize("name", FILES)
def test_no_line_says_too_much(name):
    found = find_offenses((ROOT / name).read_text(encoding="utf-8"), name)
    places = "\n".join(map(str, found))
    if name in NOT_YET:
        assert found, f"{name} is clean now: take it out of NOT_YET"
    else:
        assert not found, places


def test_the_list_of_exceptions_names_files_that_exist():
    assert set(FILES) >= NOT_YET
