"""The import lines of the notebooks of assignments 1 and 2, by year, and the names they count on.

What is listed are facts about those notebooks: module paths, names and keywords. No line of them is
here. The two years of a span are the first and the last that had the line.
"""

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from cs231n.compat.names import OLD_NAMES, STARS

LAYERS = "affine_forward relu_backward batchnorm_forward batchnorm_backward_alt dropout_forward"
NORMS = "layernorm_forward layernorm_backward spatial_batchnorm_forward spatial_groupnorm_forward"
CONVS = "conv_forward_naive conv_backward_naive max_pool_forward_naive max_pool_backward_naive"
SANDWICHES = "affine_relu_forward affine_relu_backward"
LINES = f"""
2016-2026  classifiers                    KNearestNeighbor Softmax
2016-2024  classifiers                    LinearSVM
2016-2026  classifiers.linear_classifier  LinearSVM Softmax
2016-2024  classifiers.linear_svm         svm_loss_naive svm_loss_vectorized
2016-2026  classifiers.softmax            softmax_loss_naive softmax_loss_vectorized
2016-2020  classifiers.neural_net         TwoLayerNet
2021-2026  classifiers.fc_net             TwoLayerNet
2016-2026  data_utils                     load_CIFAR10 get_CIFAR10_data
2016-2026  data_utils                     load_tiny_imagenet
2016-2026  features                       hog_feature color_histogram_hsv extract_features
2025-2026  features                       color_histogram color_histogram_cross
2025-2026  features                       color_histogram_spatial
2016-2026  gradient_check                 grad_check_sparse eval_numerical_gradient
2016-2026  gradient_check                 eval_numerical_gradient_array
2016-2026  gradient_check                 eval_numerical_gradient_blobs eval_numerical_gradient_net
2016-2026  layer_utils                    {SANDWICHES} conv_relu_forward conv_relu_pool_backward
2018-2020  layer_utils                    affine_bn_relu_forward affine_bn_relu_backward
2018-2020  layer_utils                    affine_ln_relu_forward affine_ln_relu_backward
2016-2026  optim                          sgd_momentum rmsprop adam
2016-2026  solver                         Solver
2016-2026  vis_utils                      visualize_grid vis_grid vis_nn
2016-2026  fast_layers                    conv_forward_fast max_pool_backward_fast
"""
STAR_LINES = f"""
2016-2026  classifiers.fc_net  TwoLayerNet FullyConnectedNet softmax_loss svm_loss np {LAYERS}
2018-2026  classifiers.fc_net  {NORMS} {SANDWICHES}
2024-2024  classifiers.fc_net  FullyConnectedNetBasic FullyConnectedNetImproved
2016-2026  classifiers.cnn     ThreeLayerConvNet conv_relu_pool_forward conv_forward_fast {LAYERS}
2016-2026  layers              {LAYERS} {NORMS} {CONVS}
2016-2026  layer_utils         {SANDWICHES} {LAYERS} conv_forward_fast
2016-2026  fast_layers         conv_forward_fast conv_backward_fast max_pool_forward_fast
2016-2026  features            hog_feature color_histogram_hsv extract_features rgb2gray
2016-2026  gradient_check      eval_numerical_gradient eval_numerical_gradient_array
"""
SIGNATURES = """
classifiers.neural_net.TwoLayerNet(input_size, hidden_size, output_size, std=1e-4)
classifiers.neural_net.TwoLayerNet.loss(self, X, y=None, reg=0.0)
classifiers.neural_net.TwoLayerNet.train(self, X, y, X_val, y_val, learning_rate=1e-3, \
learning_rate_decay=0.95, reg=5e-6, num_iters=100, batch_size=200, verbose=False)
classifiers.neural_net.TwoLayerNet.predict(self, X)
classifiers.fc_net.TwoLayerNet.save(self, fname)
classifiers.fc_net.FullyConnectedNet.load(self, fname)
classifiers.linear_classifier.LinearClassifier.save(self, fname)
data_utils.load_tiny_imagenet(path, dtype=np.float32, subtract_mean=True)
gradient_check.eval_numerical_gradient_blobs(f, inputs, output, h=1e-5)
gradient_check.eval_numerical_gradient_net(net, inputs, output, h=1e-5)
vis_utils.vis_grid(Xs)
vis_utils.vis_nn(rows)
features.color_histogram(im, nbin=10, xmin=0, xmax=255, normalized=True)
features.color_histogram_cross(img, nbin=5, normalized=True)
features.color_histogram_spatial(img, levels=3, nbin=4)
layer_utils.affine_bn_relu_forward(x, w, b, gamma, beta, bn_param)
layer_utils.affine_ln_relu_forward(x, w, b, gamma, beta, ln_param)
"""


def lines(text):
    return [line for line in text.splitlines() if line]


@pytest.mark.parametrize("line", lines(LINES))
def test_import_line_brings_its_names(line):
    _, module, *names = line.split()
    found = {}
    exec(f"from cs231n.{module} import {', '.join(names)}", found)
    assert all(callable(found[name]) for name in names)


@pytest.mark.parametrize("line", lines(STAR_LINES))
def test_star_brings_what_the_original_brought(line):
    _, module, *names = line.split()
    found = {}
    exec(f"from cs231n.{module} import *", found)
    assert found.keys() >= set(names)


@pytest.mark.parametrize("line", lines(SIGNATURES))
def test_signature_is_the_known_one(line):
    import numpy as np

    path, known = line.split("(", 1)
    owner = import_module("cs231n")
    for name in path.split("."):
        owner = getattr(owner, name, None) or import_module(f"{owner.__name__}.{name}")
    expected = inspect.signature(eval(f"lambda {known[:-1]}: None", {"np": np})).parameters
    actual = inspect.signature(owner).parameters
    found = [(p.name, p.default) for p in actual.values()]
    assert found == [(p.name, p.default) for p in expected.values()]


@pytest.mark.parametrize("module", sorted({*OLD_NAMES, *STARS}))
def test_an_unknown_name_is_the_usual_error(module):
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'no_such_name'"):
        import_module(module).no_such_name  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'no_such_name'"):
        exec(f"from {module} import no_such_name")


@pytest.mark.process
def test_nobody_pays_for_old_names_that_nobody_asks_for():
    code = (
        "import sys, cs231n.classifiers.fc_net, cs231n.vis_utils\n"
        "print(sorted(m for m in sys.modules if m.startswith('cs231n.compat.')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ["cs231n.compat.keywords", "cs231n.compat.names", "cs231n.compat.saved"]
    assert run.stdout.strip() == str(loaded)
