"""A convolution at work: the window slides, and the dot product is written out."""

import html
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ..fast_layers import conv_forward_fast
from ..vis_utils import GREEN, PNG, SIGNED, VERMILLION
from ..window_geometry import slide

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from matplotlib.text import Text

LARGEST_INPUT = 12
# Lengths in inches.
CELL = 0.42
GAP = 0.35
TITLE = 0.3
CHARACTER = 0.077
# What stands on the buttons of an animation, by the names of the pictures it replaces.
_SIGNS = {
    "fa-minus": "-",
    "fa-fast-backward": "|<<",
    "fa-step-backward": "|<",
    "fa-play fa-flip-horizontal": "<",
    "fa-pause": "||",
    "fa-play": ">",
    "fa-step-forward": ">|",
    "fa-fast-forward": ">>|",
    "fa-plus": "+",
}


def plot_window(
    x: np.ndarray,
    w: np.ndarray,
    b: float = 0.0,
    stride: int = 1,
    pad: int = 0,
    step: int | None = None,
) -> "tuple[Figure, dict[str, Axes]]":
    """Draw one step of a convolution: image, filter, products, and the outputs so far.

    Parameters
    ----------
    x : ndarray of shape (H, W) or (C, H, W)
        A small image, at most 12 x 12 with its padding, so that the numbers can be read.
    w : ndarray of shape (HH, WW) or (C, HH, WW)
        One filter.
    b : float
        Its bias.
    stride, pad : int
    step : int, optional
        Which position of the window, in row-major order; by default the last one, with every
        output filled in.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : dict of str -> matplotlib.axes.Axes
        ``image0``, ``filter0``, ... one per channel, and ``output``.

    Raises
    ------
    ValueError
        If shapes do not belong together, the filter does not fit, or the image is too large.
    """
    scene = _Scene("plot_window", x, w, b, stride, pad)
    if step is None:
        step = len(scene.positions) - 1
    scene.draw(step)
    return scene.fig, scene.ax


class SlidingWindowAnimation:
    """A figure, and what to change in it from frame to frame.

    To make a film of it, give ``animation.fig``, ``animation.draw`` and ``animation.num_frames``
    to ``matplotlib.animation.FuncAnimation``.

    Attributes
    ----------
    fig : matplotlib.figure.Figure
    num_frames : int
    interval : int
        Milliseconds per frame.
    """

    def __init__(self, scene: "_Scene", interval: int) -> None:
        self.fig = scene.fig
        self.draw = scene.draw
        self.num_frames = len(scene.positions)
        self.interval = interval


def animate_sliding_window(
    x: np.ndarray,
    w: np.ndarray,
    b: float = 0.0,
    stride: int = 1,
    pad: int = 0,
    interval: int = 800,
) -> SlidingWindowAnimation:
    """Animate a convolution: the window slides over the image and fills in the output.

    Parameters
    ----------
    x, w, b, stride, pad
        As for `plot_window`.
    interval : int
        Milliseconds per position.

    Returns
    -------
    animation : SlidingWindowAnimation
        In a notebook, show ``HTML(animation_html(animation, alt="..."))``.
    """
    scene = _Scene("animate_sliding_window", x, w, b, stride, pad)
    return SlidingWindowAnimation(scene, interval)


def animation_html(animation: SlidingWindowAnimation, alt: str) -> str:
    """Turn an animation into HTML that plays in a notebook without further programs.

    Where scripts do not run, as in a notebook that is not trusted, its last frame is shown.

    Parameters
    ----------
    animation : SlidingWindowAnimation
        Its figure is closed, so that it does not appear a second time.
    alt : str
        What the animation shows, for those who cannot see it.

    Returns
    -------
    text : str

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    import matplotlib.pyplot as plt
    from matplotlib.animation import HTMLWriter

    if not alt or not alt.strip():
        raise ValueError(
            "animation_html: alt is empty. Say in one or two sentences what the animation shows."
        )
    writer = HTMLWriter(
        fps=1000 / animation.interval,  # type: ignore[arg-type]  # a fraction is fine
        embed_frames=True,
        default_mode="once",
    )
    # Without ioff, every frame would be drawn for a screen as well.
    with plt.ioff(), TemporaryDirectory() as folder:
        page = Path(folder, "player.html")
        with writer.saving(animation.fig, page, animation.fig.dpi):
            frame = _Frame(animation.fig, animation.draw(0))
            writer.fig = frame  # type: ignore[assignment]  # the writer only calls savefig
            for step in range(animation.num_frames):
                animation.draw(step)
                writer.grab_frame()
        player = _without_network(page.read_text())
    plt.close(animation.fig)
    last = re.findall(r'frames\[\d+\] = "([^"]+)"', player)[-1].replace("\\\n", "")
    still = f'<img alt="{html.escape(alt)}" src="{last}" '
    return f'<div role="figure">{player.replace("<img ", still, 1)}</div>'


class _Frame:
    """Saves a figure again and again, and draws anew only what moves.

    The numbers on the grids take most of the time, and stay.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    moving : list of Artist
        What changes from one frame to the next.
    """

    def __init__(self, fig: "Figure", moving: "list[Artist]") -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self.fig = fig
        self.moving = moving
        self.canvas = FigureCanvasAgg(fig)
        for artist in moving:
            artist.set_visible(False)
        self.canvas.draw()
        self.still = self.canvas.copy_from_bbox(fig.bbox)
        for artist in moving:
            artist.set_visible(True)

    def savefig(self, stream: IO[bytes], **_: Any) -> None:
        from PIL import Image

        self.canvas.restore_region(self.still)
        for artist in self.moving:
            self.fig.draw_artist(artist)
        picture = Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")
        picture.save(stream, format="png", **PNG)


def _without_network(player: str) -> str:
    """Put signs on the buttons, for which matplotlib's page fetches pictures from the network."""

    def sign(icon: re.Match) -> str:
        return html.escape(_SIGNS.get(icon[1], "?"))

    player = re.sub(r"<link\b[^>]*>", "", player)
    return re.sub(r'<i class="fa ([^"]+)"></i>', sign, player)


class _Scene:
    """The figure, and what changes in it from step to step."""

    def __init__(
        self, caller: str, x: np.ndarray, w: np.ndarray, b: float, stride: int, pad: int
    ) -> None:
        x = _with_channels(x)
        w = _with_channels(w)
        if x.ndim != 3 or w.ndim != 3 or len(x) != len(w):
            raise ValueError(
                f"{caller}: needs x of shape (C, H, W) and w of shape (C, HH, WW); got {x.shape} "
                f"and {w.shape}. Leave out C in both, or give both the same."
            )
        got = f"w of shape {w.shape}"
        geometry = slide(caller, x.shape[1:], w.shape[1:], stride, pad, what="filter", got=got)
        self.padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
        if max(self.padded.shape[1:]) > LARGEST_INPUT:
            raise ValueError(
                f"{caller}: the padded image may have at most {LARGEST_INPUT} rows and columns to "
                f"be read; got {self.padded.shape[1:]}. Cut out a piece of it."
            )
        self.w = w
        self.b = float(b)
        self.stride = stride
        self.pad = pad
        param = {"stride": stride, "pad": pad}
        out, _ = conv_forward_fast(x[np.newaxis], w[np.newaxis], np.array([self.b]), param)
        self.out = out[0, 0]
        self.positions = list(np.ndindex(geometry.out))
        self._set_up()

    def _set_up(self) -> None:
        """Place a row per channel, with image, filter and products, and the output at the right."""
        import matplotlib.pyplot as plt

        C, H, W = self.padded.shape
        _, HH, WW = self.w.shape
        products_width = 0.0
        out_width = self.out.shape[1] * CELL
        for step in range(len(self.positions)):
            *products, total = self._texts(step)
            products_width = max(products_width, *map(_width, products))
            out_width = max(out_width, _width(total))
        lefts = np.cumsum([GAP / 2, W * CELL + GAP, WW * CELL + GAP, products_width + GAP])
        width = lefts[3] + out_width + GAP / 2
        row = max(H, HH, len(self.out) + 2) * CELL + TITLE
        height = C * row + 0.15
        self.fig = fig = plt.figure(figsize=(width, height))
        self.ax: dict[str, Axes] = {}
        self.frames: list[Rectangle] = []
        self.products: list[Text] = []

        def grid(
            name: str, title: str, values: np.ndarray, left: float, top: float, **style: Any
        ) -> "list[Text]":
            rows = values.shape[0] * CELL
            columns = values.shape[1] * CELL
            box = (left / width, (top - rows) / height, columns / width, rows / height)
            self.ax[name] = fig.add_axes(box)
            return _numbers(self.ax[name], values, title, **style)

        inside = np.zeros((H, W), dtype=bool)
        inside[self.pad : H - self.pad, self.pad : W - self.pad] = True
        style: dict[str, Any] = {"fontsize": 9, "family": "monospace", "va": "top"}
        style["linespacing"] = 1.3
        for c in range(C):
            top = height - TITLE - c * row
            which = f", channel {c}" if C > 1 else ""
            grid(f"image{c}", f"image{which}", self.padded[c], lefts[0], top, inside=inside)
            grid(f"filter{c}", f"filter{which}", self.w[c], lefts[1], top)
            self.products.append(fig.text(lefts[2] / width, (top - 0.05) / height, "", **style))
            self.frames.append(_frame(self.ax[f"image{c}"], VERMILLION, HH, WW))
        top = height - TITLE
        self.cells = grid("output", "output", self.out, lefts[3], top, hidden=True)
        below = top - len(self.out) * CELL - 0.12
        self.total = fig.text(lefts[3] / width, below / height, "", **style)
        self.mark = _frame(self.ax["output"], GREEN, 1, 1)

    def draw(self, step: int) -> "list[Artist]":
        """Bring the figure to one position of the window; return what moves."""
        i, j = self.positions[step]
        for frame in self.frames:
            frame.set_xy((j * self.stride - 0.5, i * self.stride - 0.5))
        self.mark.set_xy((j - 0.5, i - 0.5))
        for position, cell in zip(self.positions, self.cells):
            text = ""
            if position <= (i, j):
                text = _short(self.out[position])
            cell.set_text(text)
        written = [*self.products, self.total]
        for place, text in zip(written, self._texts(step)):
            place.set_text(text)
        return [*self.frames, self.mark, *self.cells, *written]

    def _texts(self, step: int) -> list[str]:
        """The products of every channel, and the sum over channels.

        The products of one row of the filter stand on one line.
        """
        i, j = self.positions[step]
        windows = np.lib.stride_tricks.sliding_window_view(self.padded, self.w.shape)[0]
        seen = windows[i * self.stride, j * self.stride]
        sums = (seen * self.w).sum(axis=(1, 2))
        texts = []
        for values, weights, subtotal in zip(seen, self.w, sums):
            lines = [_products(*rows) for rows in zip(values, weights)]
            texts.append("\n+ ".join(lines) + f"\n= {_short(subtotal)}")
        addends = " + ".join(map(_signed, sums))
        texts.append(f"{addends}\n+ {_signed(self.b)} (bias)\n= {_short(self.out[i, j])}")
        return texts


def _with_channels(a: np.ndarray) -> np.ndarray:
    """The array in float64; one of two axes gets one channel."""
    a = np.asarray(a, dtype=np.float64)
    if a.ndim == 2:
        a = a[np.newaxis]
    return a


def _products(values: np.ndarray, weights: np.ndarray) -> str:
    """One row of a window times one row of the filter, written out."""
    products = [f"{_signed(a)}·{_signed(v)}" for a, v in zip(values, weights)]
    return " + ".join(products)


def _width(text: str) -> float:
    return CHARACTER * max(map(len, text.split("\n")))


def _frame(axes: "Axes", color: str, height: int, width: int) -> "Rectangle":
    from matplotlib.patches import Rectangle

    style: dict[str, Any] = {"fill": False, "edgecolor": color, "linewidth": 3}
    frame = Rectangle((0, 0), width, height, zorder=4, clip_on=False, **style)
    axes.add_patch(frame)
    return frame


def _numbers(
    axes: "Axes",
    values: np.ndarray,
    title: str,
    inside: np.ndarray | None = None,
    hidden: bool = False,
) -> "list[Text]":
    """A grid of numbers over their colors, where padding is gray.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    values : ndarray of shape (H, W)
    title : str
    inside : ndarray of bool of shape (H, W), optional
        What is not padding; by default everything.
    hidden : bool
        Whether numbers and colors stay out for now.

    Returns
    -------
    texts : list of matplotlib.text.Text
        In row-major order.
    """
    limit = np.abs(values).max() or 1.0
    colors = np.zeros_like(values) if hidden else values
    axes.imshow(colors, cmap=SIGNED, vmin=-2 * limit, vmax=2 * limit)
    axes.set_title(title, fontsize=9, y=1)
    H, W = values.shape
    axes.set(xticks=[], yticks=[])
    # Lines of a grid belong to ticks, which take longer to make and to place than all else in the
    # figure.
    axes.vlines(np.arange(0.5, W - 1), -0.5, H - 0.5, color="white", linewidth=1)
    axes.hlines(np.arange(0.5, H - 1), -0.5, W - 0.5, color="white", linewidth=1)
    if inside is None:
        inside = np.ones(values.shape, dtype=bool)
    texts = []
    for i, j in np.ndindex(values.shape):
        text = "" if hidden else _short(float(values[i, j]))
        color = "black" if inside[i, j] else "gray"
        texts.append(axes.text(j, i, text, color=color, ha="center", va="center", fontsize=9))
    return texts


def _short(number: float) -> str:
    """At most two digits after the point, so that a number fits into its cell."""
    # Adding zero turns a negative zero into a plain one.
    return f"{round(number, 2) + 0.0:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def _signed(number: float) -> str:
    if number < 0:
        return f"({_short(number)})"
    return _short(number)
