"""Random sliding windows, and the columns that they are by definition."""

import numpy as np
from hypothesis import strategies as st

small = st.integers(1, 4)


@st.composite
def sliding(draw):
    """Images, a filter size, a padding and a stride that fit each other."""
    size, stride, out = (
        draw(st.tuples(small, small)),
        draw(st.tuples(small, small)),
        draw(st.tuples(small, small)),
    )
    padding = tuple(draw(st.integers(0, (k - 1) // 2)) for k in size)
    H, W = ((o - 1) * s + k - 2 * p for o, s, k, p in zip(out, stride, size, padding))
    x = np.random.default_rng(draw(st.integers(0, 2**32))).standard_normal(
        (draw(small), draw(small), H, W)
    )
    return x, size, padding, stride


def columns_by_definition(x, size, padding, stride):
    rows, cols = padding
    padded = np.pad(x, ((0, 0), (0, 0), (rows, rows), (cols, cols)))
    N, _C, H, W = padded.shape
    found = [
        padded[n, :, y : y + size[0], z : z + size[1]].ravel()
        for y in range(0, H - size[0] + 1, stride[0])
        for z in range(0, W - size[1] + 1, stride[1])
        for n in range(N)
    ]
    return np.array(found).T
