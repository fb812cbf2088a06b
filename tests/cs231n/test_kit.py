"""The manifest of a student kit."""

import json

import pytest

from cs231n.errors import UserError
from cs231n.kit import find_kit

MANIFEST = {
    "assignment": "assignment2",
    "exercises": {"affine_forward": 4},
    "hand_in": ["a.py", "b.ipynb"],
}


def test_a_kit_knows_its_assignment_points_and_files(tmp_path):
    (tmp_path / "kit.json").write_text(json.dumps(MANIFEST))
    kit = find_kit(tmp_path)
    assert (kit.root, kit.assignment, kit.exercises) == (
        tmp_path,
        "assignment2",
        {"affine_forward": 4},
    )
    assert kit.submission_files == ("a.py", "b.ipynb")


def test_a_folder_without_a_manifest_is_no_kit(tmp_path):
    assert find_kit(tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", json.dumps(MANIFEST)[:-3], json.dumps(MANIFEST | {"hand_in": 1})]
)
def test_a_damaged_manifest_says_to_get_the_kit_again(tmp_path, text):
    (tmp_path / "kit.json").write_text(text)
    with pytest.raises(UserError, match="kit.json: damaged .* get the kit again"):
        find_kit(tmp_path)
