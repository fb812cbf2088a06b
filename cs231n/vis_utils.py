"""Pictures: grids of images and weight templates, and figures that keep their alternative text."""

import base64
import html
import io
import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._lazy import old_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import LayoutEngine

__getattr__ = old_names(__name__)

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
BLACK = "#000000"

PNG: dict[str, Any] = {"compress_level": 3}
"""How pictures are packed; more effort takes half as long again and makes plots no smaller."""

SERIES = ((BLUE, "-", "o"), (VERMILLION, "--", "s"), (GREEN, "-.", "^"), (PURPLE, ":", "D"))
"""Color, line style and marker of up to four series: told apart in gray, too."""

MAGNITUDE = "cividis"
SIGNED = "PuOr"
FILTERS = "gray"
"""Color maps for magnitudes, for signed values (center them on zero), and for filters."""


def visualize_grid(Xs: np.ndarray, ubound: float = 255.0, padding: int = 1) -> np.ndarray:
    """Put images side by side in a grid, each stretched to the range 0 to `ubound`.

    An image whose pixels are all equal becomes medium gray.

    Parameters
    ----------
    Xs : ndarray of shape (N, H, W, C)
    ubound : float
        The value of the brightest pixel.
    padding : int
        Pixels between the images.

    Returns
    -------
    grid : ndarray of shape (R * H + (R - 1) * padding, R * W + (R - 1) * padding, C), float32
        R is the root of N, rounded up. What is not covered by an image is 0.

    Raises
    ------
    ValueError
        If `Xs` has another number of dimensions.
    """
    Xs = np.asarray(Xs)
    if Xs.ndim != 4:
        raise ValueError(
            f"visualize_grid: Xs must have the shape (N, H, W, C); got {Xs.shape}. "
            "Move the channels last: x.transpose(0, 2, 3, 1)."
        )
    N, H, W, C = Xs.shape
    side = math.isqrt(N - 1) + 1 if N else 0
    down = max(side * H + (side - 1) * padding, 0)
    across = max(side * W + (side - 1) * padding, 0)
    grid = np.zeros((down, across, C), dtype=np.float32)
    for n, x in enumerate(Xs):
        top = (n // side) * (H + padding)
        left = (n % side) * (W + padding)
        grid[top : top + H, left : left + W] = _stretch(x, ubound)
    return grid


def _stretch(x: np.ndarray, ubound: float) -> np.ndarray:
    """Scale an image to the range 0 to `ubound`; equal pixels become medium gray."""
    x = x.astype(np.float64)
    low = x.min(initial=np.inf)
    high = x.max(initial=-np.inf)
    if high > low:
        return ubound * (x - low) / (high - low)
    return np.full_like(x, ubound / 2)


def image_grid(
    x: np.ndarray,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    cmap: str | None = None,
) -> "tuple[Figure, Axes]":
    """Show images in rows and columns, an inch wide each.

    Each is stretched to the full range of brightness. They are one picture in one Axes: dozens of
    Axes take ten times as long.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Of one or three channels; of any range, such as images without their mean.
    titles : sequence of N str, optional
        What stands above every image, such as the names of the classes.
    columns : int, optional
        By default as many as make the grid about as wide as high.
    cmap : str, optional
        The color map of images with one channel; gray by default.

    Returns
    -------
    fig : Figure
    ax : Axes

    Raises
    ------
    ValueError
        If `x` has another shape, or `titles` another length.
    """
    import matplotlib.pyplot as plt

    x = np.asarray(x)
    if x.ndim != 4 or x.shape[1] not in (1, 3) or not len(x):
        raise ValueError(
            "image_grid: x must have the shape (N, C, H, W) with N > 0 and C 1 or 3; "
            f"got {x.shape}."
        )
    if titles is not None and len(titles) != len(x):
        raise ValueError(
            f"image_grid: one title per image is needed; got {len(titles)} for {len(x)} images."
        )
    if not columns:
        columns = math.isqrt(len(x) - 1) + 1
    room = 0.0 if titles is None else 0.25
    grid, corners = _side_by_side(x, columns, room)
    high, wide, C = grid.shape
    W = x.shape[3]
    fig = plt.figure(figsize=(wide / W, high / W), layout=fixed_layout())
    ax = fig.add_axes((0, 0, 1, 1))
    ax.axis("off")
    picture = grid if C == 3 else grid[..., 0]
    ax.imshow(picture, cmap=cmap or FILTERS, vmin=0, vmax=1)
    if titles is not None:
        for (top, left), title in zip(corners, titles):
            ax.text(left + (W - 1) / 2, top - 0.5 - W / 20, title, fontsize=9, ha="center")
    return fig, ax


def color_scale(values: np.ndarray) -> dict[str, Any]:
    """Choose the color map of values, and its range, for ``imshow``.

    Parameters
    ----------
    values : ndarray of any shape
        Without negative entries they are shown as magnitudes; otherwise as signed values, with
        white at zero.

    Returns
    -------
    scale : dict
        ``cmap``, ``vmin`` and ``vmax``.
    """
    limit = np.abs(values).max() or 1.0
    if np.min(values) < 0:
        return {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
    return {"cmap": MAGNITUDE, "vmin": 0, "vmax": limit}


def fixed_layout() -> "LayoutEngine":
    """LayoutEngine : for a figure where everything has its place.

    A figure without a layout engine is drawn twice to trim it.
    """
    from matplotlib.layout_engine import PlaceHolderLayoutEngine

    return PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=True)


def _side_by_side(
    x: np.ndarray, columns: int, above: float
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Copy images into one, with gaps between them and room above each.

    The room is given in widths of an image.

    Returns
    -------
    grid : ndarray of shape (H', W', C)
    corners : list of (int, int)
        Row and column where each image begins.
    """
    N, C, H, W = x.shape
    gap = max(1, W // 10)
    head = math.ceil(above * W)
    high = H + head + gap
    wide = W + gap
    rows = -(-N // columns)
    background = np.nan if C == 1 else 1.0
    grid = np.full((rows * high, columns * wide, C), background)
    corners = []
    for n, image in enumerate(x):
        top = n // columns * high + head
        left = n % columns * wide + gap // 2
        corners.append((top, left))
        grid[top : top + H, left : left + W] = _stretch(image.transpose(1, 2, 0), 1.0)
    return grid, corners


def weight_templates(
    W: np.ndarray,
    class_names: Sequence[str] | None = None,
    image_shape: tuple[int, ...] = (3, 32, 32),
) -> "tuple[Figure, Axes]":
    """Show the weights of a linear classifier as one image per class.

    Parameters
    ----------
    W : ndarray of shape (D, M) or (D + 1, M)
        D is the number of pixels and channels; a last row, the bias, is left out.
    class_names : sequence of M str, optional
    image_shape : tuple of int
        (C, H, W) with C 1 or 3; or (H, W, 3), the layout of `load_CIFAR10`.

    Returns
    -------
    fig : Figure
    ax : Axes

    Raises
    ------
    ValueError
        If the number of rows does not go with `image_shape`.
    """
    D = math.prod(image_shape)
    if W.ndim != 2 or len(W) not in (D, D + 1):
        raise ValueError(
            f"weight_templates: W must have {D} or {D + 1} rows for images of shape "
            f"{tuple(image_shape)}; got shape {W.shape}. Pass the image_shape of the data set."
        )
    x = W[:D].T.reshape(-1, *image_shape)
    if image_shape[0] not in (1, 3):
        x = x.transpose(0, 3, 1, 2)
    return image_grid(x, class_names, columns=min(len(x), 5))


def show(fig: "Figure", alt: str) -> None:
    """Show a figure and keep its alternative text.

    In a notebook the figure becomes an HTML image with the text in `alt`, which survives every
    export. Elsewhere it becomes the label of the figure, the title of its window.

    Parameters
    ----------
    fig : Figure
        It is closed, so that it does not appear twice; outside a notebook only if pyplot is not
        interactive.
    alt : str
        What the figure shows, for those who cannot see it: one or two sentences.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    import matplotlib.pyplot as plt

    if not alt or not alt.strip():
        raise ValueError("show: alt is empty. Say in one or two sentences what the figure shows.")
    if in_notebook():
        from IPython.display import display

        display(Picture(fig, alt))
    else:
        fig.set_label(alt)
        with warnings.catch_warnings():
            # Without a screen there is nothing to show, and a script has no use for being told so.
            warnings.filterwarnings("ignore", message=".*non-interactive", category=UserWarning)
            plt.show()
    if not plt.isinteractive() or in_notebook():
        plt.close(fig)


class Picture:
    """A figure as pixels with an alternative text, which notebooks show as an HTML image.

    Parameters
    ----------
    fig : Figure
    alt : str
    dpi : int
        Pixels per inch.

    Attributes
    ----------
    pixels : ndarray of shape (H', W', 4), uint8
        Red, green, blue and opacity.
    alt : str
    """

    def __init__(self, fig: "Figure", alt: str, dpi: int = 100) -> None:
        # With a layout there is room for everything. Without one, savefig draws twice, so as to
        # find the edges.
        draw = _trimmed if fig.get_layout_engine() is None else _drawn
        self.pixels = draw(fig, dpi)
        self.alt = alt

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        """str : ``<img alt="..." src="data:image/png;base64,...">``"""
        from PIL import Image, PngImagePlugin

        notes = PngImagePlugin.PngInfo()
        notes.add_itxt("Description", self.alt)
        png = io.BytesIO()
        Image.fromarray(self.pixels).save(png, "PNG", pnginfo=notes, **PNG)
        data = base64.b64encode(png.getvalue()).decode("ascii")
        return f'<img alt="{html.escape(self.alt)}" src="data:image/png;base64,{data}">'


def _drawn(fig: "Figure", dpi: int) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    shown_on = fig.canvas
    usual = fig.dpi
    try:
        fig.dpi = dpi
        canvas = FigureCanvasAgg(fig)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())
    finally:
        fig.dpi = usual
        fig.set_canvas(shown_on)


def _trimmed(fig: "Figure", dpi: int) -> np.ndarray:
    from PIL import Image

    png = io.BytesIO()
    fig.savefig(png, format="png", dpi=dpi, bbox_inches="tight", pil_kwargs={"compress_level": 0})
    return np.asarray(Image.open(png).convert("RGBA"))


def in_notebook() -> bool:
    """bool : whether a Jupyter kernel runs this process; only its shell belongs to a kernel."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None
