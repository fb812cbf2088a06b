import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs231n.bag_of_words import BagOfVisualWords, image_patches, normalize_patches, zca_matrix


def stripes(direction, N=12, side=16, seed=0):
    """Noisy striped images, along the rows (0) or the columns (1), with random phase."""
    rng = np.random.default_rng(seed)
    position = np.indices((side, side))[direction]
    images = [100 * np.sin(position * 1.5 + phase) + 128 for phase in rng.uniform(0, 6, N)]
    images = np.repeat(np.array(images)[..., np.newaxis], 3, axis=3) + rng.normal(
        size=(N, side, side, 3)
    )
    return images.astype(np.float32)


@given(
    H=st.integers(3, 9),
    W=st.integers(3, 9),
    C=st.integers(1, 3),
    size=st.integers(1, 3),
    stride=st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_patches_match_slices(H, W, C, size, stride):
    image = np.arange(H * W * C, dtype=np.uint8).reshape(H, W, C)
    corners = [
        (i, j) for i in range(0, H - size + 1, stride) for j in range(0, W - size + 1, stride)
    ]
    expected = [image[i : i + size, j : j + size].ravel() for i, j in corners]
    patches = image_patches(image, size, stride)
    np.testing.assert_array_equal(patches, expected)
    assert patches.dtype == np.float32


@pytest.mark.parametrize("shape", [(5, 5), (2, 5, 3), (5, 2, 3)])
def test_an_image_smaller_than_a_patch_is_refused(shape):
    with pytest.raises(ValueError, match="image_patches: .* at least the patch size 3"):
        image_patches(np.zeros(shape), 3)


def test_brightness_and_contrast_are_taken_out():
    patches = np.random.default_rng(0).normal(scale=50, size=(20, 27))
    normalized = normalize_patches(patches)
    np.testing.assert_allclose(normalized.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(normalized.var(axis=1), 1, rtol=0.02)
    np.testing.assert_allclose(
        normalize_patches(5 * patches + 9, 0.0), normalize_patches(patches, 0.0)
    )
    np.testing.assert_array_equal(normalize_patches(np.full((2, 9), 7.0)), 0)


def test_whitening_removes_all_correlations_and_is_symmetric():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(3000, 6)) @ rng.normal(size=(6, 6))
    data -= data.mean(axis=0)
    whitening = zca_matrix(data, eps=1e-9)
    white = data @ whitening
    np.testing.assert_allclose(white.T @ white / 3000, np.eye(6), atol=1e-5)
    np.testing.assert_allclose(whitening, whitening.T, atol=1e-12)
    assert zca_matrix(data.astype(np.float32)).dtype == np.float32


def test_whitening_survives_directions_without_variance():
    data = np.outer(np.linspace(-1, 1, 50), [1.0, 2.0, 0.0])
    assert np.isfinite(zca_matrix(data)).all()


@pytest.fixture(scope="module")
def fitted():
    images = np.concatenate([stripes(0), stripes(1)])
    return BagOfVisualWords(num_words=8, patch_size=4, grid=2, num_patches=800, seed=0).fit(images)


def test_every_field_of_the_histogram_adds_up_to_one(fitted):
    histogram = fitted(stripes(0, N=1, seed=5)[0])
    assert histogram.shape == (2 * 2 * 8,)
    np.testing.assert_allclose(histogram.reshape(4, 8).sum(axis=1), 1)


def test_words_tell_stripes_along_rows_from_stripes_along_columns(fitted):
    rows = (
        np.array([fitted(image) for image in stripes(0, seed=6)])
        .reshape(-1, 4, 8)
        .mean(axis=(0, 1))
    )
    columns = (
        np.array([fitted(image) for image in stripes(1, seed=7)])
        .reshape(-1, 4, 8)
        .mean(axis=(0, 1))
    )
    # Two distributions without a common word are at distance 2.
    assert np.abs(rows - columns).sum() > 1.8


def test_each_patch_gets_its_nearest_word():
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 255, size=(9, 7, 3))
    bag = BagOfVisualWords(num_words=8, patch_size=4)
    bag.mean, bag.whitening = rng.normal(size=48), np.eye(48) + 0.1 * rng.normal(size=(48, 48))
    # Words of different lengths: the nearest is not the one with the largest product.
    bag.words = rng.normal(size=(8, 48)) * np.linspace(0.2, 2, 8)[:, np.newaxis]
    expected = np.empty((6, 4), int)
    for i, j in np.ndindex(6, 4):
        patch = image[i : i + 4, j : j + 4].reshape(1, -1)
        white = (normalize_patches(patch) - bag.mean) @ bag.whitening
        expected[i, j] = np.argmin([np.linalg.norm(white - word) for word in bag.words])
    np.testing.assert_array_equal(bag.word_map(image), expected)
    assert len(np.unique(expected)) > 1


@pytest.mark.process
def test_words_are_formed_from_patches_laid_out_as_they_are_counted():
    image = np.broadcast_to([10.0, 20.0, 240.0], (8, 8, 3))
    bag = BagOfVisualWords(num_words=1, patch_size=3, whiten=False, num_patches=20, seed=0)
    bag.fit(image[np.newaxis])
    np.testing.assert_allclose(bag.mean, normalize_patches(image_patches(image, 3))[0])


def test_fields_of_the_grid_count_their_own_part_of_the_image(fitted):
    image = np.concatenate([stripes(0, N=1)[0, :, :8], stripes(1, N=1)[0, :, :8]], axis=1)
    nearest = fitted.word_map(image)
    top_left = np.bincount(nearest[:7, :7].ravel(), minlength=8) / 49
    bottom_right = np.bincount(nearest[7:, 7:].ravel(), minlength=8) / 36
    histogram = fitted(image).reshape(4, 8)
    np.testing.assert_allclose(histogram[0], top_left)
    np.testing.assert_allclose(histogram[3], bottom_right)


def test_stride_thins_out_the_patches_that_are_counted(fitted):
    image = stripes(1, N=1, seed=8)[0]
    every_third = BagOfVisualWords(num_words=8, patch_size=4, stride=3)
    every_third.words, every_third.mean, every_third.whitening = (
        fitted.words,
        fitted.mean,
        fitted.whitening,
    )
    np.testing.assert_array_equal(every_third.word_map(image), fitted.word_map(image)[::3, ::3])


def test_the_vocabulary_comes_from_the_seed_alone():
    images = np.concatenate([stripes(0), stripes(1)])
    settings = {"num_words": 6, "patch_size": 3, "num_patches": 300}
    first, again, other = (
        BagOfVisualWords(seed=seed, **settings).fit(images) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.words, again.words)
    assert not np.allclose(first.words, other.words)


def test_8_bit_images_give_the_words_of_float_images():
    images = np.concatenate([stripes(0), stripes(1)]).astype(np.uint8)
    settings = {"num_words": 6, "patch_size": 3, "num_patches": 300, "seed": 1}
    small, large = (
        BagOfVisualWords(**settings).fit(imgs) for imgs in (images, images.astype(np.float32))
    )
    np.testing.assert_array_equal(small.words, large.words)
    np.testing.assert_array_equal(small(images[0]), large(images[0].astype(np.float32)))


def test_a_larger_eps_blows_up_less_of_what_varies_little():
    images = np.concatenate([stripes(0), stripes(1)])
    small, large = (
        BagOfVisualWords(num_words=4, patch_size=3, num_patches=200, seed=0, whiten_eps=eps).fit(
            images
        )
        for eps in (0.1, 1.5)
    )
    assert np.linalg.eigvalsh(small.whitening).max() > 2 * np.linalg.eigvalsh(large.whitening).max()


def test_without_whitening_words_are_mean_patches():
    images = np.concatenate([stripes(0), stripes(1)])
    bag = BagOfVisualWords(num_words=4, patch_size=3, whiten=False, num_patches=200, seed=0).fit(
        images
    )
    np.testing.assert_array_equal(bag.whitening, np.eye(27))
    assert bag.words.shape == (4, 27) and np.abs(bag.words).max() < 5


def test_a_grid_finer_than_the_patches_is_refused(fitted):
    with pytest.raises(ValueError, match=r"a grid of 2 fields .* got \(1, 5\)"):
        fitted(np.zeros((4, 8, 3)))
