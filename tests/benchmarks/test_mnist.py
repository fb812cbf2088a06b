import importlib.util
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "mnist.py"


@pytest.fixture(scope="module")
def mnist():
    spec = importlib.util.spec_from_file_location("mnist_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lenet_learns_bars_that_stand_or_lie(mnist):
    rng = np.random.default_rng(0)
    X, y = rng.normal(0, 10, (300, 1, 28, 28)).astype(np.float32), rng.integers(2, size=300)
    for image, label, at in zip(X, y, rng.integers(4, 20, size=300)):
        bar = (0, slice(at, at + 3)) if label else (0, slice(None), slice(at, at + 3))
        image[bar] += 100
    ends = {"train": (0, 200), "val": (200, 250), "test": (250, 300)}
    data = {f"X_{split}": X[slice(*end)] for split, end in ends.items()}
    data |= {f"y_{split}": y[slice(*end)] for split, end in ends.items()}
    on_val, on_test = mnist.train(data, epochs=3, seed=0, verbose=False)
    assert on_val > 0.9 and on_test > 0.9


def test_missing_digits_end_with_one_line(mnist, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path))
    assert mnist.main([]) == 1
    assert "mnist" in capsys.readouterr().err


def test_a_missed_goal_shows_in_the_exit_code(mnist, capsys, real_data):
    assert mnist.main(["--train", "50", "--epochs", "1"]) == 1
    assert "LeNet-5 on 50 digits" in capsys.readouterr().out
