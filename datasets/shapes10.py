"""shapes10: a generated set of 32x32 color images in ten classes.

It has the shape of CIFAR-10, needs no network, and any number of images can be drawn from any
seed. A class is a shape or a texture; place, size, rotation, colors, light and background vary
and say little about it.

Trained on the 5,000 images of `SEEDS["train"]`, classifiers name this share of the 1,000 images of
`SEEDS["test"]` right:

    k nearest neighbors    29.5 %
    linear softmax         39.7 %
    two-layer net          53.1 %    200 hidden units
    convolutional net      66.4 %    32 filters of 5x5, 2x2 max pooling, 100 hidden units

Measured with `python benchmarks/shapes10.py`.
"""

from collections.abc import Iterator

import numpy as np

CLASSES = (
    "disc",
    "ring",
    "square",
    "triangle",
    "cross",
    "star",
    "crescent",
    "stripes",
    "checkers",
    "dots",
)

SEEDS = {"train": 23101, "val": 23102, "test": 23103}
"""The fixed, public seeds of the three splits."""

SIZE = 32
_CHUNK = 500  # images drawn at once: the working memory stays near 20 MB
_drawn: dict[int, tuple[np.ndarray, np.ndarray]] = {}

# The class of an image tilts its color: one color per class, mixed in with a random weight.
_CLASS_TINTS = np.array(
    [
        [28, -6, -22],
        [-24, 4, 20],
        [16, 14, -30],
        [-20, 24, -4],
        [22, -24, 2],
        [10, 18, -28],
        [-8, -14, 22],
        [-26, 14, 12],
        [20, -20, 0],
        [-16, 24, -8],
    ],
    dtype=np.float32,
)

# Directions come from a table rounded to multiples of 2**-12, because cos may differ in its last
# bit between platforms. Everything after it uses only + - * / sqrt, min, max and floor, which
# IEEE 754 rounds exactly.
_TURN = 256
_COS = (np.rint(4096 * np.cos(2 * np.pi * np.arange(_TURN) / _TURN)) / 4096).astype(np.float32)
_SIN = np.roll(_COS, _TURN // 4)


def generate(num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw `num` labeled images from a seed.

    The first k images of a longer draw are the images of a draw of k; every ten images in a row
    that start at a multiple of ten hold each class once. The same seed gives the same bytes on
    every platform: the random bits are the raw output of PCG64, which NumPy keeps stable, and the
    arithmetic is exact or correctly rounded.

    Parameters
    ----------
    num : int
        Number of images N.
    seed : int
        Any non-negative integer. A secret one gives a hidden split.

    Returns
    -------
    x : ndarray of shape (N, 3, 32, 32), uint8
        Images, channels red, green, blue.
    y : ndarray of shape (N,), int64
        Labels 0 to 9, see `CLASSES`.

    Raises
    ------
    ValueError
        If `num` or `seed` is negative.
    """
    if num < 0 or seed < 0:
        raise ValueError(
            f"shapes10.generate: num and seed must not be negative; got num={num}, seed={seed}."
        )
    if seed in _drawn:
        x, y = _drawn[seed]
        if num <= len(y):
            return x[:num].copy(), y[:num].copy()
    return _draw(num, seed)


def draw_ahead(num: int, seed: int) -> None:
    """Keep the first `num` images of a seed in memory, for `generate` to copy from.

    Parameters
    ----------
    num : int
    seed : int
    """
    _drawn[seed] = _draw(num, seed)


def _draw(num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    labels, traits, noise = _sources(seed)
    tens = -(-num // 10)
    order = labels.random_raw(10 * tens).reshape(-1, 10)
    y = np.argsort(order, axis=1, kind="stable").ravel()[:num].astype(np.int64)
    x = np.empty((num, 3, SIZE, SIZE), dtype=np.uint8)
    for start in range(0, num, _CHUNK):
        part = slice(start, min(start + _CHUNK, num))
        x[part] = _render(y[part], traits, noise)
    return x, y


def _sources(seed: int) -> Iterator[np.random.PCG64]:
    """Independent random bits for the labels, for what varies in an image, and for the noise."""
    for k in range(3):
        yield np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(k,)))


def _uniform(bits: np.random.PCG64, num: int, columns: int) -> np.ndarray:
    """Draw `num` rows of exact multiples of 2**-24 in [0, 1), float32."""
    raw = bits.random_raw(num * columns).reshape(num, columns) >> np.uint64(40)
    return raw.astype(np.float32) * np.float32(2**-24)


def _noise(bits: np.random.PCG64, num: int) -> np.ndarray:
    """Draw noise with mean 0, as the difference of two random bytes.

    Its distribution is a triangle between -255 and 255.
    """
    raw = bits.random_raw(num * 2 * 3 * SIZE * SIZE // 8).astype("<u8").view(np.uint8)
    pairs = raw.reshape(num, 2, 3, SIZE, SIZE).astype(np.float32)
    return pairs[:, 0] - pairs[:, 1]


def _render(y: np.ndarray, traits: np.random.PCG64, noise: np.random.PCG64) -> np.ndarray:
    """Draw the images of the labels `y`; uint8 of shape (N, 3, 32, 32)."""
    t = _uniform(traits, len(y), 24)
    alpha = _coverage(y, t)[:, None]
    ground, figure = _colors(y, t)
    image = ground + alpha * (figure - ground)
    image += _noise(noise, len(y)) * (0.04 + 0.1 * t[:, 20, None, None, None])
    return np.clip(np.floor(image + 0.5), 0, 255).astype(np.uint8)


def _grid(
    x: np.ndarray, y: np.ndarray, turn: np.ndarray, radius: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (u, v) of every pixel in the frame of a figure, in units of its radius.

    The figure's center is at (x, y), counted from the center of the image; all of shape (N,).
    """
    steps = np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2
    dx = steps[None, None, :] - x[:, None, None]
    dy = steps[None, :, None] - y[:, None, None]
    k = (turn * _TURN).astype(np.int64)
    cos = _COS[k][:, None, None]
    sin = _SIN[k][:, None, None]
    u = (cos * dx + sin * dy) / radius[:, None, None]
    v = (cos * dy - sin * dx) / radius[:, None, None]
    return u, v


def _coverage(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    """How much of every pixel the figure covers, 0 to 1; shape (N, 32, 32)."""
    radius = 8 + 5 * t[:, 2]
    center_x = 11 * (t[:, 0] - 0.5)
    center_y = 11 * (t[:, 1] - 0.5)
    u, v = _grid(center_x, center_y, t[:, 3], radius)
    field = np.empty_like(u)
    for label, draw in enumerate(_FIELDS):
        members = np.flatnonzero(y == label)
        field[members] = draw(u[members], v[members], t[members, 4, None, None])
    return np.clip(field * radius[:, None, None] + 0.5, 0, 1)


def _colors(y: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Background (a gradient between two colors) and figure color.

    Each broadcasts to (N, 3, 32, 32).
    """
    far = np.full(len(y), SIZE / 2, dtype=np.float32)
    across, _ = _grid(0 * far, 0 * far, t[:, 5], far)
    ramp = np.clip(across / 2 + 0.5, 0, 1)[:, None]
    light = 70 + 90 * t[:, 6:7]
    one = light + 125 * (t[:, 7:10] - 0.5)
    two = light + 125 * (t[:, 10:13] - 0.5)
    ground = one[:, :, None, None] * (1 - ramp) + two[:, :, None, None] * ramp
    polarity = np.where(t[:, 13:14] < 0.78, 1, -1).astype(np.float32)
    contrast = polarity * (38 + 52 * t[:, 14:15])
    tint = 2.3 * t[:, 15:16] * _CLASS_TINTS[y] + 70 * (t[:, 16:19] - 0.5)
    return ground, (light + contrast + tint)[:, :, None, None]


# Each figure is a field over its own coordinates: positive inside, its size the distance to the
# edge. `phase` in [0, 1) shifts the textures.


def _length(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.sqrt(u * u + v * v)


def _wave(s: np.ndarray) -> np.ndarray:
    """A triangle wave of period 1 with values from -0.25 to 0.25 and slopes of size 1."""
    return np.abs(s - np.floor(s) - 0.5) - 0.25


def _disc(u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    return 0.85 - _length(u, v)


def _ring(u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    return 0.2 - np.abs(_length(u, v) - 0.75)


def _square(u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    return 0.75 - np.maximum(np.abs(u), np.abs(v))


def _triangle(u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    return 0.55 - np.maximum(v, 0.866 * np.abs(u) - 0.5 * v)


def _cross(u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    u = np.abs(u)
    v = np.abs(v)
    return np.maximum(np.minimum(0.95 - u, 0.28 - v), np.minimum(0.95 - v, 0.28 - u))


def _star(u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Five points: inside at least four of five half planes.

    So the field is the second smallest of theirs.
    """
    smallest = second = np.full_like(u, 9)
    for k in range(5):
        turn = k * _TURN // 5
        edge = 0.38 - (_COS[turn] * u + _SIN[turn] * v)
        second = np.minimum(second, np.maximum(smallest, edge))
        smallest = np.minimum(smallest, edge)
    return second


def _crescent(u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    return np.minimum(0.95 - _length(u, v), _length(u - 0.5, v) - 0.72)


def _stripes(u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    return np.minimum(0.95 - _length(u, v), _wave(1.6 * v + phase) / 1.6)


def _checkers(u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    a = _wave(1.25 * u + phase)
    b = _wave(1.25 * v + phase)
    fields = np.sign(a * b) * np.minimum(np.abs(a), np.abs(b)) / 1.25
    return np.minimum(0.95 - _length(u, v), fields)


def _dots(u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Four dots on the corners of a square."""
    return 0.3 - _length(np.abs(u) - 0.55, np.abs(v) - 0.55)


_FIELDS = (_disc, _ring, _square, _triangle, _cross, _star, _crescent, _stripes, _checkers, _dots)
