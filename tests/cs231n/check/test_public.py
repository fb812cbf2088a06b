"""What ships in place of the reference: its results on the public cases, and fingerprints."""

import numpy as np
import pytest

from cs231n.check import EXERCISES
from cs231n.check.public import (
    MissingResultsError,
    load_public_results,
    save_public_results,
)

RELU = EXERCISES["relu_forward"]


def test_results_come_back_as_they_were_saved(tmp_path):
    arrays = [{"out": np.full((2, 3), number)} for number, _ in enumerate(RELU.draw())]
    mistakes = [{"name": "a", "message": "b", "marks": {"forward": {"out": [None, [[2], 0.5]]}}}]
    path = tmp_path / "new" / "activations.npz"
    save_public_results(path, {RELU.id: {"forward": arrays}}, {RELU.id: mistakes})
    expected, found = load_public_results(RELU, "activations", path.parent)
    assert found == mistakes and list(expected) == ["forward"]
    for saved, loaded in zip(arrays, expected["forward"], strict=True):
        np.testing.assert_array_equal(saved["out"], loaded["out"])


def test_a_family_without_a_file_is_named(tmp_path):
    with pytest.raises(MissingResultsError, match=r"relu_forward: .*activations\.npz"):
        load_public_results(RELU, "activations", tmp_path)


def test_an_exercise_that_the_file_lacks_is_named(tmp_path):
    save_public_results(tmp_path / "activations.npz", {}, {})
    with pytest.raises(MissingResultsError, match="relu_forward: not among the public results"):
        load_public_results(RELU, "activations", tmp_path)
