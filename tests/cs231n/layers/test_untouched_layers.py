"""Layers that a student has not written yet say so, and do not get in the way of the others."""

import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import cs231n.layers

FOLDER = Path(cs231n.layers.__file__).parent
REGION = re.compile(r"^( *)### BEGIN SOLUTION\n.*?### END SOLUTION$", re.MULTILINE | re.DOTALL)

rows, images = np.ones((4, 3)), np.ones((2, 4, 3, 5))
w, b, conv_param = np.ones((2, 4, 2, 3)), np.ones(2), {"stride": 1, "pad": 0}
pool_param = {"pool_height": 2, "pool_width": 3, "stride": 1}
ones, ones4, group = np.ones(3), np.ones(4), np.ones((1, 4, 1, 1))
train = {"mode": "train", "p": 0.5}
test = {"mode": "test", "p": 0.5}

EXERCISES = {
    "convolution": [
        ("conv_forward_naive", (images, w, b, conv_param)),
        ("conv_backward_naive", (np.ones((2, 2, 2, 3)), (images, w, b, conv_param))),
    ],
    "convolution_1x1": [
        ("conv_1x1_forward", (images, w[:, :, 0, 0], b)),
        ("conv_1x1_backward", (np.ones((2, 2, 3, 5)), (images, w[:, :, 0, 0], b))),
    ],
    "columns": [
        ("im2col_naive", (images, 2, 3)),
        ("col2im_naive", (np.ones((24, 12)), images.shape, 2, 3)),
        ("conv_forward_matmul", (images, w, b, conv_param)),
        (
            "conv_backward_matmul",
            (np.ones((2, 2, 2, 3)), (images, w, b, conv_param, np.ones((24, 12)))),
        ),
    ],
    "pooling": [
        ("max_pool_forward_naive", (images, pool_param)),
        ("max_pool_backward_naive", (np.ones((2, 4, 2, 3)), (images, pool_param))),
        ("avg_pool_forward_naive", (images, pool_param)),
        ("avg_pool_backward_naive", (np.ones((2, 4, 2, 3)), (images, pool_param))),
    ],
    "normalization": [
        ("batchnorm_forward", (rows, ones, ones, dict(train))),
        ("batchnorm_forward", (rows, ones, ones, dict(test))),
        ("batchnorm_backward", (rows, (rows, ones, ones, "train"))),
        ("batchnorm_backward_alt", (rows, (rows, ones, ones, "train"))),
        ("layernorm_forward", (rows, ones, ones, {})),
        ("layernorm_backward", (rows, (rows, np.ones((4, 1)), ones))),
        ("spatial_batchnorm_forward", (images, ones4, ones4, dict(train))),
        ("spatial_batchnorm_backward", (images, (np.ones((30, 4)), ones4, ones4, "train"))),
        ("spatial_groupnorm_forward", (images, group, group, 2, {})),
        ("spatial_groupnorm_backward", (images, (images, np.ones((2, 2, 1)), group, 2))),
    ],
    "dropout": [
        ("dropout_forward", (rows, train)),
        ("dropout_forward", (rows, test)),
        ("dropout_backward", (rows, (train, rows))),
        ("dropout_backward", (rows, (test, None))),
    ],
}


def untouched(name):
    """A module of the layers without its solutions."""
    cleared, count = REGION.subn(
        r"\1raise NotImplementedError", FOLDER.joinpath(f"{name}.py").read_text()
    )
    assert count and "SOLUTION" not in cleared
    module = ModuleType(f"cs231n.layers.{name}")
    module.__package__ = "cs231n.layers"
    exec(compile(cleared, f"{name}.py", "exec"), vars(module))
    return module


@pytest.mark.parametrize(
    "name, function, arguments",
    [
        (name, function, arguments)
        for name, calls in EXERCISES.items()
        for function, arguments in calls
    ],
)
def test_untouched_layer_says_so_instead_of_returning_zeros(name, function, arguments):
    with pytest.raises(NotImplementedError):
        getattr(untouched(name), function)(*arguments)
    # The same call runs with the reference, so nothing but the empty region stopped it.
    getattr(cs231n.layers, function)(*arguments)
