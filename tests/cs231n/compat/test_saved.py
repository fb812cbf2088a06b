import numpy as np
import pytest

from cs231n.classifiers import FullyConnectedNet, LinearSVM, Softmax, ThreeLayerConvNet, TwoLayerNet


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def net(seed):
    return FullyConnectedNet([4], 6, 3, normalization="batchnorm", seed=seed)


def test_a_net_comes_back_with_its_running_statistics(folder, capsys):
    X = np.random.default_rng(0).normal(size=(8, 6))
    one = net(1)
    one.loss(X, np.zeros(8, int))
    one.save("best.npy")
    other = net(2)
    assert other.load("best.npy")
    np.testing.assert_array_equal(one.loss(X), other.loss(X))
    assert (folder / "saved" / "best.npy").is_file()
    assert capsys.readouterr().out == "best.npy saved.\nbest.npy loaded.\n"


@pytest.mark.parametrize("kind", [Softmax, LinearSVM])
def test_a_linear_classifier_comes_back(kind):
    one = kind()
    one.W = np.arange(6.0).reshape(3, 2)
    one.save("softmax.npy")
    other = kind()
    assert other.load("softmax.npy")
    np.testing.assert_array_equal(other.W, one.W)


@pytest.mark.parametrize("model", [TwoLayerNet(4, 3, 2), ThreeLayerConvNet((1, 4, 4), 2, 3, 4)])
def test_the_other_nets_can_be_saved_too(model):
    model.save("net.npy")
    assert model.load("net.npy")


def test_what_is_not_there_or_does_not_fit_changes_nothing(capsys):
    model = Softmax()
    assert not model.load("softmax.npy")
    assert capsys.readouterr().out == "softmax.npy not available.\n"
    with pytest.raises(ValueError, match="Softmax.save: there are no weights yet; call train"):
        model.save("softmax.npy")
    net(0).save("net.npy")
    with pytest.raises(ValueError, match="Softmax.load: the file must hold one matrix W"):
        model.load("net.npy")
    assert model.W is None


def test_a_diverged_net_replaces_no_good_one(capsys):
    good = net(1)
    good.save("best.npy")
    bad = net(2)
    bad.params["W1"][0, 0] = np.nan
    bad.save("best.npy")
    assert "best.npy not saved: W1 holds nan or inf" in capsys.readouterr().out
    assert bad.load("best.npy")
    np.testing.assert_array_equal(bad.params["W1"], good.params["W1"])


def test_a_pickle_is_refused(folder):
    (folder / "saved").mkdir()
    np.save(folder / "saved" / "old.npy", {"W": np.ones((2, 2))}, allow_pickle=True)
    with pytest.raises(ValueError, match=r"Cannot load .*old\.npy"):
        Softmax().load("old.npy")
