import importlib.util
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "cifar10.py"


@pytest.fixture(scope="module")
def cifar10():
    spec = importlib.util.spec_from_file_location("cifar10_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Clusters:
    """Stands in for the image splits: easy random data in their shapes."""

    seed, verbose = 0, False

    def __init__(self):
        rng = np.random.default_rng(0)
        centers = rng.normal(size=(10, 3, 4, 4))
        self.y = {split: rng.integers(10, size=120) for split in ("train", "val", "test")}
        self.X = {split: self.noisy(centers[y], rng) for split, y in self.y.items()}

    def noisy(self, x, rng):
        return (x + 0.2 * rng.normal(size=x.shape)).astype(np.float32)

    def pixels(self):
        return {split: x.reshape(len(x), -1) for split, x in self.X.items()}


def test_nearest_neighbors_row_predicts_validation_and_test(cifar10):
    on_val, on_test, seconds, cpu = cifar10.measure(
        cifar10.Row("any", 0.5, cifar10.knn), Clusters()
    )
    assert on_val > 0.9 and on_test > 0.9 and seconds > 0 and cpu > 0


def test_linear_and_net_rows_learn(cifar10):
    clusters = Clusters()

    def linear(images):
        return cifar10.linear(cifar10.Softmax, Clusters.pixels, 0.1, 1e-3, 300, images)

    def net(images):
        make_model = cifar10.two_layer(hidden_dim=30, reg=1e-3)
        settings = {
            "update_rule": "adam",
            "optim_config": {"learning_rate": 1e-2},
            "num_epochs": 20,
        }
        return cifar10.net(make_model, Clusters.pixels, images, **settings)

    for run in (linear, net):
        on_val, on_test, *_ = cifar10.measure(cifar10.Row("any", 0.5, run), clusters)
        assert on_val > 0.85 and on_test > 0.85


def test_quick_net_learns_and_labels_an_image_as_its_mirror_image(cifar10):
    rng = np.random.default_rng(0)
    clusters = Clusters()
    clusters.X = {
        split: np.repeat(np.repeat(x, 2, axis=2), 2, axis=3) for split, x in clusters.X.items()
    }
    net = cifar10.QuickNet((3, 8, 8), seed=0, widths=(4, 8, 8, 16))
    assert len([name for name in net.params if name.startswith("W")]) == 9
    settings = {"update_rule": "adam", "optim_config": {"learning_rate": 1e-2}, "num_epochs": 40}
    made = []

    def make_model(shape, seed):
        made.append(cifar10.QuickNet(shape, seed, widths=(4, 8, 8, 16)))
        return made[-1]

    row = cifar10.Row(
        "any",
        0.5,
        lambda images: cifar10.net(
            make_model,
            lambda c: c.X,
            images,
            mirror=True,
            augment=lambda x, rng: x,
            batch_size=40,
            **settings,
        ),
    )
    on_val, on_test, *_ = cifar10.measure(row, clusters)
    assert on_val > 0.85 and on_test > 0.85
    images = rng.normal(size=(30, 3, 8, 8)).astype(np.float32)
    one, other = (
        cifar10._predict(made[0], x, True, batch_size=7) for x in (images, images[..., ::-1])
    )
    np.testing.assert_array_equal(one, other)


def test_list_names_every_row(cifar10, capsys):
    assert cifar10.main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(cifar10.ROWS)


def test_an_unknown_row_is_refused(cifar10, capsys):
    with pytest.raises(SystemExit):
        cifar10.main(["nearest"])
    assert "unknown row 'nearest'" in capsys.readouterr().err


def test_missing_images_end_with_one_line(cifar10, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path))
    assert cifar10.main(["knn"]) == 1
    assert "cifar10" in capsys.readouterr().err


def test_a_missed_goal_shows_in_the_exit_code(cifar10, capsys, real_data):
    assert cifar10.main(["knn", "--counts", "20", "20", "200"]) == 1
    assert "goal missed" in capsys.readouterr().out
