"""The stand-ins keep the layers' contract, feel every argument, and are not the layers."""

import numpy as np
import pytest

from cs231n import layers
from cs231n.check.stand_ins import _layers

FUNCTIONS = {name: function for module in _layers().values() for name, function in module.items()}


def arguments(name):
    rng = np.random.default_rng(0)
    if name.endswith("loss"):
        return [rng.standard_normal((4, 3)), np.array([0, 2, 1, 1])]
    if name.startswith("affine"):
        return [rng.standard_normal((4, 2, 3)), rng.standard_normal((6, 5)), rng.standard_normal(5)]
    if name.startswith("conv"):
        return [rng.standard_normal(shape) for shape in ((2, 2, 4, 3), (3, 2, 3, 2), (3,))] + [
            {"stride": 1, "pad": 1}
        ]
    if "pool" in name:
        return [rng.standard_normal((2, 3, 4, 5)), {"pool_height": 2, "pool_width": 3, "stride": 2}]
    return [rng.standard_normal((4, 5))]


def flat(result):
    return np.concatenate(
        [np.ravel(part) for part in result if isinstance(part, (np.ndarray, float))]
    )


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if "backward" not in n])
def test_every_element_of_every_argument_matters(name):
    before = flat(FUNCTIONS[name](*arguments(name)))
    for k, argument in enumerate(arguments(name)):
        for index in np.ndindex(np.shape(argument) if not isinstance(argument, dict) else (0,)):
            changed = arguments(name)
            changed[k][index] += 1
            assert not np.allclose(flat(FUNCTIONS[name](*changed)), before, rtol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_stand_ins_have_the_shapes_of_the_layers_and_other_values(name):
    forward = name.replace("backward", "forward")
    real, mock = (
        space(forward)(*arguments(name))
        for space in (lambda n: getattr(layers, n), FUNCTIONS.__getitem__)
    )
    if "backward" in name:
        dout = np.ones_like(real[0])
        real, mock = getattr(layers, name)(dout, real[1]), FUNCTIONS[name](dout, mock[1])
        real, mock = (part if isinstance(part, tuple) else (part,) for part in (real, mock))
    else:
        real, mock = (
            real[:1] if "forward" in name else real,
            mock[:1] if "forward" in name else mock,
        )
    for a, b in zip(real, mock, strict=True):
        if isinstance(a, np.ndarray):
            assert a.shape == b.shape and a.dtype == b.dtype
            assert not np.allclose(a, b)
