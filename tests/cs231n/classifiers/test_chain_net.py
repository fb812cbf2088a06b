"""The nets that are chains of layers: the lecture's pattern, LeNet-5 and the residual net."""

import numpy as np
import pytest

from cs231n.checkpoint import load_params, model_state, save_params, set_model_state
from cs231n.classifiers import LeNet5, PatternNet, ResNet
from cs231n.gradient_check import check_gradient
from cs231n.solver import Solver

PATTERN = "[(CONV-RELU)*2-POOL]*2-(FC-RELU)*1-SOFTMAX"


def small_pattern_net(**settings):
    return PatternNet(PATTERN, (2, 8, 12), (3, 4), hidden_dim=5, num_classes=3, **settings)


def small_lenet(**settings):
    return LeNet5((2, 28, 32), num_classes=3, **settings)


def small_resnet(**settings):
    return ResNet((2, 5, 8), widths=(3, 4, 4), num_classes=3, **settings)


NETS = {
    "pattern": (small_pattern_net, (2, 8, 12)),
    "lenet": (small_lenet, (2, 28, 32)),
    "resnet": (small_resnet, (2, 5, 8)),
}
EACH = pytest.mark.parametrize("name", NETS)
NORMALIZED = pytest.mark.parametrize("normalization", [None, "batchnorm"])


def draw(name, N=4, **settings):
    make, shape = NETS[name]
    rng = np.random.default_rng(0)
    return make(seed=1, **settings), rng.standard_normal((N, *shape)), rng.integers(3, size=N)


# LeNet-5 has thousands of rectifiers; with two images none lies within a step of its kink.
@pytest.mark.parametrize(
    "name, normalization, N",
    [
        ("pattern", None, 4),
        ("pattern", "batchnorm", 4),
        ("lenet", None, 2),
        ("resnet", None, 4),
        ("resnet", "batchnorm", 4),
    ],
)
def test_gradients_match_numerical_ones(name, normalization, N, assert_net_gradients):
    net, X, y = draw(name, N, normalization=normalization, reg=0.1, dtype=np.float64)
    assert_net_gradients(net, X, y)


@EACH
def test_gradient_of_the_image_is_left_out_where_it_is_not_needed_and_changes_no_other(name):
    net, X, _y = draw(name, normalization="batchnorm", dtype=np.float64)
    scores, caches = net.forward(X, "train")
    dX, grads = net.backward(scores, caches)
    without, same = net.backward(scores, caches, need_dx=False)
    assert dX.shape == X.shape and without is None and set(grads) == set(same)
    for key, grad in grads.items():
        np.testing.assert_array_equal(same[key], grad)


@EACH
@NORMALIZED
def test_gradient_reaches_the_image_at_test_time(name, normalization):
    net, X, y = draw(name, normalization=normalization, dtype=np.float64)
    net.loss(X, y)
    scores, caches = net.forward(X)
    dscores = np.random.default_rng(2).standard_normal(scores.shape)
    dX, _ = net.backward(dscores, caches)
    assert check_gradient(lambda X: net.forward(X)[0], X, dX, dscores) <= 1e-8


@EACH
def test_penalty_has_one_half_and_leaves_all_but_the_weights_alone(name):
    settings = {"normalization": "batchnorm", "dtype": np.float64}
    (free, X, y), (heavy, _, _) = (draw(name, reg=reg, **settings) for reg in (0, 2))
    weights = [value for key, value in free.params.items() if key.startswith("W")]
    assert heavy.loss(X, y)[0] - free.loss(X, y)[0] == pytest.approx(
        sum(np.sum(W**2) for W in weights)
    )
    grads, heavy_grads = free.loss(X, y)[1], heavy.loss(X, y)[1]
    for key, value in free.params.items():
        expected = grads[key] + (2 * value if key.startswith("W") else 0)
        np.testing.assert_allclose(heavy_grads[key], expected, rtol=1e-9, atol=1e-12)


@EACH
@NORMALIZED
def test_single_precision_stays_single_whatever_the_input(name, normalization):
    net, X, y = draw(name, normalization=normalization)
    _, grads = net.loss(X, y)
    arrays = net.loss(X), *grads.values(), *net.params.values()
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@EACH
def test_running_statistics_are_used_without_labels(name):
    net, X, y = draw(name, normalization="batchnorm", dtype=np.float64)
    net.loss(X, y)
    together = net.loss(X)
    alone = np.concatenate([net.loss(X[n : n + 1]) for n in range(len(X))])
    np.testing.assert_allclose(alone, together, rtol=1e-9, atol=1e-12)


@EACH
def test_weights_and_running_statistics_survive_a_file_in_defect_lost_from_checkpoints(
    name, tmp_path
):
    net, X, y = draw(name, normalization="batchnorm")
    net.loss(X, y)
    save_params(tmp_path / "net.npz", model_state(net))
    other = NETS[name][0](seed=2, normalization="batchnorm")
    set_model_state(other, load_params(tmp_path / "net.npz"))
    np.testing.assert_array_equal(other.loss(X), net.loss(X))


@pytest.mark.parametrize(
    "net",
    [
        PatternNet(
            PATTERN, (2, 8, 12), 8, hidden_dim=20, num_classes=3, normalization="batchnorm", seed=0
        ),
        ResNet((2, 8, 12), widths=(8, 12), num_classes=3, seed=0),
    ],
    ids=["pattern", "resnet"],
)
def test_net_overfits_a_few_images(net):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 2, 8, 12)), rng.integers(3, size=12)
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    solver = Solver(
        net,
        data,
        update_rule="adam",
        optim_config={"learning_rate": 1e-2},
        batch_size=12,
        num_epochs=40,
        num_train_samples=None,
        verbose=False,
        seed=0,
    )
    solver.train()
    assert solver.check_accuracy(X, y) == 1
