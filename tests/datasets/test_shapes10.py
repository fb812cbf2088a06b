import hashlib

import numpy as np
import pytest
from cs231n.datasets import shapes10


def test_images_have_the_shape_and_types_of_cifar10():
    x, y = shapes10.generate(30, 1)
    assert x.shape == (30, 3, 32, 32) and x.dtype == np.uint8
    assert y.shape == (30,) and y.dtype == np.int64
    assert len(shapes10.CLASSES) == 10


def test_the_bytes_of_a_seed_never_change():
    x, y = shapes10.generate(1200, 231)
    digest = hashlib.sha256(x.tobytes()).hexdigest()
    assert digest == "0d23cc1f801faad995644c2a4657a0c2494f2578b8a1fbcb12ed65eb722f0c83"
    assert y[:10].tolist() == [1, 5, 7, 6, 4, 9, 2, 3, 8, 0]


def test_a_longer_draw_begins_with_the_shorter_one():
    x, y = shapes10.generate(1207, 9)
    for num in (0, 1, 13, 500, 777):
        x_part, y_part = shapes10.generate(num, 9)
        np.testing.assert_array_equal(x_part, x[:num])
        np.testing.assert_array_equal(y_part, y[:num])


def test_every_ten_images_hold_each_class_once_in_changing_order():
    _, y = shapes10.generate(1000, 4)
    blocks = y.reshape(-1, 10)
    assert (np.sort(blocks, axis=1) == np.arange(10)).all()
    assert len(np.unique(blocks, axis=0)) > 90


def test_different_seeds_share_no_image():
    draws = [shapes10.generate(300, seed)[0] for seed in (*shapes10.SEEDS.values(), 2**80)]
    assert len({image.tobytes() for x in draws for image in x}) == 1200


def test_the_global_generator_is_untouched():
    before = np.random.get_state()[1].copy()
    shapes10.generate(10, 0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("num, seed", [(-1, 0), (1, -1)])
def test_negative_numbers_are_refused(num, seed):
    with pytest.raises(ValueError, match="must not be negative; got num="):
        shapes10.generate(num, seed)


def test_every_figure_covers_a_part_of_its_image_and_not_all():
    _, y = shapes10.generate(500, 8)
    traits = np.random.default_rng(8).random((500, 24), dtype=np.float32)
    covered = shapes10._coverage(y, traits)
    assert covered.min() == 0 and covered.max() == 1
    share = covered.mean(axis=(1, 2))
    assert share.min() > 0.02 and share.max() < 0.6


def test_noise_has_mean_zero_and_the_whole_range():
    noise = shapes10._noise(np.random.PCG64(1), 50)
    assert abs(noise.mean()) < 1
    assert noise.min() < -240 and noise.max() > 240


def test_images_drawn_ahead_are_the_same_and_each_call_gets_its_own(monkeypatch):
    monkeypatch.setattr(shapes10, "_drawn", {})
    expected, longer = shapes10.generate(40, 5), shapes10.generate(60, 5)
    shapes10.draw_ahead(50, 5)
    for values in (*shapes10.generate(40, 5), *shapes10.generate(50, 5)):
        values[:] = 0
    for wanted, num in ((expected, 40), (longer, 60)):
        for got, values in zip(shapes10.generate(num, 5), wanted, strict=True):
            np.testing.assert_array_equal(got, values)
    assert len(shapes10.generate(0, 6)[1]) == 0
