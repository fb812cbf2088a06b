import warnings

import pytest

from cs231n.classifiers import FullyConnectedNet
from cs231n.compat.keywords import net_settings


@pytest.mark.parametrize(
    "given, expected",
    [
        ((0.3, "layernorm", None, None), (0.3, "layernorm")),
        ((1, None, 0.75, None), (0.75, None)),  # 2018 to 2020: keep three quarters
        ((1, None, 0.25, False), (0.75, None)),  # 2016 and 2017: drop one quarter
        ((1, None, 0, True), (1, "batchnorm")),
        ((1, None, None, True), (1, "batchnorm")),
        ((1, None, None, False), (1, None)),
    ],
)
def test_keywords_of_each_year_are_read_as_they_were_meant(given, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert net_settings(*given) == expected


def test_no_dropout_as_2016_wrote_it_says_how_other_values_are_read():
    with pytest.warns(UserWarning, match="dropout_keep_ratio=1 - dropout"):
        model = FullyConnectedNet([4], 6, 3, dropout=0)
    assert not model.use_dropout


def test_use_batchnorm_makes_a_normalized_net():
    model = FullyConnectedNet([4], 6, 3, use_batchnorm=True, seed=0)
    assert model.normalization == "batchnorm" and "gamma1" in model.params
    assert FullyConnectedNet([4], 6, 3, use_batchnorm=False, seed=0).normalization is None
