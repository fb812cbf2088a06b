import base64
import io
import re

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from cs231n import vis_utils
from cs231n.vis_utils import Picture, image_grid, show, visualize_grid, weight_templates


@pytest.fixture(autouse=True)
def no_window():
    backend = matplotlib.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)


def test_constant_images_are_gray_in_defect_visualize_grid_divides_by_zero():
    Xs = np.stack([np.full((2, 3, 3), value) for value in (0.0, 7.0)])
    grid = visualize_grid(Xs)
    assert grid.shape == (5, 7, 3)
    assert (grid[:2, :3] == 127.5).all() and (grid[:2, 4:] == 127.5).all()
    assert (grid[:, 3] == 0).all() and (grid[2:] == 0).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_visualize_grid_stretches_every_image_and_fills_by_rows(dtype):
    Xs = np.random.default_rng(1).integers(10, 200, (5, 4, 6, 3)).astype(dtype)
    grid = visualize_grid(Xs, ubound=1.0, padding=2)
    assert grid.shape == (3 * 4 + 2 * 2, 3 * 6 + 2 * 2, 3) and grid.dtype == np.float32
    x = Xs[4].astype(np.float64)
    np.testing.assert_allclose(grid[6:10, 8:14], (x - x.min()) / (x.max() - x.min()), rtol=1e-6)
    assert grid.min() == 0 and grid.max() == 1
    assert (grid[6:10, 16:] == 0).all()


def test_visualize_grid_without_images_is_empty_and_other_shapes_are_refused():
    assert visualize_grid(np.zeros((0, 4, 4, 3))).shape == (0, 0, 3)
    assert visualize_grid(np.zeros((1, 4, 4, 3))).shape == (4, 4, 3)
    with pytest.raises(ValueError, match=r"must have the shape \(N, H, W, C\); got \(4, 4, 3\)"):
        visualize_grid(np.zeros((4, 4, 3)))


def picture(ax, n, columns, shape, above):
    """Of the images in a grid the one with number n."""
    H, W = shape
    gap, head = max(1, W // 10), above
    top, left = n // columns * (H + head + gap) + head, n % columns * (W + gap) + gap // 2
    return ax.images[0].get_array()[top : top + H, left : left + W]


def test_image_grid_shows_every_image_below_its_title_in_one_axes():
    x = np.random.default_rng(2).standard_normal((5, 3, 7, 8))
    fig, ax = image_grid(x, titles=list("abcde"), columns=3)
    grid = ax.images[0].get_array()
    assert [text.get_text() for text in ax.texts] == list("abcde") and fig.axes == [ax]
    # One pixel between images, a quarter of their width for a title; an inch for each image.
    assert grid.shape == (2 * 10, 3 * 9, 3) and fig.get_size_inches().tolist() == [27 / 8, 20 / 8]
    shown = (x - x.min(axis=(1, 2, 3), keepdims=True)) / np.ptp(x, axis=(1, 2, 3), keepdims=True)
    for n in range(5):
        np.testing.assert_allclose(
            picture(ax, n, 3, (7, 8), 2), shown[n].transpose(1, 2, 0), rtol=1e-6
        )
    assert (grid[:2] == 1).all() and (grid[10:, 18:] == 1).all()
    plt.close(fig)


def test_image_grid_shows_gray_images_in_gray_and_constant_ones_as_medium_gray():
    _fig, ax = image_grid(np.zeros((4, 1, 8, 8), np.uint8))
    assert ax.images[0].get_array().shape == (18, 18) and not ax.texts
    assert ax.images[0].get_cmap().name == "gray"
    assert (picture(ax, 3, 2, (8, 8), 0) == 0.5).all()
    assert image_grid(np.zeros((1, 1, 8, 8)), cmap="PuOr")[1].images[0].get_cmap().name == "PuOr"


@pytest.mark.parametrize(
    "shape, titles, message",
    [
        ((3, 8, 8), None, "got (3, 8, 8)"),
        ((2, 4, 8, 8), None, "got (2, 4, 8, 8)"),
        ((0, 3, 8, 8), None, "got (0, 3, 8, 8)"),
        ((2, 3, 8, 8), ["a"], "got 1 for 2 images"),
    ],
)
def test_image_grid_refuses_what_is_no_image(shape, titles, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        image_grid(np.zeros(shape), titles)


@pytest.mark.parametrize("bias", [0, 1])
@pytest.mark.parametrize("layout", ["first", "last"])
def test_weight_templates_are_the_columns_of_the_weights(bias, layout):
    W = np.random.default_rng(3).standard_normal((4 * 5 * 3 + bias, 7))
    shape = (3, 4, 5) if layout == "first" else (4, 5, 3)
    _fig, ax = weight_templates(W, [f"class {k}" for k in range(7)], shape)
    assert ax.texts[6].get_text() == "class 6"
    template = W[:60, 6].reshape(shape)
    template = template.transpose(1, 2, 0) if layout == "first" else template
    shown = picture(ax, 6, 5, (4, 5), 2)
    np.testing.assert_allclose(shown, (template - template.min()) / np.ptp(template), rtol=1e-6)


def test_weight_templates_of_another_size_say_what_to_pass():
    with pytest.raises(
        ValueError,
        match=r"3072 or 3073 rows for images of shape \(3, 32, 32\); got shape "
        r"\(64, 10\)",
    ):
        weight_templates(np.zeros((64, 10)))


ALT = 'Loss falls from 2.3 to "0.1" & stays <there>.'


def figure():
    fig, ax = plt.subplots(figsize=(2, 1))
    ax.plot([1, 2, 3])
    return fig


def test_show_elsewhere_keeps_the_alternative_text_and_does_not_warn():
    fig = figure()
    assert show(fig, alt=ALT) is None
    assert fig.get_label() == ALT
    assert plt.get_fignums() == []


def test_show_leaves_the_window_of_an_interactive_session_open():
    with plt.ion():
        fig = figure()
        show(fig, ALT)
        assert plt.get_fignums() == [fig.number]


def test_show_in_a_notebook_displays_an_image_with_its_alternative_text():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.kernel = object()
        with pytest.MonkeyPatch.context() as patch:
            shown = []
            patch.setattr(shell.display_pub, "publish", lambda data, **options: shown.append(data))
            show(figure(), ALT)
    finally:
        InteractiveShell.clear_instance()
    assert plt.get_fignums() == []
    assert len(shown) == 1
    check_html(shown[0]["text/html"])


def check_html(text):
    match = re.fullmatch(r'<img alt="([^"<>]*)" src="data:image/png;base64,([\w+/=]+)">', text)
    assert match[1] == "Loss falls from 2.3 to &quot;0.1&quot; &amp; stays &lt;there&gt;."
    pixels = plt.imread(io.BytesIO(base64.b64decode(match[2])))
    assert pixels.shape[2] == 4 and np.ptp(pixels[..., :3]) > 0.5


def test_a_picture_carries_its_own_pixels_and_its_text():
    found = Picture(figure(), ALT)
    check_html(found._repr_html_())
    assert repr(found) == found.alt == ALT
    np.testing.assert_array_equal(found.pixels, np.round(255 * pixels_of(found._repr_html_())))


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_show_without_alternative_text_is_refused(alt):
    with pytest.raises(ValueError, match="alt is empty"):
        show(figure(), alt)


def test_without_ipython_no_notebook_is_assumed(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "IPython", None)
    assert not vis_utils.in_notebook()


def test_four_series_differ_by_more_than_color():
    assert all(len(set(column)) == 4 for column in zip(*vis_utils.SERIES))
    for name in (vis_utils.MAGNITUDE, vis_utils.SIGNED, vis_utils.FILTERS):
        assert name in matplotlib.colormaps


def pixels_of(html):
    return plt.imread(io.BytesIO(base64.b64decode(html.partition("base64,")[2][:-2])))


def test_a_figure_with_a_layout_is_drawn_once_and_looks_as_savefig_draws_it():
    fig, ax = plt.subplots(figsize=(3, 2), layout="constrained", dpi=50)
    ax.set(xlabel="step", ylabel="loss", title="A title")
    drawn = []
    ax.xaxis.label.draw = lambda renderer, draw=ax.xaxis.label.draw: drawn.append(draw(renderer))
    found, canvas = pixels_of(Picture(fig, ALT)._repr_html_()), fig.canvas
    assert found.shape == (200, 300, 4) and len(drawn) == 1
    assert fig.dpi == 50 and fig.canvas is canvas
    file = io.BytesIO()
    fig.savefig(file, dpi=100)
    file.seek(0)
    np.testing.assert_array_equal(found, plt.imread(file))
    plt.close(fig)


@pytest.mark.parametrize("H, W", [(4, 4), (5, 7), (32, 32), (48, 32)])
def test_images_of_a_grid_are_an_inch_wide_and_titles_stand_between_them(H, W):
    fig, ax = image_grid(np.zeros((7, 3, H, W)), ["automobile"] * 7, columns=3)
    fig.draw_without_rendering()
    (left, _), (right, _) = ax.transData.transform([(0, 0), (W, 0)])
    assert (right - left) / fig.dpi == pytest.approx(1)
    boxes = [text.get_window_extent() for text in ax.texts]
    blank = (ax.images[0].get_array() == 1).all(axis=2)
    for box in boxes:
        assert (
            fig.bbox.fully_containsx(box.x0)
            and fig.bbox.fully_containsx(box.x1)
            and fig.bbox.fully_containsy(box.y1)
        )
        (x0, y1), (x1, y0) = ax.transData.inverted().transform([(box.x0, box.y0), (box.x1, box.y1)])
        assert blank[max(0, round(y0)) : round(y1) + 1, round(x0) : round(x1) + 1].all(), (
            "a title over an image"
        )
    assert not any(boxes[i].overlaps(boxes[j]) for i in range(7) for j in range(i))
    plt.close(fig)
