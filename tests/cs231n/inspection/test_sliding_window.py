import base64
import re

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from cs231n.inspection import animate_sliding_window, animation_html, plot_window
from cs231n.layers import conv_forward_naive


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


X = np.array([[1, 2, 0, 1], [0, 1, 3, -1], [2, 0, 1, 1]])
W = np.array([[1, 0, -1], [2, -1, 0]])


def written(axes):
    return [t.get_text() for t in axes.texts]


def evaluate(text):
    """Work out a sum of products as it is written in the figure."""
    return eval(
        re.sub(r"[^0-9+*.() -]", "", text.replace("−", "-").replace("·", "*").split("=")[0])
    )


def number(text):
    return float(text.replace("−", "-"))


def test_the_dot_product_is_written_out():
    fig, _ax = plot_window(X, W, b=4, step=1)
    products, total = (t.get_text() for t in fig.texts)
    assert products == "2·1 + 0·0 + 1·(−1)\n+ 1·2 + 3·(−1) + (−1)·0\n= 0"
    assert total == "0\n+ 4 (bias)\n= 4"


@pytest.mark.parametrize("stride, pad", [(1, 0), (2, 1)])
def test_every_step_shows_the_sum_that_it_claims(stride, pad):
    rng = np.random.default_rng(0)
    x, w = rng.integers(-3, 4, size=(2, 3, 5)), rng.integers(-2, 3, size=(2, 3, 3))
    out, _ = conv_forward_naive(
        x[None] * 1.0, w[None] * 1.0, np.array([2.0]), {"stride": stride, "pad": pad}
    )
    for step, (i, j) in enumerate(np.ndindex(out.shape[2:])):
        fig, ax = plot_window(x, w, 2, stride, pad, step)
        *products, total = (t.get_text() for t in fig.texts)
        subtotals = [evaluate(text) for text in products]
        assert [number(text.split("= ")[1]) for text in products] == subtotals
        assert number(total.split("= ")[1]) == sum(subtotals) + 2 == out[0, 0, i, j]
        assert ax["image0"].patches[0].get_xy() == (j * stride - 0.5, i * stride - 0.5)
        assert ax["output"].patches[0].get_xy() == (j - 0.5, i - 0.5)
        plt.close(fig)


def test_outputs_appear_in_order_and_later_ones_stay_hidden():
    _, ax = plot_window(X, W, step=2)
    assert written(ax["output"]) == ["0", "0", "1", ""]
    assert written(plot_window(X, W)[1]["output"])[-1] != ""


def test_padding_is_drawn_in_gray_around_the_image():
    _, ax = plot_window(X, W, pad=1)
    colors = [t.get_color() for t in ax["image0"].texts]
    assert len(colors) == 5 * 6 and colors.count("black") == X.size
    assert [number(t.get_text()) for t in ax["image0"].texts if t.get_color() == "black"] == list(
        X.flat
    )


def test_every_channel_has_its_own_row():
    _, ax = plot_window(np.stack([X] * 3), np.stack([W] * 3))
    assert set(ax) == {"image0", "image1", "image2", "filter0", "filter1", "filter2", "output"}
    assert ax["filter2"].get_title() == "filter, channel 2"
    assert written(ax["filter1"]) == ["1", "0", "−1", "2", "−1", "0"]


def test_texts_stay_inside_the_figure_and_cells_have_one_size():
    fig, ax = plot_window(X + 0.25, W - 0.75, b=-1.5)
    renderer = fig.canvas.get_renderer()
    for text in fig.texts:
        box = text.get_window_extent(renderer)
        assert fig.bbox.x0 <= box.x0 and box.x1 <= fig.bbox.x1 and fig.bbox.y0 <= box.y0
    fig.draw_without_rendering()
    cells = {
        round(a.get_window_extent().width / a.images[0].get_array().shape[1], 3)
        for a in ax.values()
    }
    assert len(cells) == 1


def test_the_animation_has_one_frame_per_position_and_moves():
    animation = animate_sliding_window(X, W, interval=10)
    page = animation_html(animation, alt='The window "slides" over the image.')
    words = "The window &quot;slides&quot; over the image."
    still = re.search(rf'<img alt="{words}" src="data:image/png;base64,([^"]+)"', page)
    assert base64.b64decode(still[1], validate=True).startswith(b"\x89PNG")
    assert plt.get_fignums() == []
    frames = re.findall(r'frames\[\d+\] = "data:image/png;base64,([^"]+)', page)
    assert len(frames) == 4 and len(set(frames)) == 4


def test_an_animation_needs_no_network_and_a_sign_stands_on_each_button():
    page = animation_html(animate_sliding_window(X, W), alt="The window slides.")
    assert "<link" not in page and "http" not in re.sub(r'"data:image[^"]+"', "", page)
    buttons = re.findall(r'<button title="([^"]+)".*?>\s*(.*?)</button>', page)
    assert dict(buttons)["Play"] == "&gt;" and dict(buttons)["Play backwards"] == "&lt;"
    signs = [sign for _, sign in buttons]
    assert len(set(signs)) == page.count("<button") == 9 and not any(
        "<" in sign or "?" in sign for sign in signs
    )


def test_an_animation_needs_words():
    animation = animate_sliding_window(X, W)
    with pytest.raises(ValueError, match="alt is empty"):
        animation_html(animation, alt=" ")


def test_numbers_are_rounded_to_fit_and_never_negative_zero():
    _, ax = plot_window(np.array([[0.126, -0.001]]), np.array([[1.0]]))
    assert written(ax["image0"]) == ["0.13", "0"]


@pytest.mark.parametrize(
    "x, w, message",
    [
        (np.ones((2, 5, 5)), np.ones((3, 3)), r"got \(2, 5, 5\) and \(1, 3, 3\)"),
        (
            np.ones((13, 4)),
            np.ones((2, 2)),
            r"at most 12 rows and columns to be read; got \(13, 4\)",
        ),
        (np.ones((4, 4)), np.ones((5, 2)), "plot_window: filter height 5 exceeds padded height 4"),
        (np.ones(4), np.ones((2, 2)), r"needs x of shape \(C, H, W\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused(x, w, message):
    with pytest.raises(ValueError, match=message):
        plot_window(x, w)
