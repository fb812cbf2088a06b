import numpy as np

from cs231n.classifiers import FullyConnectedNet, Softmax, ThreeLayerConvNet, TwoLayerNet
from cs231n.layers import dropout_forward
from cs231n.seeding import legacy_generator, random_generator
from cs231n.solver import Solver


def trained(seed):
    """Whatever a notebook draws after one call of np.random.seed."""
    np.random.seed(seed)
    X = np.random.randn(20, 12)
    y = np.random.randint(3, size=20)
    model = FullyConnectedNet([4], 12, 3, dropout_keep_ratio=0.5)
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    solver = Solver(model, data, num_epochs=2, batch_size=5, verbose=False)
    solver.train()
    linear = Softmax()
    linear.train(X, y, num_iters=3)
    first = [TwoLayerNet(12, 4, 3).params["W1"], ThreeLayerConvNet((1, 4, 4), 2, 3, 4).params["W1"]]
    dropped, _ = dropout_forward(X, {"mode": "train", "p": 0.5})
    return [np.array(solver.loss_history), linear.W, *first, dropped]


def test_figures_repeat_after_the_global_generator_was_seeded(unseeded):
    for one, other in zip(trained(231), trained(231)):
        np.testing.assert_array_equal(one, other)
    assert all((one != other).any() for one, other in zip(trained(231), trained(232)))


def test_nets_move_the_seeded_generator_on_so_that_two_are_not_equal(unseeded):
    np.random.seed(231)
    assert (TwoLayerNet(4, 3, 2).params["W1"] != TwoLayerNet(4, 3, 2).params["W1"]).any()


def test_a_seed_or_a_generator_that_is_given_wins(unseeded):
    expected = random_generator(7).random()
    np.random.seed(231)
    state = np.random.get_state()[1].copy()
    assert random_generator(7).random() == expected
    rng = np.random.default_rng(0)
    assert random_generator(rng) is rng
    FullyConnectedNet([4], 12, 3, seed=3)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_figures_of_randn_belong_to_the_seed(unseeded):
    np.random.seed(231)
    expected = np.random.randn(4, 3)
    np.random.seed(231)
    np.testing.assert_array_equal(legacy_generator().randn(4, 3), expected)


def test_without_a_seed_the_global_generator_is_left_alone(unseeded):
    before = np.random.get_state()
    values = [random_generator().random(), random_generator().random()]
    legacy_generator().randn(2)
    FullyConnectedNet([4], 12, 3)
    assert values[0] != values[1]
    assert np.random.get_state()[2] == before[2]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])
