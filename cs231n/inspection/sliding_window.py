"""A convolution at work: the window slides, and the dot product is written out."""

import base64
import html
import io
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ..fast_layers import conv_forward_fast
from ..vis_utils import GREEN, PNG, SIGNED, VERMILLION
from ..window_geometry import slide

LARGEST_INPUT = 12
# Lengths in inches.
CELL, GAP, TITLE, CHARACTER = 0.42, 0.35, 0.3, 0.077
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


def plot_window(x, w, b=0.0, stride=1, pad=0, step=None):
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
    scene.draw(len(scene.positions) - 1 if step is None else step)
    return scene.fig, scene.ax


def animate_sliding_window(x, w, b=0.0, stride=1, pad=0, interval=800):
    """Animate a convolution: the window slides over the image and fills in the output.

    Parameters
    ----------
    x, w, b, stride, pad
        As for `plot_window`.
    interval : int
        Milliseconds per position.

    Returns
    -------
    animation : matplotlib.animation.FuncAnimation
        In a notebook, show ``HTML(animation_html(animation, alt="..."))``.
    """
    from matplotlib.animation import FuncAnimation

    scene = _Scene("animate_sliding_window", x, w, b, stride, pad)
    return FuncAnimation(
        scene.fig, scene.draw, frames=len(scene.positions), interval=interval, repeat=True
    )


def animation_html(animation, alt):
    """Turn an animation into HTML that plays in a notebook without further programs.

    Where scripts do not run, as in a notebook that is not trusted, its last frame is shown.

    Parameters
    ----------
    animation : matplotlib.animation.FuncAnimation
        Its function returns the artists that it changes, as that of `animate_sliding_window` does.
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

    if not alt or not alt.strip():
        raise ValueError(
            "animation_html: alt is empty. Say in one or two sentences what the animation shows."
        )
    with (
        animation._fig.canvas._idle_draw_cntx(),
        TemporaryDirectory() as folder,
    ):  # no frame is drawn for a screen as well
        page = Path(folder, "player.html")
        animation.save(page, writer=_frame_writer(animation))
        player = _without_network(page.read_text())
    plt.close(animation._fig)
    last = re.findall(r'frames\[\d+\] = "([^"]+)"', player)[-1].replace("\\\n", "")
    still = f'<img alt="{html.escape(alt)}" src="{last}" '
    return f'<div role="figure">{player.replace("<img ", still, 1)}</div>'


def _frame_writer(animation):
    """Write frames that draw anew only what moves: the numbers on the grids take most of the time, and stay."""
    from matplotlib.animation import HTMLWriter
    from PIL import Image

    class Writer(HTMLWriter):
        still = None

        def grab_frame(self, **_):
            canvas, moving = self.fig.canvas, animation._drawn_artists
            if self.still is None:
                _show(moving, False)
                canvas.draw()
                self.still = canvas.copy_from_bbox(self.fig.bbox)
                _show(moving, True)
            canvas.restore_region(self.still)
            for artist in moving:
                self.fig.draw_artist(artist)
            png = io.BytesIO()
            Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").save(
                png, format="png", **PNG
            )
            self._saved_frames.append(base64.encodebytes(png.getvalue()).decode("ascii"))

    return Writer(fps=1000 / animation._interval, embed_frames=True, default_mode="once")


def _show(artists, visible):
    for artist in artists:
        artist.set_visible(visible)


def _without_network(player):
    """Put signs on the buttons, for which matplotlib's page fetches pictures from the network."""
    player = re.sub(r"<link\b[^>]*>", "", player)
    return re.sub(
        r'<i class="fa ([^"]+)"></i>', lambda icon: html.escape(_SIGNS.get(icon[1], "?")), player
    )


class _Scene:
    """The figure, and what changes in it from step to step."""

    def __init__(self, caller, x, w, b, stride, pad):
        x, w = (np.asarray(a, dtype=np.float64) for a in (x, w))
        x, w = (a[np.newaxis] if a.ndim == 2 else a for a in (x, w))
        if x.ndim != 3 or w.ndim != 3 or len(x) != len(w):
            raise ValueError(
                f"{caller}: needs x of shape (C, H, W) and w of shape (C, HH, WW); got {x.shape} and "
                f"{w.shape}. Leave out C in both, or give both the same."
            )
        got = f"w of shape {w.shape}"
        geometry = slide(caller, x.shape[1:], w.shape[1:], stride, pad, what="filter", got=got)
        self.padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
        if max(self.padded.shape[1:]) > LARGEST_INPUT:
            raise ValueError(
                f"{caller}: the padded image may have at most {LARGEST_INPUT} rows and columns to be read; "
                f"got {self.padded.shape[1:]}. Cut out a piece of it."
            )
        self.w, self.b, self.stride, self.pad = w, float(b), stride, pad
        param = {"stride": stride, "pad": pad}
        self.out = conv_forward_fast(x[np.newaxis], w[np.newaxis], np.array([self.b]), param)[0][
            0, 0
        ]
        self.positions = list(np.ndindex(geometry.out))
        self._set_up()

    def _set_up(self):
        """Place a row per channel, with image, filter and products, and the output at the right."""
        import matplotlib.pyplot as plt

        C, H, W = self.padded.shape
        _, HH, WW = self.w.shape
        texts = [self._texts(step) for step in range(len(self.positions))]
        room = max(_width(text) for step in texts for text in step[:-1])
        lefts = np.cumsum([GAP / 2, W * CELL + GAP, WW * CELL + GAP, room + GAP])
        width = (
            lefts[3]
            + max(self.out.shape[1] * CELL, *(_width(step[-1]) for step in texts))
            + GAP / 2
        )
        row = max(H, HH, len(self.out) + 2) * CELL + TITLE
        height = C * row + 0.15
        self.fig = fig = plt.figure(figsize=(width, height))
        self.ax, self.frames, self.products = {}, [], []

        def grid(name, title, values, left, top, **style):
            rows, columns = values.shape
            box = (
                left / width,
                (top - rows * CELL) / height,
                columns * CELL / width,
                rows * CELL / height,
            )
            self.ax[name] = fig.add_axes(box)
            return _numbers(self.ax[name], values, title, **style)

        inside = np.zeros((H, W), dtype=bool)
        inside[self.pad : H - self.pad, self.pad : W - self.pad] = True
        style = {"fontsize": 9, "family": "monospace", "va": "top", "linespacing": 1.3}
        for c in range(C):
            top = height - TITLE - c * row
            which = f", channel {c}" if C > 1 else ""
            grid(f"image{c}", f"image{which}", self.padded[c], lefts[0], top, inside=inside)
            grid(f"filter{c}", f"filter{which}", self.w[c], lefts[1], top)
            self.products.append(fig.text(lefts[2] / width, (top - 0.05) / height, "", **style))
            self.frames.append(_frame(self.ax[f"image{c}"], VERMILLION, HH, WW))
        top = height - TITLE
        self.cells = grid("output", "output", self.out, lefts[3], top, hidden=True)
        self.total = fig.text(
            lefts[3] / width, (top - len(self.out) * CELL - 0.12) / height, "", **style
        )
        self.mark = _frame(self.ax["output"], GREEN, 1, 1)

    def draw(self, step):
        """Bring the figure to one position of the window."""
        i, j = self.positions[step]
        for frame in self.frames:
            frame.set_xy((j * self.stride - 0.5, i * self.stride - 0.5))
        self.mark.set_xy((j - 0.5, i - 0.5))
        for position, cell in zip(self.positions, self.cells):
            cell.set_text(_short(self.out[position]) if position <= (i, j) else "")
        written = [*self.products, self.total]
        for place, text in zip(written, self._texts(step)):
            place.set_text(text)
        return [*self.frames, self.mark, *self.cells, *written]

    def _texts(self, step):
        """The products of every channel, one line per row of the filter, and the sum over channels."""
        i, j = self.positions[step]
        windows = np.lib.stride_tricks.sliding_window_view(self.padded, self.w.shape)[0]
        seen = windows[i * self.stride, j * self.stride]
        texts, sums = [], (seen * self.w).sum(axis=(1, 2))
        for values, weights, subtotal in zip(seen, self.w, sums):
            rows = [
                [f"{_signed(a)}·{_signed(v)}" for a, v in zip(*pair)]
                for pair in zip(values, weights)
            ]
            texts.append("\n+ ".join(" + ".join(row) for row in rows) + f"\n= {_short(subtotal)}")
        addends = " + ".join(_signed(s) for s in sums)
        return [*texts, f"{addends}\n+ {_signed(self.b)} (bias)\n= {_short(self.out[i, j])}"]


def _width(text):
    return CHARACTER * max(map(len, text.split("\n")))


def _frame(axes, color, height, width):
    from matplotlib.patches import Rectangle

    style = {"fill": False, "edgecolor": color, "linewidth": 3, "zorder": 4, "clip_on": False}
    return axes.add_patch(Rectangle((0, 0), width, height, **style))


def _numbers(axes, values, title, inside=None, hidden=False):
    """A grid of numbers over their colors; padding is gray. Returns the texts in row-major order."""
    limit = np.abs(values).max() or 1.0
    axes.imshow(
        np.zeros_like(values) if hidden else values, cmap=SIGNED, vmin=-2 * limit, vmax=2 * limit
    )
    axes.set_title(title, fontsize=9, y=1)
    H, W = values.shape
    axes.set(xticks=[], yticks=[])
    # Lines of a grid belong to ticks, which take longer to make and to place than all else in the
    # figure.
    axes.vlines(np.arange(0.5, W - 1), -0.5, H - 0.5, color="white", linewidth=1)
    axes.hlines(np.arange(0.5, H - 1), -0.5, W - 0.5, color="white", linewidth=1)
    color = np.full(values.shape, "black") if inside is None else np.where(inside, "black", "gray")
    style = {"ha": "center", "va": "center", "fontsize": 9}
    return [
        axes.text(j, i, "" if hidden else _short(values[i, j]), color=color[i, j], **style)
        for i, j in np.ndindex(values.shape)
    ]


def _short(number):
    """At most two digits after the point, so that a number fits into its cell."""
    # Adding zero turns a negative zero into a plain one.
    return f"{round(number, 2) + 0.0:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def _signed(number):
    return f"({_short(number)})" if number < 0 else _short(number)
