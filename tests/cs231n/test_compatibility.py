"""What notebooks written for the assignments of 2018 to 2026 import, call and expect.

The sequences are those of the notebooks, the words and the data are not. Data come from a
generator seeded with 231, as there; the global generator belongs to the caller, and the last test
sees that nobody else draws.
"""

import inspect
from functools import partial
from importlib import import_module

import numpy as np
import pytest
from scipy.signal import correlate

from cs231n.gradient_check import rel_error

IMPORTS = """
from cs231n.data_utils import load_CIFAR10
from cs231n.data_utils import get_CIFAR10_data, load_CIFAR_batch
from cs231n.classifiers import KNearestNeighbor
from cs231n.classifiers.k_nearest_neighbor import KNearestNeighbor
from cs231n.classifiers.linear_svm import svm_loss_naive
from cs231n.classifiers.linear_svm import svm_loss_vectorized
from cs231n.classifiers.softmax import softmax_loss_naive
from cs231n.classifiers.softmax import softmax_loss_vectorized
from cs231n.classifiers import LinearSVM
from cs231n.classifiers import Softmax
from cs231n.classifiers.linear_classifier import LinearClassifier, LinearSVM, Softmax
from cs231n.gradient_check import grad_check_sparse
from cs231n.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array
from cs231n.classifiers.fc_net import TwoLayerNet
from cs231n.classifiers.fc_net import *; TwoLayerNet, FullyConnectedNet
from cs231n.classifiers.cnn import *; ThreeLayerConvNet
from cs231n.classifiers import *; KNearestNeighbor, LinearSVM, Softmax, TwoLayerNet, \
ThreeLayerConvNet
from cs231n.layers import *; affine_forward, batchnorm_backward_alt, conv_forward_naive, svm_loss
from cs231n.layer_utils import *; affine_relu_forward, conv_relu_backward, conv_relu_pool_backward
from cs231n.layer_utils import conv_relu_pool_forward, conv_relu_pool_backward
from cs231n.layer_utils import conv_bn_relu_forward, conv_bn_relu_backward
from cs231n.fast_layers import conv_forward_fast, conv_backward_fast
from cs231n.fast_layers import max_pool_forward_fast, max_pool_backward_fast
from cs231n.fast_layers import conv_forward_im2col, conv_backward_im2col
from cs231n.fast_layers import conv_forward_strides, conv_backward_strides
from cs231n.fast_layers import max_pool_forward_reshape, max_pool_backward_reshape
from cs231n.fast_layers import max_pool_forward_im2col, max_pool_backward_im2col
from cs231n.fast_layers import *; conv_forward_fast, max_pool_backward_fast
from cs231n.im2col import *; get_im2col_indices, im2col_indices, col2im_indices
from cs231n.im2col_cython import col2im_cython, im2col_cython
from cs231n.im2col_cython import col2im_6d_cython
from cs231n.features import *; extract_features, rgb2gray, hog_feature, color_histogram_hsv
from cs231n.features import color_histogram_hsv, hog_feature
from cs231n.optim import sgd_momentum
from cs231n.optim import rmsprop, adam
from cs231n.solver import Solver
from cs231n.vis_utils import visualize_grid
from cs231n import optim
"""

SIGNATURES = """
layers.affine_forward(x, w, b)
layers.affine_backward(dout, cache)
layers.relu_forward(x)
layers.relu_backward(dout, cache)
layers.softmax_loss(x, y)
layers.svm_loss(x, y)
layers.batchnorm_forward(x, gamma, beta, bn_param)
layers.batchnorm_backward(dout, cache)
layers.batchnorm_backward_alt(dout, cache)
layers.layernorm_forward(x, gamma, beta, ln_param)
layers.layernorm_backward(dout, cache)
layers.dropout_forward(x, dropout_param)
layers.dropout_backward(dout, cache)
layers.conv_forward_naive(x, w, b, conv_param)
layers.conv_backward_naive(dout, cache)
layers.max_pool_forward_naive(x, pool_param)
layers.max_pool_backward_naive(dout, cache)
layers.spatial_batchnorm_forward(x, gamma, beta, bn_param)
layers.spatial_batchnorm_backward(dout, cache)
layers.spatial_groupnorm_forward(x, gamma, beta, G, gn_param)
layers.spatial_groupnorm_backward(dout, cache)
layer_utils.affine_relu_forward(x, w, b)
layer_utils.affine_relu_backward(dout, cache)
layer_utils.conv_relu_forward(x, w, b, conv_param)
layer_utils.conv_relu_backward(dout, cache)
layer_utils.conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param)
layer_utils.conv_bn_relu_backward(dout, cache)
layer_utils.conv_relu_pool_forward(x, w, b, conv_param, pool_param)
layer_utils.conv_relu_pool_backward(dout, cache)
fast_layers.conv_forward_fast(x, w, b, conv_param)
fast_layers.conv_backward_fast(dout, cache)
fast_layers.max_pool_forward_fast(x, pool_param)
fast_layers.max_pool_backward_fast(dout, cache)
im2col.get_im2col_indices(x_shape, field_height, field_width, padding=1, stride=1)
im2col.im2col_indices(x, field_height, field_width, padding=1, stride=1)
im2col.col2im_indices(cols, x_shape, field_height=3, field_width=3, padding=1, stride=1)
im2col_cython.im2col_cython(x, field_height, field_width, padding, stride)
im2col_cython.col2im_cython(cols, N, C, H, W, field_height, field_width, padding, stride)
im2col_cython.col2im_6d_cython(cols, N, C, H, W, HH, WW, pad, stride)
gradient_check.eval_numerical_gradient(f, x, verbose=True)
gradient_check.eval_numerical_gradient_array(f, x, df)
gradient_check.grad_check_sparse(f, x, analytic_grad, num_checks=10)
optim.sgd(w, dw, config=None)
optim.sgd_momentum(w, dw, config=None)
optim.rmsprop(w, dw, config=None)
optim.adam(w, dw, config=None)
solver.Solver.check_accuracy(self, X, y, num_samples=None, batch_size=100)
solver.Solver.train(self)
classifiers.KNearestNeighbor.train(self, X, y)
classifiers.KNearestNeighbor.predict(self, X, k=1, num_loops=0)
classifiers.KNearestNeighbor.compute_distances_two_loops(self, X)
classifiers.KNearestNeighbor.compute_distances_one_loop(self, X)
classifiers.KNearestNeighbor.compute_distances_no_loops(self, X)
classifiers.KNearestNeighbor.predict_labels(self, dists, k=1)
classifiers.LinearClassifier.train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, \
batch_size=200, verbose=False)
classifiers.LinearClassifier.predict(self, X)
classifiers.LinearClassifier.loss(self, X_batch, y_batch, reg)
classifiers.linear_svm.svm_loss_naive(W, X, y, reg)
classifiers.linear_svm.svm_loss_vectorized(W, X, y, reg)
classifiers.softmax.softmax_loss_naive(W, X, y, reg)
classifiers.softmax.softmax_loss_vectorized(W, X, y, reg)
classifiers.TwoLayerNet(input_dim=3072, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0)
classifiers.TwoLayerNet.loss(self, X, y=None)
classifiers.FullyConnectedNet(hidden_dims, input_dim=3072, num_classes=10, dropout_keep_ratio=1, \
normalization=None, reg=0.0, weight_scale=1e-2, dtype=np.float32, seed=None)
classifiers.FullyConnectedNet.loss(self, X, y=None)
classifiers.ThreeLayerConvNet(input_dim=(3, 32, 32), num_filters=32, filter_size=7, \
hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0, dtype=np.float32)
classifiers.ThreeLayerConvNet.loss(self, X, y=None)
data_utils.load_CIFAR_batch(filename)
data_utils.load_CIFAR10(ROOT)
data_utils.get_CIFAR10_data(num_training=49000, num_validation=1000, num_test=1000, \
subtract_mean=True)
features.extract_features(imgs, feature_fns, verbose=False)
features.rgb2gray(rgb)
features.hog_feature(im)
features.color_histogram_hsv(im, nbin=10, xmin=0, xmax=255, normalized=True)
vis_utils.visualize_grid(Xs, ubound=255.0, padding=1)
"""


def lines(text):
    return [line for line in text.splitlines() if line]


@pytest.fixture
def rng():
    return np.random.RandomState(231)


@pytest.mark.parametrize("line", lines(IMPORTS))
def test_import_line_of_existing_notebooks_works(line):
    exec(line, {})


@pytest.mark.parametrize("line", lines(SIGNATURES))
def test_signature_begins_with_the_known_parameters_and_defaults(line):
    path, known = line.split("(", 1)
    module, *names = path.split(".")
    owner = import_module(f"cs231n.{module}")
    for name in names:
        owner = getattr(owner, name, None) or import_module(f"{owner.__name__}.{name}")
    expected = inspect.signature(eval(f"lambda {known[:-1]}: None", {"np": np})).parameters.values()
    actual = list(inspect.signature(owner).parameters.values())
    assert [(p.name, p.default) for p in actual[: len(expected)]] == [
        (p.name, p.default) for p in expected
    ]
    # Whatever comes after them must not be asked of a caller who does not know it.
    more = actual[len(expected) :]
    assert all(p.default is not p.empty or p.kind is p.VAR_KEYWORD for p in more)


def test_step_of_numerical_gradients_can_be_given_by_its_old_name():
    from cs231n.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array

    x = np.array([1.0, -2.0])
    assert (
        rel_error(eval_numerical_gradient(lambda x: (x**2).sum(), x, verbose=False, h=1e-5), 2 * x)
        < 1e-9
    )
    assert (
        rel_error(eval_numerical_gradient_array(lambda x: x**2, x, np.ones(2), h=1e-5), 2 * x)
        < 1e-9
    )


def test_nearest_neighbor_notebook_runs(rng):
    from cs231n.classifiers import KNearestNeighbor

    centers = 40 * rng.randn(5, 24)
    X_train, X_test = (np.repeat(centers, count, axis=0) for count in (20, 3))
    X_train, X_test = X_train + rng.randn(*X_train.shape), X_test + rng.randn(*X_test.shape)
    y_train, y_test = np.repeat(np.arange(5), 20), np.repeat(np.arange(5), 3)
    classifier = KNearestNeighbor()
    classifier.train(X_train, y_train)
    dists = classifier.compute_distances_two_loops(X_test)
    assert dists.shape == (15, 100)
    for how in ("one_loop", "no_loops"):
        other = getattr(classifier, f"compute_distances_{how}")(X_test)
        assert np.linalg.norm(dists - other, ord="fro") < 0.001
    assert np.mean(classifier.predict_labels(dists, k=1) == y_test) == 1
    X_folds, y_folds = np.array_split(X_train, 5), np.array_split(y_train, 5)
    classifier.train(np.concatenate(X_folds[1:]), np.concatenate(y_folds[1:]))
    assert classifier.predict(X_folds[0], k=3, num_loops=0).shape == y_folds[0].shape


@pytest.mark.parametrize("kind, start", [("svm", 9.0), ("softmax", np.log(10))])
def test_linear_classifier_notebooks_run(kind, start, rng, capsys):
    module = import_module(f"cs231n.classifiers.{'linear_svm' if kind == 'svm' else kind}")
    naive, vectorized = (getattr(module, f"{kind}_loss_{how}") for how in ("naive", "vectorized"))
    from cs231n.classifiers import LinearSVM, Softmax
    from cs231n.gradient_check import grad_check_sparse

    X, y = np.hstack([rng.randn(200, 30), np.ones((200, 1))]), rng.randint(10, size=200)
    W = rng.randn(31, 10) * 0.0001
    loss, grad = naive(W, X, y, 0.000005)
    assert loss == pytest.approx(start, abs=0.01)
    checks = grad_check_sparse(lambda w: naive(w, X, y, 5e1)[0], W, naive(W, X, y, 5e1)[1])
    assert max(check.error for check in checks) <= 1e-7
    assert capsys.readouterr().out.count("relative error") == 10
    loss_vectorized, grad_vectorized = vectorized(W, X, y, 0.000005)
    assert abs(loss - loss_vectorized) < 1e-12
    assert np.linalg.norm(grad - grad_vectorized, ord="fro") < 1e-12

    classifier = (LinearSVM if kind == "svm" else Softmax)()
    y = np.argmax(X[:, :10], axis=1)
    history = classifier.train(X, y, learning_rate=0.05, reg=1e-4, num_iters=300, verbose=True)
    assert "iteration 0 / 300: loss" in capsys.readouterr().out
    assert len(history) == 300 and history[-1] < 0.5 * history[0]
    assert classifier.W.shape == (31, 10) and classifier.W[:-1, :].reshape(5, 6, 10).shape == (
        5,
        6,
        10,
    )
    assert np.mean(classifier.predict(X) == y) > 0.8


def test_layers_meet_the_errors_that_the_notebooks_promise(rng):
    from cs231n.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array
    from cs231n.layers import (
        affine_backward,
        affine_forward,
        relu_backward,
        relu_forward,
        softmax_loss,
        svm_loss,
    )

    x = np.linspace(-0.1, 0.5, num=2 * 120).reshape(2, 4, 5, 6)
    w = np.linspace(-0.2, 0.3, num=120 * 3).reshape(120, 3)
    out, _ = affine_forward(x, w, np.linspace(-0.3, 0.1, num=3))
    # Printed in the notebooks to eight digits.
    printed = np.array([[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]])
    assert rel_error(out, printed) < 2e-9

    x, w, b, dout = rng.randn(10, 2, 3), rng.randn(6, 5), rng.randn(5), rng.randn(10, 5)
    gradients = affine_backward(dout, affine_forward(x, w, b)[1])
    for array, gradient in zip((x, w, b), gradients):
        numerical = eval_numerical_gradient_array(lambda _: affine_forward(x, w, b)[0], array, dout)
        assert rel_error(numerical, gradient) < 1e-9

    x, dout = rng.randn(10, 10), rng.randn(10, 10)
    out, cache = relu_forward(x)
    assert cache is x and rel_error(out, np.where(x > 0, x, 0)) < 1e-12
    assert (
        rel_error(
            eval_numerical_gradient_array(lambda x: relu_forward(x)[0], x, dout),
            relu_backward(dout, cache),
        )
        < 1e-10
    )

    x, y = 0.001 * rng.randn(50, 10), rng.randint(10, size=50)
    for layer, start in ((svm_loss, 9.0), (softmax_loss, 2.3)):
        loss, dx = layer(x, y)
        assert loss == pytest.approx(start, abs=0.01)
        numerical = eval_numerical_gradient(lambda x, layer=layer: layer(x, y)[0], x, verbose=False)
        assert rel_error(numerical, dx) < 1e-7


def test_caches_hold_what_notebooks_and_tests_unpack(rng):
    from cs231n import layers

    x, w, b = rng.randn(4, 3, 2), rng.randn(6, 5), rng.randn(5)
    assert [a is c for a, c in zip((x, w, b), layers.affine_forward(x, w, b)[1])] == [True] * 3
    dropout_param = {"mode": "train", "p": 0.5, "seed": 123}
    kept, mask = layers.dropout_forward(x, dropout_param)[1]
    assert kept is dropout_param and mask.shape == x.shape
    images, w, b = rng.randn(2, 3, 5, 6), rng.randn(4, 3, 3, 2), rng.randn(4)
    conv_param = {"stride": 1, "pad": 0}
    cache = layers.conv_forward_naive(images, w, b, conv_param)[1]
    assert [a is c for a, c in zip((images, w, b, conv_param), cache)] == [True] * 4
    pool_param = {"pool_height": 1, "pool_width": 2, "stride": 1}
    cache = layers.max_pool_forward_naive(images, pool_param)[1]
    assert cache[0] is images and cache[1] is pool_param and len(cache) == 2


def test_batch_normalization_notebook_runs(rng):
    from cs231n.gradient_check import eval_numerical_gradient_array
    from cs231n.layers import (
        batchnorm_backward,
        batchnorm_backward_alt,
        batchnorm_forward,
        layernorm_backward,
        layernorm_forward,
    )

    W1, W2 = rng.randn(50, 50), rng.randn(50, 3)
    gamma, beta = np.array([1.0, 2.0, 3.0]), np.array([11.0, 12.0, 13.0])
    bn_param = {"mode": "train"}
    for _ in range(50):
        activations = np.maximum(0, rng.randn(200, 50).dot(W1)).dot(W2)
        out, _ = batchnorm_forward(activations, gamma, beta, bn_param)
    np.testing.assert_allclose(out.mean(axis=0), beta, atol=1e-10)
    np.testing.assert_allclose(out.std(axis=0), gamma, rtol=1e-6)
    assert bn_param["running_mean"].shape == bn_param["running_var"].shape == (3,)
    bn_param["mode"] = "test"
    out, _ = batchnorm_forward(activations, np.ones(3), np.zeros(3), bn_param)
    assert np.abs(out.mean(axis=0)).max() < 0.3 and np.abs(out.std(axis=0) - 1).max() < 0.2

    x, gamma, beta, dout = 5 * rng.randn(4, 5) + 12, rng.randn(5), rng.randn(5), rng.randn(4, 5)
    for forward, backward, param in (
        (batchnorm_forward, batchnorm_backward, {"mode": "train"}),
        (layernorm_forward, layernorm_backward, {"mode": "train"}),
    ):
        gradients = backward(dout, forward(x, gamma, beta, param)[1])
        for array, gradient in zip((x, gamma, beta), gradients):
            call = partial(forward, x, gamma, beta, param)
            numerical = eval_numerical_gradient_array(lambda _, call=call: call()[0], array, dout)
            assert rel_error(numerical, gradient) < 1e-7
    cache = batchnorm_forward(x, gamma, beta, {"mode": "train"})[1]
    for one, other in zip(batchnorm_backward(dout, cache), batchnorm_backward_alt(dout, cache)):
        assert rel_error(one, other) < 1e-11
    with pytest.raises(ValueError, match="mode"):
        batchnorm_forward(x, gamma, beta, {})


def test_dropout_notebook_runs(rng):
    from cs231n.classifiers.fc_net import FullyConnectedNet
    from cs231n.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array
    from cs231n.layers import dropout_backward, dropout_forward

    x = rng.randn(200, 200) + 10
    for p in (0.25, 0.4, 0.7):
        out, _ = dropout_forward(x, {"mode": "train", "p": p})
        assert (out == 0).mean() == pytest.approx(1 - p, abs=0.02)
        assert out.mean() == pytest.approx(10, abs=0.4)
        np.testing.assert_array_equal(dropout_forward(x, {"mode": "test", "p": p})[0], x)
    x, dout = rng.randn(10, 10) + 10, rng.randn(10, 10)
    dropout_param = {"mode": "train", "p": 0.2, "seed": 123}
    dx = dropout_backward(dout, dropout_forward(x, dropout_param)[1])
    numerical = eval_numerical_gradient_array(
        lambda xx: dropout_forward(xx, dropout_param)[0], x, dout
    )
    assert rel_error(dx, numerical) < 1e-9

    X, y = rng.randn(2, 5), rng.randint(10, size=2)
    for keyword in ({"dropout_keep_ratio": 0.75}, {"dropout": 0.75}):
        model = FullyConnectedNet(
            [6, 7],
            input_dim=5,
            num_classes=10,
            weight_scale=5e-2,
            dtype=np.float64,
            seed=123,
            **keyword,
        )
        loss, grads = model.loss(X, y)
        assert loss == pytest.approx(2.3, abs=0.05)
        for name in sorted(grads):
            numerical = eval_numerical_gradient(
                lambda _, model=model: model.loss(X, y)[0],
                model.params[name],
                verbose=False,
                h=1e-5,
            )
            assert rel_error(numerical, grads[name]) < 1e-5


@pytest.mark.parametrize(
    "normalization, names",
    [
        (None, "W1 b1 W2 b2 W3 b3"),
        ("batchnorm", "W1 b1 gamma1 beta1 W2 b2 gamma2 beta2 W3 b3"),
        ("layernorm", "W1 b1 gamma1 beta1 W2 b2 gamma2 beta2 W3 b3"),
    ],
)
def test_fully_connected_notebook_runs_with_gradients_taken_in_place(normalization, names, rng):
    from cs231n.classifiers.fc_net import FullyConnectedNet
    from cs231n.gradient_check import eval_numerical_gradient

    X, y = rng.randn(4, 5), rng.randint(10, size=4)
    for reg in (0, 3.14):
        model = FullyConnectedNet(
            [6, 7],
            input_dim=5,
            num_classes=10,
            reg=reg,
            weight_scale=5e-2,
            dtype=np.float64,
            normalization=normalization,
            seed=231,
        )
        assert set(model.params) == set(names.split())
        loss, grads = model.loss(X, y)
        assert np.isfinite(loss) and set(grads) == set(model.params)
        for name in sorted(grads):
            # The argument is ignored: the parameter itself has to move.
            numerical = eval_numerical_gradient(
                lambda _, model=model: model.loss(X, y)[0],
                model.params[name],
                verbose=False,
                h=1e-5,
            )
            assert rel_error(numerical, grads[name], floor=1e-5) < 1e-4, name
        assert model.loss(X, y)[0] == loss


def test_solver_cells_of_the_notebooks_run(rng, capsys):
    from cs231n.classifiers.fc_net import FullyConnectedNet, TwoLayerNet
    from cs231n.solver import Solver

    X, y = rng.randn(50, 12), rng.randint(3, size=50)
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    model = FullyConnectedNet(
        [40, 40], input_dim=12, num_classes=3, weight_scale=0.2, dtype=np.float64, seed=231
    )
    solver = Solver(
        model,
        data,
        print_every=10,
        num_epochs=20,
        batch_size=25,
        update_rule="sgd",
        optim_config={"learning_rate": 2e-1},
        seed=231,
    )
    solver.train()
    printed = capsys.readouterr().out
    assert "(Iteration 1 / 40) loss:" in printed and "(Epoch 20 / 20) train acc:" in printed
    assert len(solver.loss_history) == 40
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 21
    assert solver.best_val_acc == max(solver.val_acc_history) > 0.8
    accuracy = np.mean(np.argmax(model.loss(X), axis=1) == y)
    assert accuracy == solver.check_accuracy(X, y) == solver.best_val_acc
    assert set(solver.best_params) == set(model.params)

    solver = Solver(
        TwoLayerNet(12, 20, 3),
        data,
        update_rule="sgd",
        optim_config={"learning_rate": 1e-1},
        lr_decay=0.95,
        num_epochs=1,
        batch_size=10,
        print_every=100,
        verbose=False,
    )
    solver.train()
    assert solver.check_accuracy(X, y, num_samples=20) <= 1
    with pytest.raises(ValueError, match="nonsense"):
        Solver(model, data, nonsense=1)


def test_update_rules_keep_their_state_under_the_known_names():
    from cs231n import optim

    w, dw = np.linspace(-0.4, 0.6, 20).reshape(4, 5), np.linspace(-0.6, 0.4, 20).reshape(4, 5)
    state = np.linspace(0.6, 0.9, 20).reshape(4, 5)
    next_w, config = optim.sgd_momentum(w, dw, {"learning_rate": 1e-3, "velocity": state.copy()})
    np.testing.assert_allclose(config["velocity"], 0.9 * state - 1e-3 * dw)
    np.testing.assert_allclose(next_w, w + config["velocity"])
    next_w, config = optim.rmsprop(w, dw, {"learning_rate": 1e-2, "cache": state.copy()})
    np.testing.assert_allclose(config["cache"], 0.99 * state + 0.01 * dw**2)
    np.testing.assert_allclose(next_w, w - 1e-2 * dw / (np.sqrt(config["cache"]) + 1e-8))
    next_w, config = optim.adam(
        w, dw, {"learning_rate": 1e-2, "m": state.copy(), "v": state.copy(), "t": 5}
    )
    m, v = 0.9 * state + 0.1 * dw, 0.999 * state + 0.001 * dw**2
    assert config["t"] == 6
    np.testing.assert_allclose(
        next_w, w - 1e-2 * (m / (1 - 0.9**6)) / (np.sqrt(v / (1 - 0.999**6)) + 1e-8)
    )
    defaults = {
        "sgd": {"learning_rate": 1e-2},
        "sgd_momentum": {"learning_rate": 1e-2, "momentum": 0.9},
        "rmsprop": {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8},
        "adam": {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 1},
    }
    for name, expected in defaults.items():
        assert expected.items() <= getattr(optim, name)(w, dw)[1].items()


def test_convolution_notebook_runs(rng):
    from cs231n import fast_layers, layer_utils, layers
    from cs231n.gradient_check import eval_numerical_gradient_array

    x = np.linspace(-0.1, 0.5, num=2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    w = np.linspace(-0.2, 0.3, num=3 * 3 * 4 * 4).reshape(3, 3, 4, 4)
    b = np.linspace(-0.1, 0.2, num=3)
    out, _ = layers.conv_forward_naive(x, w, b, {"stride": 2, "pad": 1})
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    expected = [
        [correlate(image, f, "valid")[0, ::2, ::2] + bias for f, bias in zip(w, b)]
        for image in padded
    ]
    assert out.shape == (2, 3, 2, 2) and rel_error(out, np.array(expected)) < 1e-8

    x, w, b, dout = (
        rng.randn(4, 3, 5, 5),
        rng.randn(2, 3, 3, 3),
        rng.randn(2),
        rng.randn(4, 2, 5, 5),
    )
    conv_param, pool_param = (
        {"stride": 1, "pad": 1},
        {"pool_height": 2, "pool_width": 2, "stride": 2},
    )
    out, cache = layers.conv_forward_naive(x, w, b, conv_param)
    gradients = layers.conv_backward_naive(dout, cache)
    for array, gradient in zip((x, w, b), gradients):
        numerical = eval_numerical_gradient_array(
            lambda _: layers.conv_forward_naive(x, w, b, conv_param)[0], array, dout
        )
        assert rel_error(numerical, gradient) < 5e-8
    fast, fast_cache = fast_layers.conv_forward_fast(x, w, b, conv_param)
    assert rel_error(out, fast) < 1e-9
    for one, other in zip(gradients, fast_layers.conv_backward_fast(dout, fast_cache)):
        assert rel_error(one, other) < 1e-9

    x = rng.randn(3, 2, 8, 8)
    dout = rng.randn(3, 2, 4, 4)
    out, cache = layers.max_pool_forward_naive(x, pool_param)
    fast, fast_cache = fast_layers.max_pool_forward_fast(x, pool_param)
    np.testing.assert_array_equal(out, fast)
    dx = layers.max_pool_backward_naive(dout, cache)
    np.testing.assert_array_equal(dx, fast_layers.max_pool_backward_fast(dout, fast_cache))
    numerical = eval_numerical_gradient_array(
        lambda x: layers.max_pool_forward_naive(x, pool_param)[0], x, dout
    )
    assert rel_error(numerical, dx) < 1e-10

    x, w, b, dout = (
        rng.randn(2, 3, 8, 6),
        rng.randn(3, 3, 3, 3),
        rng.randn(3),
        rng.randn(2, 3, 4, 3),
    )
    arguments = (x, w, b, conv_param, pool_param)
    out, cache = layer_utils.conv_relu_pool_forward(*arguments)
    for array, gradient in zip(arguments, layer_utils.conv_relu_pool_backward(dout, cache)):
        numerical = eval_numerical_gradient_array(
            lambda _: layer_utils.conv_relu_pool_forward(*arguments)[0], array, dout
        )
        assert rel_error(numerical, gradient) < 1e-6
    gamma, beta, dout = rng.randn(3), rng.randn(3), rng.randn(2, 3, 8, 6)
    _, cache = layer_utils.conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, {"mode": "train"})
    shapes = [gradient.shape for gradient in layer_utils.conv_bn_relu_backward(dout, cache)]
    assert shapes == [x.shape, w.shape, b.shape, gamma.shape, beta.shape]


def test_three_layer_net_cells_run(rng):
    from cs231n.classifiers.cnn import ThreeLayerConvNet
    from cs231n.gradient_check import eval_numerical_gradient

    X, y = rng.randn(20, 3, 32, 32), rng.randint(10, size=20)
    model = ThreeLayerConvNet()
    assert set(model.params) == {"W1", "b1", "W2", "b2", "W3", "b3"}
    assert model.loss(X, y)[0] == pytest.approx(np.log(10), abs=1e-3)
    model.reg = 0.5
    assert model.loss(X, y)[0] > np.log(10)
    X, y = rng.randn(2, 3, 8, 8), rng.randint(10, size=2)
    # Larger weights than the notebook's keep the rectifiers away from their kinks.
    model = ThreeLayerConvNet(
        num_filters=3,
        filter_size=3,
        input_dim=(3, 8, 8),
        hidden_dim=7,
        weight_scale=0.1,
        dtype=np.float64,
        seed=0,
    )
    _, grads = model.loss(X, y)
    for name in sorted(grads):
        numerical = eval_numerical_gradient(
            lambda _: model.loss(X, y)[0], model.params[name], verbose=False, h=1e-6
        )
        assert rel_error(numerical, grads[name], floor=1e-3) < 1e-5, name


def test_spatial_normalization_cells_run(rng):
    from cs231n import layers

    x = 4 * rng.randn(2, 6, 4, 5) + 10
    out, cache = layers.spatial_batchnorm_forward(x, np.ones(6), np.zeros(6), {"mode": "train"})
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), 1, rtol=1e-5)
    assert [g.shape for g in layers.spatial_batchnorm_backward(x, cache)] == [x.shape, (6,), (6,)]
    gamma, beta = np.ones((1, 6, 1, 1)), np.zeros((1, 6, 1, 1))
    out, cache = layers.spatial_groupnorm_forward(x, gamma, beta, 2, {"mode": "train"})
    np.testing.assert_allclose(out.reshape(2, 2, -1).mean(axis=2), 0, atol=1e-12)
    shapes = [g.shape for g in layers.spatial_groupnorm_backward(x, cache)]
    assert shapes == [x.shape, gamma.shape, beta.shape]


def test_columns_have_the_known_shapes_and_orders(rng):
    from cs231n.im2col import col2im_indices, get_im2col_indices, im2col_indices
    from cs231n.im2col_cython import col2im_6d_cython, col2im_cython, im2col_cython

    x = rng.randn(2, 3, 4, 5)
    k, i, j = get_im2col_indices(x.shape, 3, 3, padding=1, stride=1)
    assert [np.broadcast_shapes(a.shape, (27, 20)) for a in (k, i, j)] == [(27, 20)] * 3
    cols = im2col_indices(x, 3, 3)
    assert cols.shape == (27, 40) and col2im_indices(cols, x.shape).shape == x.shape
    compiled = im2col_cython(x, 3, 3, 1, 1)
    # Columns are ordered by row, then column, then image in the compiled version.
    np.testing.assert_array_equal(compiled, cols)
    np.testing.assert_array_equal(compiled[13].reshape(4, 5, 2).transpose(2, 0, 1), x[:, 1])
    back = col2im_cython(compiled, 2, 3, 4, 5, 3, 3, 1, 1)
    np.testing.assert_allclose(back, col2im_indices(cols, x.shape))
    six = compiled.reshape(3, 3, 3, 4, 5, 2).transpose(0, 1, 2, 5, 3, 4)
    np.testing.assert_allclose(
        col2im_6d_cython(np.ascontiguousarray(six), 2, 3, 4, 5, 3, 3, 1, 1), back
    )


def test_feature_notebook_runs(rng, capsys):
    from cs231n.features import color_histogram_hsv, extract_features, hog_feature

    images = rng.randint(256, size=(5, 32, 32, 3)).astype(float)
    functions = [hog_feature, lambda img: color_histogram_hsv(img, nbin=10)]
    features = extract_features(images, functions, verbose=True)
    assert features.shape == (5, 144 + 10)
    features -= np.mean(features, axis=0, keepdims=True)
    assert np.isfinite(features / (np.std(features, axis=0, keepdims=True) + 1e-9)).all()


def test_pictures_of_filters_keep_their_layout(rng):
    from cs231n.vis_utils import visualize_grid

    grid = visualize_grid(rng.randn(9, 7, 7, 3), padding=1)
    assert grid.shape == (3 * 8 - 1, 3 * 8 - 1, 3) and 0 <= grid.min() <= grid.max() <= 255


def test_nothing_draws_from_the_global_generator_of_the_caller(rng, monkeypatch, unseeded):
    from cs231n.classifiers import (
        FullyConnectedNet,
        KNearestNeighbor,
        LinearSVM,
        Softmax,
        ThreeLayerConvNet,
    )
    from cs231n.gradient_check import grad_check_sparse
    from cs231n.layers import dropout_forward
    from cs231n.solver import Solver

    def someone_drew(*_, **__):
        raise AssertionError("the global generator was used")

    X, y = rng.randn(30, 8), rng.randint(3, size=30)
    for name in (
        "seed",
        "rand",
        "randn",
        "randint",
        "random",
        "choice",
        "permutation",
        "shuffle",
        "normal",
    ):
        monkeypatch.setattr(np.random, name, someone_drew)
    before = np.random.get_state()[1].copy()
    for classifier in (LinearSVM(), Softmax()):
        classifier.train(X, y, num_iters=3, batch_size=5)
    KNearestNeighbor().train(X, y)
    dropout_forward(X, {"mode": "train", "p": 0.5})
    dropout_forward(X, {"mode": "train", "p": 0.5, "seed": 1})
    ThreeLayerConvNet((1, 4, 4), 2, 3, 4)
    model = FullyConnectedNet([5], input_dim=8, num_classes=3, dropout_keep_ratio=0.5, seed=3)
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    Solver(model, data, num_epochs=1, batch_size=10, num_train_samples=5, verbose=False).train()
    grad_check_sparse(lambda x: (x**2).sum(), X, 2 * X)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
