"""Print what the course's classifiers reach on real CIFAR-10 images.

    python benchmarks/cifar10.py                  every row
    python benchmarks/cifar10.py knn softmax      only these
    python benchmarks/cifar10.py --list           what rows there are
    python benchmarks/cifar10.py quick --verbose  with losses and accuracies while a net trains

The images are looked for where `cs231n data cifar10` puts them, or in the folder named by
CS231N_DATA_DIR. Nothing is chosen by the test images: hyperparameters were, and stopping points
are, chosen on the validation images. The exit code is 1 if a row misses its goal or the images are
missing.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from cs231n.augment import augment
from cs231n.bag_of_words import BagOfVisualWords
from cs231n.classifiers import KNearestNeighbor, LinearSVM, Softmax, ThreeLayerConvNet, TwoLayerNet
from cs231n.classifiers.chain import Layer, Residual
from cs231n.classifiers.chain_net import ChainNet
from cs231n.data_utils import load_dataset
from cs231n.features import color_histogram_hsv, extract_features, hog_feature
from cs231n.layers import relu_backward, relu_forward
from cs231n.schedules import linear as linear_decay
from cs231n.schedules import warmup
from cs231n.solver import Solver

SPLITS = ("train", "val", "test")


class Images:
    """The three splits, and what several rows derive from them.

    Parameters
    ----------
    counts : sequence of int
        Numbers of training, validation and test images.
    seed : int
    verbose : bool
        Whether nets tell how their training goes.
    """

    def __init__(self, counts, seed, verbose=False):
        self.verbose = verbose
        data = load_dataset("cifar10", *counts, subtract_mean=False)
        self.seed = seed
        self.X = {split: data[f"X_{split}"] for split in SPLITS}
        self.y = {split: data[f"y_{split}"] for split in SPLITS}

    def pixels(self):
        """Rows of raw pixels by split."""
        return {split: x.reshape(len(x), -1) for split, x in self.X.items()}

    def images(self):
        """Images by split, float32 of shape (N, 3, 32, 32).

        They are without the mean image, and about -2 to 2.
        """
        mean = self.X["train"].mean(axis=0, dtype=np.float64).astype(np.float32)
        return {split: (x - mean) / 64 for split, x in self.X.items()}

    def features(self):
        """Standardized gradients, hues and visual words by split."""
        raw = self._features
        mean = raw["train"].mean(axis=0)
        std = raw["train"].std(axis=0) + 1e-8
        return {split: ((x - mean) / std).astype(np.float32) for split, x in raw.items()}

    @cached_property
    def _features(self):
        images = {split: x.transpose(0, 2, 3, 1) for split, x in self.X.items()}
        words = BagOfVisualWords(200, grid=2, num_patches=100_000, seed=self.seed)
        words.fit(images["train"])
        functions = [hog_feature, partial(color_histogram_hsv, nbin=10), words]
        return {split: extract_features(x, functions, verbose=True) for split, x in images.items()}


def knn(images):
    X = images.pixels()
    classifier = KNearestNeighbor()
    classifier.train(X["train"], images.y["train"])
    on_val = classifier.predict_each(X["val"], (1, 3, 5, 8, 10, 15, 20))
    k = max(on_val, key=lambda k: np.mean(on_val[k] == images.y["val"]))
    return on_val[k], classifier.predict(X["test"], k)


def linear(cls, inputs, learning_rate, reg, num_iters, images):
    X = {split: _with_bias(x.reshape(len(x), -1)) for split, x in inputs(images).items()}
    classifier = cls()
    # A last stretch with smaller steps settles what the noise of the batches keeps moving.
    stretches = ((learning_rate, 0.7), (learning_rate / 5, 0.3))
    for seed, (rate, share) in enumerate(stretches, images.seed):
        steps = int(share * num_iters)
        classifier.train(X["train"], images.y["train"], rate, reg, steps, 200, seed=seed)
    return classifier.predict(X["val"]), classifier.predict(X["test"])


def net(make_model, inputs, images, mirror=False, **settings):
    """Train on the inputs.

    With `mirror`, label by the sum of the scores of an image and its mirror image.
    """
    X = inputs(images)
    model = make_model(X["train"].shape[1:], images.seed)
    data = {}
    for split in SPLITS:
        data[f"X_{split}"] = X[split]
        data[f"y_{split}"] = images.y[split]
    reporting = {"verbose": images.verbose, "print_every": 100}
    solver = Solver(model, data, seed=images.seed, **reporting, **settings)
    solver.train()
    return _predict(model, X["val"], mirror), _predict(model, X["test"], mirror)


def two_layer(hidden_dim, reg):
    def make_model(shape, seed):
        return TwoLayerNet(int(np.prod(shape)), hidden_dim, weight_scale="he", reg=reg, seed=seed)

    return make_model


def three_layer(shape, seed):
    return ThreeLayerConvNet(shape, weight_scale="he", reg=1e-3, seed=seed)


class QuickNet(ChainNet):
    """A net of nine weighted layers that learns in minutes.

    Its pooling comes early and its filters are few:

    conv - three stages of (conv - 2x2 max pool - batch norm - relu) - pooling over all that is left
    - affine. After the pooling of the first and the third stage stands a residual block of two
    convolutions.

    Parameters
    ----------
    input_dim : tuple of int
        (C, H, W), with H and W multiples of 8.
    seed : int
    widths : sequence of int
        Filters of the first convolution and of the three stages.

    Notes
    -----
    The architecture is that of D. Page, "How to Train Your ResNet" (Myrtle AI, 2018), a quarter as
    wide.
    """

    def __init__(self, input_dim, seed, widths=(16, 32, 64, 128)):
        super().__init__(input_dim, reg=5e-4, normalization="batchnorm", seed=seed)
        self.append_conv(widths[0], 3, pad=1)
        self.append_relu()
        for width, residual in zip(widths[1:], (True, False, True)):
            conv, normalization = self._conv(width, 3, 1, 1)
            self.layers.append(conv)
            self.append_max_pool()
            # Behind the pooling there is only a quarter left to normalize.
            self.layers.append(normalization)
            self.append_relu()
            if residual:
                self.layers.append(Residual([*self._conv_relu(width), *self._conv_relu(width)]))
        self.append_max_pool(self._shape[1], self._shape[1])
        self.append_affine(10, normalize=False)

    def _conv_relu(self, width):
        return [*self._conv(width, 3, 1, 1), Layer(relu_forward, relu_backward)]


class Row(NamedTuple):
    """One line of the table: its title, the accuracy to reach, and what predicts its labels."""

    title: str
    goal: float
    run: Callable


ROWS = {
    "knn": Row("k nearest neighbors", 0.27, knn),
    "svm": Row("linear SVM", 0.33, partial(linear, LinearSVM, Images.images, 3e-4, 0.2, 3500)),
    "softmax": Row(
        "linear softmax", 0.33, partial(linear, Softmax, Images.images, 1e-3, 0.05, 3500)
    ),
    "two_layer": Row(
        "two-layer net",
        0.42,
        partial(
            net,
            two_layer(hidden_dim=200, reg=1e-2),
            Images.images,
            update_rule="adam",
            optim_config={"learning_rate": 5e-4},
            lr_decay=0.9,
            batch_size=200,
            num_epochs=12,
        ),
    ),
    "features_softmax": Row(
        "features + softmax", 0.42, partial(linear, Softmax, Images.features, 1e-2, 1e-3, 2500)
    ),
    "features_net": Row(
        "features + two-layer net",
        0.52,
        partial(
            net,
            two_layer(hidden_dim=200, reg=1e-2),
            Images.features,
            update_rule="adam",
            optim_config={"learning_rate": 1e-3},
            lr_decay=0.9,
            batch_size=200,
            num_epochs=15,
        ),
    ),
    "three_layer": Row(
        "ThreeLayerConvNet, 2 epochs",
        0.45,
        partial(
            net,
            three_layer,
            Images.images,
            update_rule="adam",
            optim_config={"learning_rate": 1e-3},
            batch_size=50,
            num_epochs=2,
        ),
    ),
    "quick": Row(
        "residual net, 12 epochs",
        0.70,
        partial(
            net,
            QuickNet,
            Images.images,
            mirror=True,
            update_rule="nesterov",
            optim_config={"learning_rate": 0.1, "momentum": 0.9},
            schedule=warmup(500, linear_decay),
            augment=augment,
            num_epochs=12,
            num_train_samples=200,
        ),
    ),
}


def _with_bias(x):
    return np.hstack([x, np.ones((len(x), 1), x.dtype)])


def _predict(model, X, mirror=False, batch_size=500):
    labels = []
    for start in range(0, len(X), batch_size):
        batch = X[start : start + batch_size]
        scores = model.loss(batch)
        if mirror:
            scores = scores + model.loss(batch[..., ::-1])
        labels.append(np.argmax(scores, axis=1))
    return np.concatenate(labels)


def measure(row, images):
    """Train one row.

    Parameters
    ----------
    row : Row
    images : Images

    Returns
    -------
    on_val, on_test, seconds, cpu : float
        The two accuracies; seconds by the clock, and of processors, which others cannot stretch.
    """
    start = time.perf_counter()
    start_cpu = time.process_time()
    val_labels, test_labels = row.run(images)
    seconds = time.perf_counter() - start
    cpu = time.process_time() - start_cpu
    on_val = float(np.mean(val_labels == images.y["val"]))
    on_test = float(np.mean(test_labels == images.y["test"]))
    return on_val, on_test, seconds, cpu


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Accuracy on real CIFAR-10 images, row by row.")
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help=f"any of {', '.join(ROWS)}; default: all"
    )
    parser.add_argument("--list", action="store_true", help="name the rows and their goals")
    parser.add_argument(
        "--counts",
        nargs=3,
        type=int,
        default=(19_000, 1_000, 4_000),
        metavar="N",
        help="numbers of training, validation and test images (default: 19000 1000 4000)",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true", help="tell how the training of nets goes")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.rows if name not in ROWS]
    if unknown:
        parser.error(f"unknown row {unknown[0]!r}; choose from {', '.join(ROWS)}")
    if options.list:
        for name, row in ROWS.items():
            print(f"{name:18} {row.title:27} > {row.goal:.0%}")
        return 0
    try:
        images = Images(options.counts, options.seed, options.verbose)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1

    titles = ("classifier", "goal", "validation", "test", "seconds", "CPU")
    print("{:27} {:>6} {:>11} {:>7} {:>8} {:>6}".format(*titles), flush=True)
    missed = False
    for name in options.rows or ROWS:
        row = ROWS[name]
        on_val, on_test, seconds, cpu = measure(row, images)
        reached = on_test >= row.goal
        missed |= not reached
        line = f"{row.title:27} {row.goal:6.0%} {on_val:11.1%} {on_test:7.1%}"
        line += f" {seconds:8.0f} {cpu:6.0f}"
        if not reached:
            line += "  goal missed"
        print(line, flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
