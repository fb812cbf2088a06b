"""What a sandbox shows of this machine, and which packages it never shows."""

import pytest

from autograder.sandbox.mounts import belongs_to, notebook_packages, open_parts, packages


def test_a_library_and_what_is_beside_it_belong_to_its_name():
    assert belongs_to("/packages/scipy", ["scipy"])
    assert belongs_to("/packages/scipy.libs", ["scipy"])
    assert not belongs_to("/packages/numpy", ["scipy"])


def test_a_folder_is_opened_whole_where_nothing_in_it_stays_closed(tmp_path):
    assert open_parts(tmp_path, []) == [tmp_path]
    assert open_parts(tmp_path, [tmp_path]) == []


def test_parts_beside_a_closed_folder_are_opened_and_links_are_not(tmp_path):
    for name in ("lib/site-packages", "lib/json", "bin"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lib" / "link").symlink_to(tmp_path / "lib" / "site-packages")
    parts = open_parts(tmp_path, [tmp_path / "lib" / "site-packages"])
    assert set(parts) == {tmp_path / "lib" / "json", tmp_path / "bin"}


@pytest.mark.parametrize("shown", [packages, notebook_packages])
def test_neither_the_reference_nor_the_pipeline_is_shown(shown):
    names = {path.rpartition("/")[2] for path in shown()}
    assert names and not names & {"cs231n", "autograder"}
