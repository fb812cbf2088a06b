import numpy as np
import pytest

from cs231n.analysis import (
    Affine,
    Conv,
    Normalization,
    Pool,
    ReLU,
    alexnet,
    analyze,
    describe,
    lenet5,
    vgg16,
)
from cs231n.classifiers import (
    FullyConnectedNet,
    LeNet5,
    PatternNet,
    ResNet,
    ThreeLayerConvNet,
    TwoLayerNet,
)


def test_alexnet_of_the_paper_with_two_groups():
    table = analyze(alexnet(), (3, 227, 227))
    assert table.parameters == 60_965_224
    assert table.multiply_adds == 724_406_816
    assert [row.out_shape for row in table.rows[1:4]] == [(96, 55, 55), (96, 27, 27), (256, 27, 27)]


def test_alexnet_as_a_single_tower():
    table = analyze(alexnet(groups=1), (3, 227, 227))
    assert table.parameters == 62_378_344
    assert table.multiply_adds == 1_135_256_096


def test_alexnet_does_not_fit_the_size_that_the_paper_prints():
    with pytest.raises(ValueError, match="does not fit height 224.*height 223 or 227 fits"):
        analyze(alexnet(), (3, 224, 224))


def test_vgg16_totals():
    table = analyze(vgg16(), (3, 224, 224))
    assert table.parameters == 138_357_544
    assert table.multiply_adds == 15_470_264_320
    assert table.activations == 15_237_608
    assert table.rows[18].out_shape == (512, 7, 7) and table.rows[18].receptive_field == (212, 212)
    # The first affine layer holds three quarters of the parameters, under one percent of the work.
    assert table.rows[19].parameters / table.parameters > 0.74
    assert table.rows[19].multiply_adds / table.multiply_adds < 0.01


def test_lenet5_totals_with_full_connections():
    table = analyze(lenet5(), (1, 32, 32))
    assert [row.parameters for row in table.rows] == [0, 156, 0, 2_416, 0, 48_120, 10_164, 850]
    assert (table.parameters, table.multiply_adds) == (61_706, 416_520)


def test_lenet5_of_the_package_has_the_same_sums():
    net = analyze(LeNet5(seed=0), (1, 28, 28))
    assert (net.parameters, net.multiply_adds) == (61_706, 416_520)


def count(net):
    return sum(p.size for p in net.params.values())


@pytest.mark.parametrize(
    "net, shape",
    [
        (LeNet5(input_dim=(3, 32, 32), seed=0), (3, 32, 32)),
        (
            PatternNet(
                "[(CONV-RELU)*2-POOL]*2-(FC-RELU)*1-SOFTMAX",
                (3, 8, 12),
                normalization="batchnorm",
                seed=0,
            ),
            (3, 8, 12),
        ),
        (ResNet((3, 16, 16), widths=(4, 8), blocks=2, seed=0), (3, 16, 16)),
        (ThreeLayerConvNet((3, 8, 12), num_filters=5, filter_size=3, seed=0), (3, 8, 12)),
        (TwoLayerNet(12, 5, 3, seed=0), (12,)),
        (FullyConnectedNet([6, 5], 12, 4, normalization="layernorm", seed=0), (12,)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_sums_of_a_net_match_its_arrays(net, shape):
    table = analyze(net, shape)
    assert table.parameters == count(net)
    scores = net.loss(np.zeros((2, *shape)))
    assert table.rows[-1].out_shape == scores.shape[1:]


def test_the_sums_of_a_chain_match_every_output_on_the_way():
    net = PatternNet("[(CONV-RELU)*1-POOL]*2-SOFTMAX", (3, 8, 12), num_filters=(4, 6), seed=0)
    rows = analyze(net, (3, 8, 12)).rows[1:]
    x = np.zeros((1, 3, 8, 12), dtype=np.float32)
    for layer, row in zip(net.layers, rows, strict=True):
        x, _ = layer.forward(x, net)
        assert x.shape[1:] == row.out_shape


def test_describe_writes_the_layers_of_a_net():
    net = FullyConnectedNet([6], 12, 4, normalization="batchnorm", seed=0)
    assert describe(net) == [Affine(6), Normalization(), ReLU(), Affine(4)]
    net = ThreeLayerConvNet((3, 8, 8), num_filters=5, filter_size=3, hidden_dim=7, seed=0)
    assert describe(net) == [
        Conv(5, (3, 3), 1, 1),
        ReLU(),
        Pool((2, 2), 2),
        Affine(7),
        ReLU(),
        Affine(10),
    ]
