import numpy as np
from cs231n.datasets import digits


def test_the_splits_are_fixed_stratified_and_disjoint():
    data = digits.load()
    sizes = {"train": 1083, "val": 359, "test": 355}
    for split, size in sizes.items():
        x, y = data[f"X_{split}"], data[f"y_{split}"]
        assert x.shape == (size, 1, 8, 8) and x.dtype == np.float32
        assert y.shape == (size,) and y.dtype == np.int64
        assert np.ptp(np.bincount(y, minlength=10)) <= 5
    everything = np.concatenate([data[f"X_{split}"] for split in sizes])
    assert len(np.unique(everything, axis=0)) == 1797
    assert everything.min() == 0 and everything.max() == 16
    np.testing.assert_array_equal(digits.load()["y_train"], data["y_train"])


def test_the_labels_belong_to_the_images():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    known = {
        image.astype(np.float32).tobytes(): label
        for image, label in zip(bunch.images, bunch.target)
    }
    data = digits.load()
    for split in ("train", "val", "test"):
        assert [known[x.tobytes()] for x in data[f"X_{split}"]] == data[f"y_{split}"].tolist()


def test_the_classes_are_mixed():
    y = digits.load()["y_train"]
    assert len(set(y[:30].tolist())) >= 8
