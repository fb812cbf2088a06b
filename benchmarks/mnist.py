"""Train LeNet-5 on real handwritten digits and print what it reaches.

    python benchmarks/mnist.py

The digits are looked for where `cs231n data mnist` puts them, or in the folder named by
CS231N_DATA_DIR. Where only the 10,000 test images lie, 8,000 of them are for training and 2,000 for
testing. Of the training images 500 choose when to stop. The exit code is 1 if the goal is missed or
the images are missing.
"""

import argparse
import sys
import time

from cs231n.classifiers import LeNet5
from cs231n.data_utils import load_dataset
from cs231n.solver import Solver

GOAL = 0.97


def train(data, epochs, seed, verbose):
    """LeNet-5 with batch normalization and Adam on images divided by their standard deviation."""
    data = dict(data)
    scale = data["X_train"].std()
    for key in ("X_train", "X_val", "X_test"):
        data[key] = data[key] / scale
    solver = Solver(
        LeNet5(normalization="batchnorm", seed=seed),
        data,
        update_rule="adam",
        optim_config={"learning_rate": 3e-3},
        lr_decay=0.6,
        batch_size=50,
        num_epochs=epochs,
        verbose=verbose,
        print_every=50,
        seed=seed,
    )
    solver.train()
    return solver.best_val_acc, solver.check_accuracy(data["X_test"], data["y_test"])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument(
        "--train", type=int, default=None, help="training images (default: all there are)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--verbose", action="store_true", help="print losses and accuracies on the way"
    )
    options = parser.parse_args(arguments)
    try:
        data = load_dataset("mnist", options.train, num_validation=500)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    start = time.perf_counter()
    start_cpu = time.process_time()
    on_val, on_test = train(data, options.epochs, options.seed, options.verbose)
    seconds = time.perf_counter() - start
    cpu = time.process_time() - start_cpu
    print(
        f"LeNet-5 on {len(data['y_train'])} digits, {options.epochs} epochs: "
        f"validation {on_val:.1%}, test {on_test:.2%} of {len(data['y_test'])} "
        f"(goal {GOAL:.0%}), {seconds:.0f} s, {cpu:.0f} CPU s"
    )
    return int(on_test <= GOAL)


if __name__ == "__main__":
    sys.exit(main())
