import numpy as np
import pytest
from PIL import Image

from cs231n.data_utils import load_tiny_imagenet

CLASSES = {"n02": "cat, house cat", "n01": "dog"}


def write(path, brightness, mode="RGB", side=64):
    path.parent.mkdir(parents=True, exist_ok=True)
    color = brightness if mode == "L" else (brightness, 0, 255)
    Image.new(mode, (side, side), color).save(path, "PNG")


@pytest.fixture
def root(tmp_path):
    """Two classes, two training images each, one of them gray; names end as in the original."""
    (tmp_path / "wnids.txt").write_text("n02\nn01\n")
    words = [f"{wnid}\t{text}\n" for wnid, text in CLASSES.items()]
    (tmp_path / "words.txt").write_text("n00\tentity\n" + "".join(words))
    for wnid in CLASSES:
        folder = tmp_path / "train" / wnid
        names = [f"{wnid}_{n}.JPEG" for n in range(2)]
        write(folder / "images" / names[0], 10)
        write(folder / "images" / names[1], 30, "L")
        boxes = "".join(f"{name}\t0\t0\t10\t10\n" for name in names)
        (folder / f"{wnid}_boxes.txt").write_text(boxes)
    write(tmp_path / "val" / "images" / "val_0.JPEG", 50)
    (tmp_path / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn01\t0\t0\t10\t10\n")
    for n in range(3):
        write(tmp_path / "test" / "images" / f"test_{n}.JPEG", n)
    return tmp_path


def test_the_original_layout_is_read(root):
    data = load_tiny_imagenet(root, subtract_mean=False)
    assert data["class_names"] == [["cat", "house cat"], ["dog"]]
    assert data["X_train"].shape == (4, 3, 64, 64) and data["X_train"].dtype == np.float32
    np.testing.assert_array_equal(data["X_train"][:2, :, 0, 0], [[10, 0, 255], [30, 30, 30]])
    assert data["y_train"].tolist() == [0, 0, 1, 1] and data["y_val"].tolist() == [1]
    assert data["X_test"][:, 0, 0, 0].tolist() == [0, 1, 2]
    assert data["y_test"] is None
    np.testing.assert_allclose(data["mean_image"][:, 5, 5], [20, 15, 142.5])


def test_the_mean_is_subtracted_and_labels_of_the_test_images_are_read(root):
    rows = "".join(f"test_{n}.JPEG\t{wnid}\n" for n, wnid in enumerate(("n01", "n02", "n01")))
    (root / "test" / "test_annotations.txt").write_text(rows)
    data = load_tiny_imagenet(str(root), dtype=np.float64)
    assert data["y_test"].tolist() == [1, 0, 1]
    np.testing.assert_allclose(data["X_train"].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data["X_val"][0, :, 0, 0], [30, -15, 112.5])


def test_what_is_missing_or_of_another_size_is_named(root):
    write(root / "val" / "images" / "val_0.JPEG", 50, side=32)
    with pytest.raises(ValueError, match="val_0.JPEG must have 64 x 64 pixels; got 32 x 32"):
        load_tiny_imagenet(root)
    (root / "words.txt").unlink()
    with pytest.raises(FileNotFoundError, match="words.txt"):
        load_tiny_imagenet(root)
