"""The exercise on training in ``cs231n/classifiers/linear_classifier.py``."""

import numpy as np

from ..exercise import Array, Arrays, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng


def _train(
    W: Array,
    x: Array,
    batch_size: int,
    num_iters: int,
    learning_rate: float,
    reg: float,
    X_test: Array,
) -> Quantities:
    """Train on equal examples, where any batches give the same; then on numbered ones."""
    from cs231n.classifiers import LinearClassifier

    batches = []

    class Recorder(LinearClassifier):
        def loss(self, X_batch: Array, y_batch: Array, reg: float) -> tuple[float, Array]:
            batches.append((X_batch, y_batch))
            loss = float(np.sum(self.W**3) + reg)
            dW = np.sin(self.W + X_batch.mean(axis=0)[:, np.newaxis]) * (1 + reg)
            return loss, dW

    model = Recorder()
    model.W = W.copy()
    equal = np.tile(x, (9, 1)), np.full(9, W.shape[1] - 1)
    history = model.train(*equal, learning_rate, reg, num_iters, batch_size, seed=0)
    answer = {
        "W after the steps": np.array(model.W),
        "loss history": np.asarray(history, np.float64),
    }

    model.W = W.copy()
    batches.clear()
    y = np.arange(200) % W.shape[1]
    model.train(np.arange(200.0)[:, np.newaxis] + x, y, learning_rate, reg, 4, batch_size, seed=1)
    answer["batch rows"] = np.stack([X_batch[:, 0] - x[0] for X_batch, _ in batches])
    answer["batch labels"] = np.stack([y_batch for _, y_batch in batches])
    model.W = W.copy()
    answer["y_pred"] = np.asarray(model.predict(X_test))
    return answer


def _properties(inputs: Inputs, arrays: Arrays) -> Arrays:
    """Any batches are right, if rows and labels belong together and each step has its own."""
    rows = np.rint(arrays["batch rows"]).astype(int)
    labels = rows % inputs["W"].shape[1]
    different = len({tuple(np.sort(batch)) for batch in rows}) == len(rows)
    spread = rows.std() > 30
    belong = np.array_equal(labels, arrays["batch labels"])
    kept = {name: arrays[name] for name in ("W after the steps", "loss history", "y_pred")}
    return kept | {
        "size of the batches": np.array([batch.size for batch in rows]),
        "labels belong to the rows of the batch": np.asarray(int(belong)),
        "every step draws a batch of its own, from all examples": np.asarray(
            int(different and spread)
        ),
    }


def _sizes(inputs: Inputs) -> dict[str, int]:
    drawn = 4 * inputs["batch_size"]
    return {
        "W after the steps": inputs["W"].size,
        "loss history": inputs["num_iters"],
        "batch rows": drawn,
        "batch labels": drawn,
        "y_pred": len(inputs["X_test"]),
    }


def _cases(rng: Rng) -> Cases:
    def draw(
        D: int,
        C: int,
        batch_size: int,
        num_iters: int,
        learning_rate: float,
        reg: float,
        dtype: str = "float64",
    ) -> Inputs:
        return {
            "W": rng.randn(D, C).astype(dtype),
            "x": rng.randn(D).astype(dtype),
            "batch_size": batch_size,
            "num_iters": num_iters,
            "learning_rate": learning_rate,
            "reg": reg,
            "X_test": rng.randn(11, D).astype(dtype),
        }

    yield Case("a few steps", draw(5, 4, 30, 6, 0.1, 0.2))
    yield Case("a small rate, one step", draw(3, 7, 25, 1, 1e-3, 0.0))
    yield Case("many classes, other batches", draw(6, 10, 40, 9, 0.3, 0.7))


EXERCISES = (
    Exercise(
        "LinearClassifier",
        "cs231n.classifiers.linear_classifier",
        (Probe("own losses", _train), Probe("stand-in losses", _train, stand_ins=True)),
        _cases,
        reduce=_properties,
        sizes=_sizes,
    ),
)
