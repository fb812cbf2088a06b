import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from cs231n.classifiers import FullyConnectedNet, PatternNet, ResNet, ThreeLayerConvNet
from cs231n.classifiers.chain import Residual
from cs231n.inspection import (
    guided_backpropagation,
    occlusion_map,
    plot_saliency,
    saliency,
    saliency_map,
)
from cs231n.layers import relu_backward


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def pattern_net(seed=0, **settings):
    settings = {
        "num_filters": (3, 4),
        "hidden_dim": 5,
        "num_classes": 4,
        "dtype": np.float64,
    } | settings
    return PatternNet(
        "[(CONV-RELU)*1-POOL]*2-(FC-RELU)*1-SOFTMAX", (2, 8, 12), seed=seed, **settings
    )


def numerical_saliency(net, X, y, pixels, h=1e-6):
    """Central differences of the score of each class y for some pixels of each image."""
    grads = []
    for n, c, i, j in pixels:
        plus, minus = X.copy(), X.copy()
        plus[n, c, i, j] += h
        minus[n, c, i, j] -= h
        grads.append((net.loss(plus)[n, y[n]] - net.loss(minus)[n, y[n]]) / (2 * h))
    return grads


def trained_statistics(net, X, y):
    """Give the normalizations running statistics, so that test mode is not trivial."""
    for _ in range(3):
        net.loss(X, y)
    return net


@pytest.mark.parametrize(
    "net",
    [
        pattern_net(),
        pattern_net(normalization="batchnorm"),
        ResNet((2, 8, 12), widths=(3, 4), num_classes=4, dtype=np.float64, seed=0),
    ],
    ids=["plain", "batchnorm", "residual"],
)
def test_saliency_is_the_numerical_gradient_of_the_score(net):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(3, 2, 8, 12)), np.array([0, 3, 1])
    trained_statistics(net, X, y)
    dX = saliency(net, X, y)
    pixels = list(zip(*(rng.integers(size, size=40) for size in X.shape)))
    expected = numerical_saliency(net, X, y, pixels)
    assert dX.shape == X.shape and np.abs(dX).max() > 0
    np.testing.assert_allclose([dX[p] for p in pixels], expected, rtol=1e-5, atol=1e-8)


def test_without_labels_the_highest_score_is_asked():
    net, X = pattern_net(), np.random.default_rng(2).normal(size=(3, 2, 8, 12))
    np.testing.assert_array_equal(saliency(net, X), saliency(net, X, net.loss(X).argmax(axis=1)))


def test_saliency_does_not_train_the_running_statistics():
    net, X = (
        pattern_net(normalization="batchnorm"),
        np.random.default_rng(3).normal(size=(3, 2, 8, 12)),
    )
    trained_statistics(net, X, np.array([0, 1, 2]))
    before = [p["running_mean"].copy() for p in net.bn_params]
    saliency(net, X), guided_backpropagation(net, X)
    for old, p in zip(before, net.bn_params, strict=True):
        np.testing.assert_array_equal(old, p["running_mean"])


def linear_after_relu(weights):
    """Two pixels, a rectifier on each, and one score that weighs them."""
    net = PatternNet(
        "[(CONV-RELU)*1]*1-SOFTMAX",
        (1, 1, 2),
        num_filters=1,
        filter_size=1,
        num_classes=2,
        dtype=np.float64,
        seed=0,
    )
    net.params["W1"][...] = 1
    net.params["W2"][:, 0] = weights
    return net


def test_guided_backpropagation_drops_what_counts_against_the_class():
    net, X = linear_after_relu([2.0, -3.0]), np.array([[[[1.0, 1.0]]]])
    np.testing.assert_array_equal(saliency(net, X, [0]).ravel(), [2, -3])
    np.testing.assert_array_equal(guided_backpropagation(net, X, [0]).ravel(), [2, 0])


def test_guided_backpropagation_also_keeps_the_rectifiers_own_gate():
    net, X = linear_after_relu([2.0, 5.0]), np.array([[[[-1.0, 1.0]]]])
    np.testing.assert_array_equal(guided_backpropagation(net, X, [0]).ravel(), [0, 5])


def test_guided_backpropagation_reaches_rectifiers_inside_residual_blocks():
    net, X = linear_after_relu([2.0, -3.0]), np.array([[[[1.0, 1.0]]]])
    _, relu, affine = net.layers
    net.layers = [Residual([relu]), affine]
    # The body passes back 2 and drops -3, the shortcut passes back both.
    np.testing.assert_array_equal(guided_backpropagation(net, X, [0]).ravel(), [4, -3])
    np.testing.assert_array_equal(saliency(net, X, [0]).ravel(), [4, -6])
    assert net.layers[0].body == [relu] and relu.functions[1] is relu_backward


def test_the_map_takes_the_largest_absolute_channel():
    dX = np.array([[[[1.0, -2.0]], [[-3.0, 0.5]]]])
    np.testing.assert_array_equal(saliency_map(dX), [[[3, 2]]])


@pytest.mark.parametrize("ask", [saliency, guided_backpropagation])
def test_a_net_that_keeps_the_gradient_of_the_image_is_named_with_a_way_out(ask):
    net = ThreeLayerConvNet((3, 8, 8), num_filters=4, filter_size=3, hidden_dim=6, seed=0)
    with pytest.raises(
        TypeError, match="a ThreeLayerConvNet does not pass gradients back.*PatternNet"
    ):
        ask(net, np.zeros((1, 3, 8, 8)))


def test_the_way_out_for_the_three_layer_net_works():
    net = ThreeLayerConvNet(
        (3, 8, 8),
        num_filters=4,
        filter_size=3,
        hidden_dim=6,
        weight_scale=0.3,
        dtype=np.float64,
        seed=0,
    )
    chain = PatternNet(
        "[(CONV-RELU)*1-POOL]*1-(FC-RELU)*1-SOFTMAX",
        (3, 8, 8),
        num_filters=4,
        filter_size=3,
        hidden_dim=6,
        dtype=np.float64,
        seed=1,
    )
    chain.params = net.params
    X = np.random.default_rng(5).normal(size=(2, 3, 8, 8))
    np.testing.assert_allclose(chain.loss(X), net.loss(X))
    pixels = [(0, 0, 3, 4), (1, 2, 7, 0)]
    dX = saliency(chain, X, [1, 2])
    np.testing.assert_allclose(
        [dX[p] for p in pixels], numerical_saliency(net, X, [1, 2], pixels), rtol=1e-5
    )


def test_labels_must_be_one_per_image():
    with pytest.raises(ValueError, match=r"one label per image, shape \(2,\); got \(1,\)"):
        saliency(pattern_net(), np.zeros((2, 2, 8, 12)), [0])


class BrightCorner:
    """Scores that can be checked by eye: the sum over one square, and its negative."""

    def loss(self, X):
        total = X[:, :, 4:8, 0:4].sum(axis=(1, 2, 3))
        return np.stack([total, -total], axis=1)


def test_occlusion_finds_the_square_that_the_score_depends_on():
    x = np.ones((2, 8, 12))
    drop = occlusion_map(BrightCorner(), x, size=4, stride=4)
    np.testing.assert_array_equal(drop, [[0, 0, 0], [32, 0, 0]])
    np.testing.assert_array_equal(occlusion_map(BrightCorner(), x, y=1, size=4, stride=4), -drop)


def test_occlusion_overlaps_with_a_smaller_stride_and_cuts_at_the_border():
    drop = occlusion_map(BrightCorner(), np.ones((2, 8, 12)), size=4, stride=2)
    assert drop.shape == (4, 6)
    np.testing.assert_array_equal(drop[:, :3], [[0, 0, 0], [16, 8, 0], [32, 16, 0], [16, 8, 0]])


def test_occlusion_fills_with_what_it_is_given_and_leaves_the_image_alone():
    x = np.ones((2, 8, 12))
    fill = np.array([3.0, 1.0]).reshape(2, 1, 1)
    assert occlusion_map(BrightCorner(), x, size=4, stride=4, fill=fill)[1, 0] == 32 - 64
    np.testing.assert_array_equal(x, 1)


def test_occlusion_works_in_batches_and_for_fully_connected_nets():
    net = FullyConnectedNet([6], 2 * 20 * 20, 3, dtype=np.float64, weight_scale=0.1, seed=0)
    x = np.random.default_rng(6).normal(size=(2, 20, 20))
    drop = occlusion_map(net, x, y=2, size=5, stride=1)
    covered = x.copy()
    covered[:, 17:, 4:9] = 0
    np.testing.assert_allclose(drop[17, 4], net.loss(x[None])[0, 2] - net.loss(covered[None])[0, 2])


def test_occlusion_wants_one_image():
    with pytest.raises(ValueError, match=r"one image of shape \(C, H, W\); got \(1, 2, 8, 12\)"):
        occlusion_map(BrightCorner(), np.ones((1, 2, 8, 12)))


def test_the_figure_shows_images_over_magnitudes_and_signed_maps():
    X = np.random.default_rng(7).normal(size=(3, 3, 8, 12))
    signed = [np.array([[-2.0, 1.0]])] * 3
    _fig, ax = plot_saliency(
        X, {"saliency": np.ones((3, 8, 12)), "occlusion": signed}, ["a", "b", "c"]
    )
    assert ax.shape == (3, 3)
    assert [a.get_ylabel() for a in ax[:, 0]] == ["image", "saliency", "occlusion"]
    assert [a.get_title() for a in ax[0]] == ["a", "b", "c"]
    assert ax[1, 0].images[0].get_cmap().name == "cividis" and ax[1, 0].images[0].get_clim() == (
        0,
        1,
    )
    assert ax[2, 0].images[0].get_cmap().name == "PuOr" and ax[2, 0].images[0].get_clim() == (-2, 2)
    # A coarse map lies over the same pixels as the image.
    assert list(ax[2, 0].images[0].get_extent()) == list(ax[0, 0].images[0].get_extent())


def test_gray_images_and_empty_maps_can_be_shown():
    _fig, ax = plot_saliency(np.ones((1, 1, 4, 4)), {"nothing": np.zeros((1, 4, 4))})
    assert ax[1, 0].images[0].get_clim() == (0, 1)
