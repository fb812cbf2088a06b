"""How hard shapes10 is: what four kinds of classifiers of this package reach on test images.

Run: python benchmarks/shapes10.py
"""

import argparse
import time

import numpy as np

from cs231n.classifiers import KNearestNeighbor, Softmax, ThreeLayerConvNet, TwoLayerNet
from cs231n.data_utils import load_dataset
from cs231n.solver import Solver


def nearest_neighbors(data):
    """Choose k on the validation set."""
    model = KNearestNeighbor()
    model.train(flat(data["X_train"]), data["y_train"])
    dists = model.compute_distances_no_loops(flat(data["X_val"]))

    def accuracy(k):
        return np.mean(model.predict_labels(dists, k) == data["y_val"])

    k = max((1, 5, 10, 20, 50), key=accuracy)
    return np.mean(model.predict(flat(data["X_test"]), k) == data["y_test"])


def linear(data):
    """Softmax on the pixels; learning rate and regularization as chosen on the validation set."""
    model = Softmax()
    X = flat(data["X_train"])
    model.train(X, data["y_train"], learning_rate=3e-3, reg=3e-3, num_iters=2000, seed=0)
    return np.mean(model.predict(flat(data["X_test"])) == data["y_test"])


def two_layer_net(data):
    """200 hidden units, Adam."""
    model = TwoLayerNet(hidden_dim=200, weight_scale=2e-2, reg=1e-2, seed=0)
    vectors = dict(data)
    for key in ("X_train", "X_val", "X_test"):
        vectors[key] = flat(data[key])
    return trained(model, vectors, 5e-4, 15)


def conv_net(data):
    """32 filters of 5x5, 2x2 max pooling, 100 hidden units, Adam."""
    model = ThreeLayerConvNet(filter_size=5, weight_scale=1e-2, reg=1e-3, seed=0)
    return trained(model, data, 1e-3, 8)


def trained(model, data, learning_rate, epochs):
    solver = Solver(
        model,
        data,
        update_rule="adam",
        optim_config={"learning_rate": learning_rate},
        lr_decay=0.85,
        num_epochs=epochs,
        batch_size=100,
        verbose=False,
        seed=0,
    )
    solver.train()
    return solver.check_accuracy(data["X_test"], data["y_test"])


def flat(x):
    return x.reshape(len(x), -1)


CLASSIFIERS = {
    "k nearest neighbors": nearest_neighbors,
    "linear softmax": linear,
    "two-layer net": two_layer_net,
    "convolutional net": conv_net,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--train", type=int, default=5000, help="training images (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=None, help="draw the test images from this seed"
    )
    args = parser.parse_args()
    data = load_dataset("shapes10", num_training=args.train, seed=args.seed)
    for key in ("X_train", "X_val", "X_test"):
        data[key] /= 64  # about unit variance
    print(f"{args.train} training and {len(data['y_test'])} test images")
    for name, run in CLASSIFIERS.items():
        start = time.perf_counter()
        accuracy = run(data)
        seconds = time.perf_counter() - start
        print(f"{name:22}{100 * accuracy:6.1f} %  {seconds:6.1f} s", flush=True)


if __name__ == "__main__":
    main()
