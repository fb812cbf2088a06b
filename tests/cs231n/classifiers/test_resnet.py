"""The residual net's shortcuts; what all chains keep: test_chain_net.py."""

import numpy as np

from cs231n.classifiers import ResNet


def test_residual_net_projects_only_where_the_size_changes():
    net = ResNet((2, 5, 8), widths=(3, 4, 4), num_classes=3)
    kinds = {name: value.shape for name, value in net.params.items() if name.startswith("W")}
    one_by_one = [shape for shape in kinds.values() if shape[2:] == (1, 1)]
    assert one_by_one == [(4, 3, 1, 1), (4, 4, 1, 1)]
    assert len(kinds) - len(one_by_one) == 2 * 3 + 2
    assert len(net.bn_params) == len(kinds) - 1


def test_residual_block_with_silent_body_passes_its_input_on():
    net = ResNet((2, 5, 8), widths=(3, 4, 4), num_classes=3, seed=1)
    for name in net.params:
        if name.startswith(("gamma", "beta")) and name not in ("gamma1", "beta1"):
            net.params[name][...] = 0
    block = net.layers[3]
    x = np.abs(np.random.default_rng(0).standard_normal((2, 3, 5, 8))).astype(np.float32)
    np.testing.assert_array_equal(block.forward(x, net)[0], x)
