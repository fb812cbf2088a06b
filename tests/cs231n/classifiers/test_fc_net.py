import subprocess
import sys

import numpy as np
import pytest

from cs231n.classifiers import FullyConnectedNet, TwoLayerNet
from cs231n.gradient_check import check_gradient, eval_numerical_gradient, rel_error


@pytest.fixture
def rng():
    return np.random.default_rng(231)


@pytest.fixture
def ramp_net():
    """The two-layer net with weights on straight lines, whose losses the course promises."""
    N, D, H, C = 3, 5, 50, 7
    net = TwoLayerNet(input_dim=D, hidden_dim=H, num_classes=C)
    net.params["W1"] = np.linspace(-0.7, 0.3, num=D * H).reshape(D, H)
    net.params["b1"] = np.linspace(-0.1, 0.9, num=H)
    net.params["W2"] = np.linspace(-0.3, 0.4, num=H * C).reshape(H, C)
    net.params["b2"] = np.linspace(-0.9, 0.1, num=C)
    return net, np.linspace(-5.5, 4.5, num=N * D).reshape(D, N).T, np.array([0, 5, 1])


def test_two_layer_net_reaches_the_losses_that_the_course_promises(ramp_net):
    net, X, y = ramp_net
    assert abs(net.loss(X, y)[0] - 3.4702243556) < 1e-10
    net.reg = 1.0
    assert abs(net.loss(X, y)[0] - 26.5948426952) < 1e-10


@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_two_layer_net_gradients_are_right(ramp_net, reg):
    net, X, y = ramp_net
    net.reg = reg
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    for name, grad in grads.items():
        numerical = eval_numerical_gradient(
            lambda _: net.loss(X, y)[0], net.params[name], verbose=False
        )
        assert rel_error(numerical, grad, floor=1e-3) < 1e-6, name
        assert check_gradient(lambda _: net.loss(X, y)[0], net.params[name], grad) < 1e-9, name


def test_two_layer_net_starts_with_small_weights_and_zero_biases():
    net = TwoLayerNet(300, 200, 10, weight_scale=1e-2, seed=0)
    assert [net.params[k].shape for k in ("W1", "b1", "W2", "b2")] == [
        (300, 200),
        (200,),
        (200, 10),
        (10,),
    ]
    assert (
        abs(net.params["W1"].std() / 1e-2 - 1) < 0.02
        and abs(net.params["W2"].std() / 1e-2 - 1) < 0.05
    )
    assert not net.params["b1"].any() and not net.params["b2"].any()


def test_scores_carry_no_regularization(ramp_net):
    net, X, _ = ramp_net
    before = net.loss(X)
    net.reg = 10.0
    np.testing.assert_array_equal(net.loss(X), before)


def small(**kwargs):
    settings = {
        "input_dim": 15,
        "num_classes": 6,
        "weight_scale": 5e-2,
        "dtype": np.float64,
        "seed": 2,
    }
    return FullyConnectedNet([8, 7], **settings | kwargs)


SETTINGS = {
    "plain": {},
    "regularized": {"reg": 3.14},
    "batchnorm": {"normalization": "batchnorm"},
    "layernorm": {"normalization": "layernorm", "reg": 0.1},
    "dropout": {"dropout_keep_ratio": 0.6},
    "everything": {"normalization": "batchnorm", "dropout_keep_ratio": 0.8, "reg": 0.2},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_deep_net_gradients_are_right(name, rng):
    net = small(weight_scale="he", **SETTINGS[name])
    X, y = rng.standard_normal((4, 3, 5)), rng.integers(6, size=4)
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    for key, grad in grads.items():
        assert grad.shape == net.params[key].shape
        numerical = eval_numerical_gradient(
            lambda _: net.loss(X, y)[0], net.params[key], verbose=False
        )
        assert np.abs(numerical - grad).max() < 1e-6 * max(1, np.abs(grad).max()), key


@pytest.mark.parametrize("hidden", [[], [9], [9, 8, 7, 6]])
def test_net_of_any_depth_has_the_parameters_of_its_layers(hidden, rng):
    net = FullyConnectedNet(hidden, input_dim=10, num_classes=5, normalization="layernorm", seed=0)
    dims = [10, *hidden, 5]
    shapes = {f"W{i}": (dims[i - 1], dims[i]) for i in range(1, len(dims))}
    shapes |= {f"b{i}": (dims[i],) for i in range(1, len(dims))}
    shapes |= {
        f"{kind}{i}": (dims[i],) for kind in ("gamma", "beta") for i in range(1, len(hidden) + 1)
    }
    assert {name: value.shape for name, value in net.params.items()} == shapes
    assert net.loss(rng.standard_normal((3, 10))).shape == (3, 5)


def test_deep_net_starts_at_the_loss_of_guessing(rng):
    net = FullyConnectedNet([20, 30], input_dim=15, num_classes=10, seed=0)
    assert (
        abs(net.loss(rng.standard_normal((50, 15)), rng.integers(10, size=50))[0] - np.log(10))
        < 1e-3
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_deep_net_computes_in_its_dtype_whatever_the_images_are(dtype, rng):
    net = small(dtype=dtype, **SETTINGS["everything"])
    X, y = rng.integers(256, size=(3, 15)).astype(np.uint8), np.array([0, 1, 2])
    _, grads = net.loss(X, y)
    assert {a.dtype for a in (net.loss(X), *grads.values(), *net.params.values())} == {
        np.dtype(dtype)
    }
    assert X.dtype == np.uint8


def test_only_weights_are_regularized(rng):
    plain, strong = (small(normalization="layernorm", reg=reg) for reg in (0.0, 2.0))
    X, y = rng.standard_normal((3, 15)), np.array([0, 1, 2])
    (loss, grads), (strong_loss, strong_grads) = plain.loss(X, y), strong.loss(X, y)
    weights = [name for name in grads if name.startswith("W")]
    squares = sum(np.sum(plain.params[name] ** 2) for name in weights)
    np.testing.assert_allclose(strong_loss - loss, squares)
    for name in grads:
        expected = 2 * plain.params[name] if name in weights else 0
        np.testing.assert_allclose(strong_grads[name] - grads[name], expected, atol=1e-12)


def test_without_dropout_and_normalization_training_and_test_scores_are_one():
    net = small()
    assert net.bn_params == [] and not net.use_dropout


def test_scores_are_computed_in_test_mode_and_do_not_move_the_running_statistics(rng):
    net = small(**SETTINGS["everything"])
    X, y = rng.standard_normal((5, 15)), rng.integers(6, size=5)
    net.loss(X, y)
    before = [param["running_mean"].copy() for param in net.bn_params]
    np.testing.assert_array_equal(net.loss(X), net.loss(X))
    np.testing.assert_allclose(net.loss(X[:1]), net.loss(X)[:1], rtol=1e-10)
    for param, mean in zip(net.bn_params, before, strict=True):
        np.testing.assert_array_equal(param["running_mean"], mean)


def test_dropout_masks_repeat_with_an_int_seed_and_change_with_a_generator(rng):
    X, y = rng.standard_normal((5, 15)), rng.integers(6, size=5)
    fixed = small(dropout_keep_ratio=0.5, weight_scale=1.0)
    free = small(dropout_keep_ratio=0.5, weight_scale=1.0, seed=np.random.default_rng(2))
    assert fixed.loss(X, y)[0] == fixed.loss(X, y)[0]
    assert free.loss(X, y)[0] != free.loss(X, y)[0]


def test_older_keyword_dropout_means_the_probability_of_keeping():
    assert small(dropout=0.25).dropout_param["p"] == 0.25
    assert not small(dropout=1).use_dropout


def test_equal_seeds_give_equal_nets():
    for name, value in small().params.items():
        np.testing.assert_array_equal(value, small().params[name])
    assert (small(seed=3).params["W1"] != small().params["W1"]).any()


def test_drawing_weights_leaves_the_global_generator_alone(unseeded):
    before = np.random.get_state()[1].copy()
    small(dropout=0.5).loss(np.ones((2, 15)), np.array([0, 1]))
    TwoLayerNet(4, 3, 2)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"normalization": "groupnorm"}, "None, 'batchnorm' or 'layernorm'; got 'groupnorm'"),
        ({"dropout_keep_ratio": 0}, r"in \(0, 1\]; got 0"),
        ({"dropout": 1.5}, "got 1.5"),
    ],
)
def test_settings_that_make_no_net_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=f"^FullyConnectedNet: .*{message}"):
        small(**kwargs)


@pytest.mark.process
def test_nets_without_normalization_do_not_import_it():
    code = (
        "import sys\n"
        "sys.modules['cs231n.layers.normalization'] = sys.modules['cs231n.layers.dropout'] = None\n"
        "import numpy as np; from cs231n.classifiers import FullyConnectedNet\n"
        "print(len(FullyConnectedNet([4], 3, 2).loss(np.ones((2, 3)), np.array([0, 1]))))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "2\n"


def test_star_import_of_the_module_brings_both_nets():
    names = {}
    exec("from cs231n.classifiers.fc_net import *", names)
    assert names["TwoLayerNet"] is TwoLayerNet and names["FullyConnectedNet"] is FullyConnectedNet


def test_net_agrees_with_pytorch(rng):
    torch = pytest.importorskip("torch")
    net = small(normalization="batchnorm", weight_scale="he")
    X, y = rng.standard_normal((6, 15)), rng.integers(6, size=6)
    loss, grads = net.loss(X, y)
    twins = {name: torch.tensor(value, requires_grad=True) for name, value in net.params.items()}
    out = torch.tensor(X)
    for i in (1, 2):
        out = out @ twins[f"W{i}"] + twins[f"b{i}"]
        out = torch.nn.functional.batch_norm(
            out, None, None, twins[f"gamma{i}"], twins[f"beta{i}"], True
        )
        out = torch.relu(out)
    expected = torch.nn.functional.cross_entropy(out @ twins["W3"] + twins["b3"], torch.tensor(y))
    expected.backward()
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-12)
    for name, twin in twins.items():
        np.testing.assert_allclose(grads[name], twin.grad.numpy(), rtol=1e-10, atol=1e-14)
