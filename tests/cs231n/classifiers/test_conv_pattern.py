"""The lecture's pattern, read and built; what all chains keep: test_chain_net.py."""

import pytest

from cs231n.classifiers import PatternNet, parse_pattern

PATTERN = "[(CONV-RELU)*2-POOL]*2-(FC-RELU)*1-SOFTMAX"


@pytest.mark.parametrize(
    "pattern, expected",
    [
        ("[(CONV-RELU)*2-POOL]*3-(FC-RELU)*1-SOFTMAX", (2, True, 3, 1)),
        ("[(CONV-RELU)*1]*4-SOFTMAX", (1, False, 4, 0)),
        ("[ (CONV-RELU)*12 - POOL ]*1 - (FC-RELU)*0 - SOFTMAX", (12, True, 1, 0)),
    ],
)
def test_pattern_is_read_as_the_lecture_writes_it(pattern, expected):
    assert parse_pattern(pattern) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "CONV-RELU-SOFTMAX",
        "[(CONV-RELU)*N-POOL]*M-(FC-RELU)*K-SOFTMAX",
        PATTERN + "-POOL",
    ],
)
def test_pattern_of_another_form_is_refused(pattern):
    with pytest.raises(ValueError, match="Write it like"):
        parse_pattern(pattern)


def test_pattern_net_has_the_parameters_that_the_pattern_says():
    net = PatternNet(
        PATTERN, (2, 8, 12), (3, 4), hidden_dim=5, num_classes=3, normalization="batchnorm"
    )
    assert [net.params[f"W{k}"].shape for k in range(1, 7)] == [
        (3, 2, 3, 3),
        (3, 3, 3, 3),
        (4, 3, 3, 3),
        (4, 4, 3, 3),
        (4 * 2 * 3, 5),
        (5, 3),
    ]
    assert [net.params[f"gamma{k}"].shape for k in range(1, 6)] == [(3,), (3,), (4,), (4,), (5,)]
    assert "gamma6" not in net.params and len(net.bn_params) == 5


def test_pattern_net_without_pooling_or_hidden_layers_is_a_stack_of_convolutions():
    net = PatternNet("[(CONV-RELU)*1]*2-SOFTMAX", (1, 3, 4), 2, num_classes=3)
    assert [net.params[f"W{k}"].shape for k in (1, 2, 3)] == [(2, 1, 3, 3), (2, 2, 3, 3), (24, 3)]


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"filter_size": 4}, "an even filter does not keep height and width"),
        ({"num_filters": (8, 8, 8)}, "num_filters needs one number, or one per block, here 2"),
        ({"hidden_dim": ()}, "hidden_dim needs one number, or one per hidden layer, here 1"),
        ({"input_dim": (1, 8, 6)}, "PatternNet: window width 2 with stride 2 does not fit width 3"),
        (
            {"normalization": "layernorm"},
            "normalization must be None or 'batchnorm'; got 'layernorm'",
        ),
    ],
)
def test_settings_that_do_not_fit_the_pattern_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        PatternNet(PATTERN, **settings)
