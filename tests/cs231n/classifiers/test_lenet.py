"""LeNet-5: its sizes, and what it reads; what all chains keep: test_chain_net.py."""

import numpy as np
import pytest
from cs231n.datasets import mnist

from cs231n.classifiers import LeNet5
from cs231n.solver import Solver


def test_lenet_has_the_sizes_of_the_paper():
    net = LeNet5(seed=0)
    assert [net.params[f"W{k}"].shape for k in range(1, 6)] == [
        (6, 1, 5, 5),
        (16, 6, 5, 5),
        (120, 16, 5, 5),
        (120, 84),
        (84, 10),
    ]
    assert sum(value.size for value in net.params.values()) == 61_706
    assert net.loss(np.zeros((2, 1, 28, 28))).shape == (2, 10)


def test_lenet_refuses_images_that_its_filters_do_not_cover():
    with pytest.raises(ValueError, match="LeNet5: .* does not fit height 29"):
        LeNet5((1, 29, 28))


@pytest.mark.slow
def test_lenet_reads_real_digits(real_data):
    X_train, y_train, X_test, y_test = mnist.load(real_data / "mnist")
    X_train, X_test = ((X.astype(np.float32) - 33) / 79 for X in (X_train, X_test))
    data = {
        "X_train": X_train[:7500],
        "y_train": y_train[:7500],
        "X_val": X_train[7500:],
        "y_val": y_train[7500:],
    }
    net = LeNet5(normalization="batchnorm", seed=0)
    solver = Solver(
        net,
        data,
        update_rule="adam",
        optim_config={"learning_rate": 3e-3},
        lr_decay=0.6,
        batch_size=50,
        num_epochs=5,
        verbose=False,
        seed=0,
    )
    solver.train()
    assert solver.check_accuracy(X_test, y_test) > 0.97
