import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from cs231n.classifiers import LeNet5, PatternNet
from cs231n.inspection import activation_maps, plot_activation_maps, plot_filters


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_maps_are_named_and_end_in_the_scores():
    net = LeNet5(seed=0)
    X = np.random.default_rng(0).normal(size=(2, 1, 28, 28))
    maps = activation_maps(net, X)
    names = [name for name, _ in maps]
    assert names[:3] == ["1 conv 5x5 x 6 pad 2", "2 relu", "3 pool 2x2 stride 2"]
    assert names[-1] == "11 affine 10"
    assert maps[0][1].shape == (2, 6, 28, 28)
    np.testing.assert_array_equal(maps[1][1], np.maximum(maps[0][1], 0))
    np.testing.assert_array_equal(maps[-1][1], net.loss(X))


def test_maps_are_those_of_test_time():
    net = PatternNet(
        "[(CONV-RELU)*1]*1-SOFTMAX", (1, 4, 6), normalization="batchnorm", num_filters=2, seed=0
    )
    X = np.random.default_rng(1).normal(size=(5, 1, 4, 6))
    net.loss(X, np.zeros(5, dtype=int))
    one, many = activation_maps(net, X[:1])[-1][1], activation_maps(net, X)[-1][1]
    np.testing.assert_allclose(one, many[:1], rtol=1e-5)


def test_all_maps_of_a_layer_share_one_scale():
    maps = np.random.default_rng(2).uniform(size=(5, 4, 6))
    fig, ax = plot_activation_maps(maps, "Five maps", columns=3)
    assert ax.shape == (2, 3)
    assert {a.images[0].get_clim() for a in ax.flat if a.images} == {(0, maps.max())}
    assert [a.get_title() for a in ax.flat] == ["0", "1", "2", "3", "4", ""]
    assert fig.get_suptitle() == "Five maps"
    np.testing.assert_array_equal(ax[1, 1].images[0].get_array(), maps[4])


def test_signed_maps_are_centered_on_zero():
    maps = np.array([[[-3.0, 1.0]], [[0.0, 2.0]]])
    _fig, ax = plot_activation_maps(maps)
    assert ax.shape == (1, 2)
    assert ax[0, 1].images[0].get_clim() == (-3, 3) and ax[0, 1].images[0].get_cmap().name == "PuOr"


def test_dead_maps_can_be_drawn():
    _fig, ax = plot_activation_maps(np.zeros((1, 2, 2)))
    assert ax[0, 0].images[0].get_clim() == (0, 1)


def test_maps_of_a_batch_are_refused():
    with pytest.raises(ValueError, match=r"got \(2, 6, 28, 28\). Pick one image"):
        plot_activation_maps(np.zeros((2, 6, 28, 28)))


def test_first_layer_filters_are_shown_as_color_images():
    w = np.random.default_rng(3).normal(size=(6, 3, 5, 4))
    fig, ax = plot_filters(w, "Six filters", columns=3)
    fig.draw_without_rendering()
    assert ax.get_title() == "Six filters"
    assert (
        ax.title.get_window_extent().y1 <= fig.bbox.y1
        and ax.get_window_extent().y1 <= ax.title.get_window_extent().y0
    )
    shown = ax.images[0].get_array()
    assert shown.shape == (2 * 6, 3 * 5, 3)
    np.testing.assert_allclose(
        shown[6:11, :4], (w[3].transpose(1, 2, 0) - w[3].min()) / np.ptp(w[3])
    )


def test_deeper_filters_are_shown_one_row_each():
    w = np.random.default_rng(4).normal(size=(2, 5, 3, 3))
    _fig, ax = plot_filters(w)
    shown = ax.images[0].get_array()
    assert shown.shape == (2 * 4, 5 * 4)
    np.testing.assert_allclose(shown[4:7, 16:19], (w[1, 4] - w[1, 4].min()) / np.ptp(w[1, 4]))


def test_filters_need_four_axes():
    with pytest.raises(ValueError, match=r"\(F, C, HH, WW\); got \(3, 3\)"):
        plot_filters(np.ones((3, 3)))
