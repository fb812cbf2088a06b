import colorsys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs231n.features import color_histogram_hsv, extract_features, hog_feature, rgb2gray, rgb_to_hsv


def ramp(degrees, side=16, slope=3.0):
    """Brightness that rises by `slope` per pixel in one direction: 0 is right, 90 is down."""
    down, right = np.mgrid[:side, :side]
    return slope * (np.cos(np.radians(degrees)) * right + np.sin(np.radians(degrees)) * down)


def cells(feature, rows, columns):
    return feature.reshape(rows, columns, 9)


def test_gray_weight_of_blue_is_0_114_in_defect_0_144():
    assert rgb2gray(np.eye(3)).tolist() == pytest.approx([0.299, 0.587, 0.114])


@given(value=st.integers(0, 255))
def test_gray_pixels_keep_their_value(value):
    gray = rgb2gray(np.full((2, 3, 3), value, np.uint8))
    assert gray.shape == (2, 3) and gray.dtype == np.float32
    np.testing.assert_allclose(gray, value, rtol=1e-6)


def test_gray_ignores_an_alpha_channel_and_keeps_double_precision():
    rgba = np.random.default_rng(0).random((4, 5, 4))
    np.testing.assert_array_equal(rgb2gray(rgba), rgb2gray(rgba[..., :3]))
    assert rgb2gray(rgba).dtype == np.float64


@pytest.mark.parametrize("orientation", range(9))
def test_a_ramp_votes_for_the_bin_of_its_direction_with_its_slope(orientation):
    hog = cells(hog_feature(ramp(20 * orientation + 10)), 2, 2)
    np.testing.assert_allclose(hog[0, 0], 3.0 * np.eye(9)[orientation], atol=1e-9)


@pytest.mark.parametrize("degrees", [10, 50, 70, 130])
def test_the_opposite_direction_votes_for_the_same_bin(degrees):
    there, back = hog_feature(ramp(degrees)), hog_feature(ramp(degrees + 180))
    np.testing.assert_allclose(there, back, atol=1e-9)
    assert there.sum() > 0


def test_a_quarter_turn_of_the_ramp_moves_the_bins_by_half_the_circle():
    # 90 degrees are four and a half bins: directions in the first half of a bin move by four.
    for degrees in (5, 25, 45, 65, 85):
        before = cells(hog_feature(ramp(degrees)), 2, 2)[0, 0]
        after = cells(hog_feature(ramp(degrees + 90)), 2, 2)[0, 0]
        assert before.argmax() == degrees // 20
        np.testing.assert_allclose(after, np.roll(before, 4), atol=1e-9)


def test_a_direction_just_short_of_the_half_circle_stays_in_its_cell():
    image = np.tile(np.arange(16.0), (8, 1))
    image[1:, 0] = -1e-17
    left, right = cells(hog_feature(image), 1, 2)[0]
    assert left[8] == 1 / 64 and left.sum() == pytest.approx(1)
    np.testing.assert_array_equal(right, 7 / 8 * np.eye(9)[0])


@pytest.mark.parametrize("value", [0, 17, 255])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_a_constant_image_has_no_gradients_and_no_nan(value, dtype):
    np.testing.assert_array_equal(hog_feature(np.full((16, 24), value, dtype)), np.zeros(2 * 3 * 9))


def test_moving_a_pattern_inside_its_cell_changes_nothing():
    pattern = np.random.default_rng(0).integers(1, 256, size=(3, 3))
    images = np.zeros((2, 24, 24))
    images[0, 9:12, 9:12] = pattern
    images[1, 12:15, 11:14] = pattern
    first, second = (cells(hog_feature(image), 3, 3) for image in images)
    np.testing.assert_allclose(first, second)
    assert first[1, 1].sum() > 0 and first.sum() == pytest.approx(first[1, 1].sum())


@given(H=st.integers(8, 30), W=st.integers(8, 30), color=st.booleans(), seed=st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_votes_match_a_loop_over_pixels(H, W, color, seed):
    image = np.random.default_rng(seed).integers(
        256, size=(H, W, 3) if color else (H, W), dtype=np.uint8
    )
    gray = rgb2gray(image.astype(float)) if color else image.astype(float)
    expected = np.zeros((H // 8, W // 8, 9))
    for i in range(H // 8 * 8):
        for j in range(W // 8 * 8):
            gx = gray[i, j + 1] - gray[i, j] if j + 1 < W else 0.0
            gy = gray[i + 1, j] - gray[i, j] if i + 1 < H else 0.0
            direction = np.degrees(np.arctan2(gy, gx)) % 180
            expected[i // 8, j // 8, min(int(direction / 20), 8)] += np.hypot(gx, gy) / 64
    feature = hog_feature(image.astype(float))
    assert feature.shape == (H // 8 * (W // 8) * 9,)
    np.testing.assert_allclose(feature, expected.ravel(), rtol=1e-9, atol=1e-9)


def test_hog_of_8_bit_pixels_does_not_wrap_around():
    image = np.random.default_rng(0).integers(256, size=(32, 32, 3), dtype=np.uint8)
    np.testing.assert_allclose(
        hog_feature(image).sum(), hog_feature(image.astype(float)).sum(), rtol=1e-5
    )
    stripes = np.tile(np.array([200, 0], np.uint8), (8, 4))
    assert hog_feature(stripes)[0] == pytest.approx(200 * 7 / 8)


def test_a_cifar_image_has_144_numbers():
    assert hog_feature(np.zeros((32, 32, 3))).shape == (144,)


@pytest.mark.parametrize("shape", [(7, 8), (8, 7, 3), (8,), (2, 8, 8, 3)])
def test_hog_refuses_what_is_not_an_image_of_a_cell(shape):
    with pytest.raises(ValueError, match=r"hog_feature: im must be an image .* got \("):
        hog_feature(np.zeros(shape))


@given(nbin=st.integers(2, 20), seed=st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_hues_match_the_standard_library(nbin, seed):
    image = np.random.default_rng(seed).integers(256, size=(5, 4, 3), dtype=np.uint8)
    expected = np.zeros(nbin)
    for pixel in image.reshape(-1, 3):
        expected[min(int(colorsys.rgb_to_hsv(*pixel / 255)[0] * nbin), nbin - 1)] += 1
    counts = color_histogram_hsv(image, nbin=nbin, normalized=False)
    # A hue on the border of two bins may fall to either side by rounding.
    assert counts.sum() == 20 and np.abs(counts - expected).sum() <= 2
    np.testing.assert_allclose(color_histogram_hsv(image.astype(float), nbin=nbin), counts / 20)


def test_red_green_and_blue_fall_into_their_thirds():
    pixels = np.array([[[255, 20, 0], [0, 255, 20], [20, 0, 255], [20, 0, 255]]])
    assert color_histogram_hsv(pixels, nbin=3).tolist() == [0.25, 0.25, 0.5]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_gray_images_have_hue_zero_and_no_nan(dtype):
    assert color_histogram_hsv(np.full((4, 4, 3), 90, dtype), nbin=4).tolist() == [1, 0, 0, 0]


def test_hues_outside_the_chosen_range_are_left_out():
    pixels = np.array([[[0.0, 0.0, 255.0]]])
    assert color_histogram_hsv(pixels, nbin=4, xmin=200).tolist() == [0, 0, 0, 0]


def test_features_stand_side_by_side_in_the_order_of_the_functions():
    images = np.random.default_rng(0).integers(256, size=(5, 16, 16, 3)).astype(np.float32)
    features = extract_features(images, [hog_feature, lambda im: color_histogram_hsv(im, nbin=7)])
    assert features.shape == (5, 36 + 7) and features.dtype == np.float64
    for image, row in zip(images, features):
        np.testing.assert_array_equal(row[:36], hog_feature(image))
        np.testing.assert_array_equal(row[36:], color_histogram_hsv(image, nbin=7))


def test_no_images_give_no_rows():
    assert extract_features(np.zeros((0, 8, 8, 3)), [hog_feature]).shape == (0, 0)
    assert extract_features(np.zeros((2, 8, 8, 3)), []).shape == (2, 0)


def test_verbose_extraction_shows_its_progress(capsys):
    extract_features(np.zeros((2, 8, 8)), [hog_feature], verbose=True)
    assert "2/2" in capsys.readouterr().err
    extract_features(np.zeros((2, 8, 8)), [hog_feature])
    assert capsys.readouterr().err == ""


def test_feature_functions_that_return_no_vector_are_refused():
    with pytest.raises(ValueError, match="must be one-dimensional"):
        extract_features(np.zeros((2, 8, 8, 3)), [rgb2gray])
    with pytest.raises(ValueError, match="image 1 gives 3 numbers but image 0 gave 2"):
        extract_features(np.array([2, 3]), [np.zeros])


@given(seed=st.integers(0, 999), dtype=st.sampled_from(["float32", "float64"]))
@settings(max_examples=25, deadline=None)
def test_colors_match_matplotlib(seed, dtype):
    from matplotlib.colors import rgb_to_hsv as expected

    rng = np.random.default_rng(seed)
    rgb = np.concatenate([rng.random((40, 3)), rng.integers(0, 3, (40, 3)) / 2]).astype(dtype)
    np.testing.assert_allclose(rgb_to_hsv(rgb), expected(rgb), atol=1e-6)
    assert rgb_to_hsv(rgb).dtype == dtype
