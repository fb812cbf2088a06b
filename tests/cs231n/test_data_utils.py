import numpy as np
import pytest
from cs231n.datasets import shapes10

from cs231n import data_utils
from cs231n.data_utils import get_CIFAR10_data, load_CIFAR10, load_CIFAR_batch, load_dataset

SPLITS = ("train", "val", "test")


@pytest.fixture
def small_cifar10(monkeypatch, tmp_path):
    """Two batches of 60 and 40 images and 20 test images in the data folder."""
    rng = np.random.default_rng(3)
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for stem, num in (("data_batch_1", 60), ("data_batch_2", 40), ("test_batch", 20)):
        records = rng.integers(0, 256, (num, 3073), dtype=np.uint8)
        records[:, 0] %= 10
        (folder / f"{stem}.bin").write_bytes(records.tobytes())
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path))
    return folder


def test_a_batch_is_float32_with_channels_last(small_cifar10):
    X, Y = load_CIFAR_batch(small_cifar10 / "data_batch_1.bin")
    raw = np.frombuffer((small_cifar10 / "data_batch_1.bin").read_bytes(), np.uint8).reshape(
        60, 3073
    )
    assert X.shape == (60, 32, 32, 3) and X.dtype == np.float32 and X.flags.c_contiguous
    np.testing.assert_array_equal(X[:, 5, 7, 2], raw[:, 1 + 2 * 1024 + 5 * 32 + 7])
    np.testing.assert_array_equal(Y, raw[:, 0])


def test_images_are_float32_in_defect_cifar10_held_as_float64(small_cifar10):
    for x in (
        load_CIFAR10("cs231n/datasets/cifar-10-batches-py"),
        get_CIFAR10_data(90, 10, 20).values(),
    ):
        assert {part.dtype for part in x} == {np.dtype(np.float32), np.dtype(np.int64)}


def test_the_original_path_finds_the_data_folder(small_cifar10):
    Xtr, Ytr, Xte, Yte = load_CIFAR10("cs231n/datasets/cifar-10-batches-py")
    assert (Xtr.shape, Ytr.shape, Xte.shape, Yte.shape) == (
        (100, 32, 32, 3),
        (100,),
        (20, 32, 32, 3),
        (20,),
    )


def test_get_cifar10_data_takes_training_then_validation_images_without_the_training_mean(
    small_cifar10,
):
    Xtr, Ytr, Xte, Yte = load_CIFAR10(small_cifar10)
    data = get_CIFAR10_data(70, 20, 10)
    assert list(data) == ["X_train", "y_train", "X_val", "y_val", "X_test", "y_test"]
    mean = Xtr[:70].mean(axis=0)
    parts = (Xtr[:70], Ytr[:70]), (Xtr[70:90], Ytr[70:90]), (Xte[:10], Yte[:10])
    for split, (expected, y) in zip(SPLITS, parts):
        np.testing.assert_allclose(
            data[f"X_{split}"], (expected - mean).transpose(0, 3, 1, 2), atol=1e-4
        )
        np.testing.assert_array_equal(data[f"y_{split}"], y)
        assert data[f"X_{split}"].flags.c_contiguous
    assert abs(data["X_train"].mean(axis=0)).max() < 1e-3


def test_get_cifar10_data_without_subtracting_keeps_the_pixels(small_cifar10):
    data = get_CIFAR10_data(70, 20, 10, subtract_mean=False)
    assert data["X_train"].min() == 0 and data["X_train"].max() == 255


def test_get_cifar10_data_with_too_few_images_says_what_is_there_and_what_to_pass(small_cifar10):
    with pytest.raises(
        ValueError, match="50000 training and .* only 100. Pass a smaller num_training"
    ):
        get_CIFAR10_data()
    with pytest.raises(ValueError, match="only 100. Pass num_training=80"):
        get_CIFAR10_data(num_training=90, num_validation=20, num_test=5)
    with pytest.raises(ValueError, match="1000 test images .* only 20. Pass num_test=20"):
        get_CIFAR10_data(num_training=90, num_validation=10)


@pytest.fixture
def small_mnist(small_cifar10):
    """100 test images beside CIFAR-10, so 80 are for training."""
    rng = np.random.default_rng(4)
    folder = small_cifar10.parent / "mnist"
    folder.mkdir()
    for kind, shape in (("images-idx3", (100, 28, 28)), ("labels-idx1", (100,))):
        values = rng.integers(0, 10, shape, dtype=np.uint8)
        head = b"\0\0\x08" + bytes([len(shape)]) + np.array(shape, ">u4").tobytes()
        (folder / f"t10k-{kind}-ubyte").write_bytes(head + values.tobytes())


@pytest.mark.parametrize("name", sorted(data_utils.CLASSES))
def test_every_set_gives_six_arrays_of_the_same_kind(name, small_mnist):
    data = load_dataset(name, num_training=50, num_validation=20, num_test=10)
    for split, num in zip(SPLITS, (50, 20, 10)):
        x, y = data[f"X_{split}"], data[f"y_{split}"]
        assert x.ndim == 4 and x.shape[1] in (1, 3) and x.shape[2] == x.shape[3]
        assert len(x) == len(y) == num
        assert x.dtype == np.float32 and y.dtype == np.int64
        assert 0 <= y.min() and y.max() < len(data_utils.CLASSES[name]) == 10
    assert abs(data["X_train"].mean(axis=0)).max() < 1e-3


@pytest.mark.parametrize(
    "name, sizes",
    [
        ("shapes10", (5000, 1000, 1000)),
        ("digits", (1083, 359, 355)),
        ("cifar10", (0, 100, 20)),
        ("mnist", (0, 80, 20)),
    ],
)
def test_the_default_sizes(name, sizes, small_mnist):
    num_test = 20 if name == "cifar10" else None
    data = load_dataset(name, num_test=num_test)
    assert tuple(len(data[f"y_{split}"]) for split in SPLITS) == sizes


def test_without_training_images_nothing_is_subtracted():
    data = load_dataset("shapes10", 0, 0, 10)
    np.testing.assert_array_equal(data["X_test"], shapes10.generate(10, shapes10.SEEDS["test"])[0])


def test_a_seed_draws_a_hidden_test_split_and_leaves_the_rest():
    public, hidden = (
        load_dataset("shapes10", 20, 20, 20),
        load_dataset("shapes10", 20, 20, 20, seed=77),
    )
    mean = shapes10.generate(20, shapes10.SEEDS["train"])[0].mean(axis=0)
    np.testing.assert_array_equal(hidden["X_train"], public["X_train"])
    np.testing.assert_allclose(hidden["X_test"], shapes10.generate(20, 77)[0] - mean, atol=1e-4)
    assert (hidden["X_test"] != public["X_test"]).any()


@pytest.mark.parametrize(
    "name, options, message",
    [
        (
            "imagenet",
            {},
            "unknown data set 'imagenet'. Choose from shapes10, digits, mnist, cifar10",
        ),
        ("digits", {"seed": 3}, "digits is not generated, so it takes no seed; got 3"),
        (
            "digits",
            {"num_training": 2000},
            "digits: 2000 train images are asked for, but there are only 1083",
        ),
        ("shapes10", {"num_test": -1}, "num_test must not be negative; got -1"),
    ],
)
def test_wrong_arguments_are_one_clear_line(name, options, message):
    with pytest.raises(ValueError, match=message):
        load_dataset(name, **options)


def test_real_cifar10_loads_as_the_notebooks_do(real_data):
    if not (real_data / "cifar-10-batches-bin").is_dir():
        pytest.skip("CS231N_DATA_DIR holds no cifar-10-batches-bin folder")
    data = get_CIFAR10_data(num_training=900, num_validation=100, num_test=100)
    assert data["X_train"].shape == (900, 3, 32, 32)
    assert 50 < data["X_train"].std() < 75
