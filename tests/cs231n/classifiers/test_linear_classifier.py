import inspect

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize

from cs231n.classifiers.linear_classifier import LinearClassifier, LinearSVM, Softmax, l1_penalty
from cs231n.classifiers.linear_svm import svm_loss_vectorized
from cs231n.classifiers.softmax import softmax_loss_vectorized

LOSSES = {LinearSVM: svm_loss_vectorized, Softmax: softmax_loss_vectorized}


def clusters(N=300, D=6, C=3, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(C, D))
    y = rng.integers(C, size=N)
    return (3 * centers[y] + rng.normal(size=(N, D))).astype(dtype), y


def test_train_keeps_the_known_signature():
    expected = (
        "learning_rate=0.001, reg=1e-05, num_iters=100, batch_size=200, verbose=False, seed=None"
    )
    assert str(inspect.signature(LinearClassifier.train)) == f"(self, X, y, {expected})"


@pytest.mark.parametrize("cls", LOSSES)
def test_training_lowers_the_loss_to_the_optimum(cls):
    X, y = clusters()
    classifier = cls()
    history = classifier.train(X, y, learning_rate=2e-2, reg=1e-2, num_iters=1500, seed=0)
    classifier.train(X, y, learning_rate=1e-3, reg=1e-2, num_iters=500, seed=1)
    assert len(history) == 1500 and all(isinstance(loss, float) for loss in history)

    def flat_loss(w):
        loss, dW = LOSSES[cls](w.reshape(6, 3), X, y, 1e-2)
        return loss, dW.ravel()

    best = minimize(flat_loss, np.zeros(18), jac=True, method="L-BFGS-B").fun
    assert classifier.loss(X, y, 1e-2)[0] == pytest.approx(best, rel=0.02)
    assert np.mean(classifier.predict(X) == y) > 0.85


@pytest.mark.parametrize("cls", LOSSES)
def test_training_is_reproduced_by_its_seed_and_leaves_the_global_generator_alone(cls):
    X, y = clusters()
    before = np.random.get_state()[1].copy()
    histories = [
        cls().train(X, y, num_iters=20, seed=seed) for seed in (7, 7, np.random.default_rng(7), 8)
    ]
    assert histories[0] == histories[1] == histories[2] != histories[3]
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_first_step_is_one_gradient_step_on_the_drawn_batch():
    X, _y = clusters(N=1)
    classifier = Softmax()
    classifier.W = np.full((6, 3), 0.5)
    loss, grad = softmax_loss_vectorized(classifier.W, X, np.array([2]), 0.1)
    history = classifier.train(
        X, np.array([2]), learning_rate=0.3, reg=0.1, num_iters=1, batch_size=5
    )
    assert history == pytest.approx([loss])
    np.testing.assert_allclose(classifier.W, 0.5 - 0.3 * grad, rtol=1e-12)


def test_batches_come_from_all_examples_with_replacement():
    class Recorder(LinearClassifier):
        seen = []

        def loss(self, X_batch, y_batch, reg):
            assert X_batch.shape == (7, 1) and np.array_equal(X_batch[:, 0], y_batch)
            self.seen.extend(y_batch.tolist())
            return 0.0, np.zeros_like(self.W)

    Recorder().train(
        np.arange(4.0).reshape(4, 1), np.arange(4), num_iters=200, batch_size=7, seed=0
    )
    counts = np.bincount(Recorder.seen, minlength=4)
    assert counts.sum() == 1400 and counts.min() > 280


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_take_the_dtype_of_the_images(dtype):
    X, y = clusters(dtype=dtype)
    classifier = LinearSVM()
    classifier.train(X, y, num_iters=3)
    assert classifier.W.dtype == dtype and classifier.W.shape == (6, 3)


def test_8_bit_images_train_in_float32():
    X = np.random.default_rng(0).integers(256, size=(20, 4), dtype=np.uint8)
    classifier = Softmax()
    history = classifier.train(X, np.arange(20) % 3, learning_rate=1e-6, num_iters=3)
    assert classifier.W.dtype == np.float32 and np.isfinite(history).all()


def test_a_second_call_goes_on_from_the_weights_of_the_first():
    X, y = clusters()
    classifier = Softmax()
    first = classifier.train(X, y, learning_rate=1e-2, num_iters=200, seed=0)
    second = classifier.train(X, y, learning_rate=1e-2, num_iters=1, seed=0)
    assert second[0] < 0.5 * first[0]


def test_verbose_prints_the_loss_every_100_steps(capsys):
    X, y = clusters(N=20)
    LinearSVM().train(X, y, num_iters=201, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        f"iteration {it} / 201" for it in (0, 100, 200)
    ]


@pytest.mark.parametrize("cls", LOSSES)
@pytest.mark.parametrize("l1_ratio", [0.0, 0.25, 1.0])
def test_regularization_goes_from_l2_through_the_elastic_net_to_l1(cls, l1_ratio):
    X, y = clusters(N=12)
    classifier = cls(l1_ratio)
    classifier.W = np.random.default_rng(1).normal(size=(6, 3))
    loss, dW = classifier.loss(X, y, 0.8)
    penalty = 0.8 * (
        (1 - l1_ratio) * np.sum(classifier.W**2) + l1_ratio * np.sum(np.abs(classifier.W))
    )
    assert loss == pytest.approx(LOSSES[cls](classifier.W, X, y, 0.0)[0] + penalty, rel=1e-12)

    def at(w):
        other = cls(l1_ratio)
        other.W = w.reshape(6, 3)
        return other.loss(X, y, 0.8)[0]

    numeric = approx_fprime(classifier.W.ravel(), at, 1e-7)
    np.testing.assert_allclose(dW.ravel(), numeric, rtol=1e-4, atol=1e-5)


def test_l1_makes_weights_of_useless_features_smaller_than_l2_does():
    X, y = clusters(N=400, D=2)
    X = np.hstack([X, np.random.default_rng(3).normal(size=(400, 10))])
    shares = []
    for l1_ratio in (0.0, 1.0):
        classifier = Softmax(l1_ratio)
        classifier.train(X, y, learning_rate=2e-2, reg=3e-2, num_iters=2000, seed=0)
        shares.append(np.abs(classifier.W[2:]).sum() / np.abs(classifier.W).sum())
    assert shares[1] < 0.6 * shares[0]


def test_l1_gradient_is_zero_at_a_weight_of_zero():
    loss, dW = l1_penalty(np.array([[0.0, -2.0, 3.0]]), 0.5)
    assert loss == 2.5
    np.testing.assert_array_equal(dW, [[0.0, -0.5, 0.5]])


def test_predict_takes_the_highest_score():
    classifier = LinearSVM()
    classifier.W = np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 2.0]])
    assert classifier.predict(np.array([[1.0, 0.0], [-1.0, 0.0], [0.1, 1.0]])).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "X, y, message",
    [
        (np.zeros((2, 3, 3)), np.zeros(2, int), "reshape"),
        (np.zeros((2, 3)), np.zeros(3, int), r"got \(2, 3\) and \(3,\)"),
        (np.zeros((0, 3)), np.zeros(0, int), "at least one example"),
        (np.zeros((2, 3)), np.zeros(2), "integers from 0 to C - 1"),
        (np.zeros((2, 3)), np.array([-1, 1]), "minimum -1"),
    ],
)
def test_training_data_that_does_not_fit_is_refused(X, y, message):
    with pytest.raises(ValueError, match=f"Softmax.train.*(?i:{message})"):
        Softmax().train(X, y)


def test_data_that_does_not_fit_earlier_weights_is_refused():
    classifier = Softmax()
    classifier.train(np.ones((4, 3)), np.arange(4) % 2, num_iters=1)
    for X, y in [(np.ones((4, 5)), np.arange(4) % 2), (np.ones((4, 3)), np.arange(4))]:
        with pytest.raises(ValueError, match=r"earlier call have shape \(3, 2\)"):
            classifier.train(X, y)


def test_a_share_of_l1_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match="l1_ratio must lie between 0"):
        LinearSVM(1.5)


def test_the_base_class_has_no_loss():
    with pytest.raises(NotImplementedError, match="use LinearSVM or Softmax"):
        LinearClassifier().train(np.ones((2, 2)), np.array([0, 1]))
