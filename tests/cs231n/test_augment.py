import numpy as np
import pytest

from cs231n.augment import augment, random_flip, random_shift


def images(num, dtype=np.float32):
    return np.random.default_rng(1).integers(1, 256, (num, 3, 5, 7)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_every_image_is_mirrored_or_not(dtype):
    x = images(400, dtype)
    before = x.copy()
    out = random_flip(x, 3)
    mirrored = np.array([(a == b[..., ::-1]).all() for a, b in zip(out, x)])
    same = np.array([(a == b).all() for a, b in zip(out, x)])
    assert (mirrored ^ same).all() and 140 < mirrored.sum() < 260
    assert out.dtype == dtype
    np.testing.assert_array_equal(x, before)


def test_the_probability_of_mirroring_is_heeded():
    x = images(5)
    np.testing.assert_array_equal(random_flip(x, 0, p=0), x)
    np.testing.assert_array_equal(random_flip(x, 0, p=1), x[..., ::-1])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_every_image_is_one_of_all_shifts_with_zeros_from_outside(dtype):
    x = images(500, dtype)
    before = x.copy()
    out = random_shift(x, 5, max_shift=2)
    seen = set()
    for image, moved in zip(x, out):
        framed = np.pad(image, ((0, 0), (2, 2), (2, 2)))
        places = [
            (i, j)
            for i in range(5)
            for j in range(5)
            if (framed[:, i : i + 5, j : j + 7] == moved).all()
        ]
        assert len(places) == 1
        seen.update(places)
    assert len(seen) == 25
    assert out.dtype == dtype
    np.testing.assert_array_equal(x, before)


def test_a_shift_of_zero_is_a_copy():
    x = images(3)
    out = random_shift(x, 0, max_shift=0)
    np.testing.assert_array_equal(out, x)
    assert not np.shares_memory(out, x)


def test_a_shift_larger_than_the_image_is_allowed():
    assert random_shift(images(50), 0, max_shift=9).shape == (50, 3, 5, 7)


@pytest.mark.parametrize("change", [random_flip, random_shift, augment])
def test_the_same_generator_gives_the_same_images_and_goes_on(change):
    x = images(50)
    rng = np.random.default_rng(8)
    first, second = change(x, rng), change(x, rng)
    np.testing.assert_array_equal(first, change(x, 8))
    assert (first != second).any()


def test_augment_mirrors_unless_told_otherwise():
    x = np.zeros((200, 1, 9, 9), np.float32)
    x[:, :, 4, 6] = 1
    left = augment(x, 2, max_shift=1)[..., :4].any(axis=(1, 2, 3)).mean()
    assert 0.3 < left < 0.7
    assert not augment(x, 2, max_shift=1, flip=False)[..., :4].any()


def test_no_images_are_no_problem():
    assert augment(images(0), 0).shape == (0, 3, 5, 7)


@pytest.mark.parametrize(
    "change, options, message",
    [
        (random_flip, {"p": 1.5}, "p must lie between 0 and 1; got 1.5"),
        (random_shift, {"max_shift": -1}, "max_shift must not be negative; got -1"),
    ],
)
def test_wrong_arguments_are_one_clear_line(change, options, message):
    with pytest.raises(ValueError, match=message):
        change(images(2), 0, **options)
    with pytest.raises(ValueError, match=r"must have the shape \(N, C, H, W\); got \(5, 7\)"):
        change(np.zeros((5, 7)), 0)
