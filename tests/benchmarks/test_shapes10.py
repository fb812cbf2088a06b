"""The classifiers of the script learn; what they reach on shapes10 is for the script to say."""

import numpy as np
import pytest

from benchmarks import shapes10


@pytest.fixture(scope="module")
def clusters():
    """Easy random images in the shape of the data set."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(10, 3, 32, 32))
    data = {}
    for split in ("train", "val", "test"):
        y = np.arange(60) % 10
        data[f"y_{split}"] = y
        noise = rng.normal(size=(60, 3, 32, 32))
        data[f"X_{split}"] = (centers[y] + 0.3 * noise).astype(np.float32)
    return data


@pytest.mark.parametrize("classify", [shapes10.nearest_neighbors, shapes10.two_layer_net])
def test_easy_images_are_told_apart(classify, clusters):
    before = {key: array.copy() for key, array in clusters.items()}
    assert classify(clusters) > 0.9
    for key, array in clusters.items():
        np.testing.assert_array_equal(array, before[key])


def test_images_become_rows():
    assert shapes10.flat(np.zeros((5, 3, 4, 2))).shape == (5, 24)
