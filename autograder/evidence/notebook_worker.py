"""Runs in the sandbox: a warm IPython with matplotlib, forked for each notebook, hands out text and pixels.

It is told the source of one cell after another. What comes back are bytes of text and arrays of pixels; whoever asks
makes the PNG. Nothing here decides points.
"""

import base64
import html
import io
import os
import re
import sys
from importlib import import_module

import numpy as np

from cs231n.check.process import worker
from cs231n.check.process.protocol import ProtocolError, write_frame

PRISTINE = (
    "cs231n.check",
    "cs231n.checkpoint",
    "cs231n.data_utils",
    "cs231n.gradient_check",
    "cs231n.vis_utils",
    "IPython.extensions.autoreload",
    "scipy.special",
    "sklearn.cluster",
    "sklearn.datasets",
    "tqdm.auto",
)
"""tuple of str : what notebooks import and no student writes."""
MAX_IMAGES = 8
MAX_PIXELS = 4_000_000
MOST_HELD = 24
"""So many pictures of `show` are held as pixels; they take a megabyte each."""
_IMAGE = re.compile(r'<img alt="([^"<>]*)" src="data:image/png;base64,([A-Za-z0-9+/=]+)">')


def main():
    """Answer until there are no more questions."""
    shell = _warm_shell()
    for module in PRISTINE:
        import_module(module)
    _draw_pictures()
    _draw_a_figure()
    _watch_no_loaded_files()
    shown = _take_pictures(shell)
    worker.main(
        answer=lambda question, answers, most: _answer(shell, shown, question, answers, most)
    )


def _warm_shell():
    from types import SimpleNamespace

    import matplotlib.backends.backend_agg  # noqa: F401
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell
    from PIL import PngImagePlugin  # noqa: F401

    class Shell(InteractiveShell):
        def enable_gui(self, gui=None):
            """There are no windows."""

    HistoryManager.enabled = False
    shell = Shell.instance(colors="nocolor")
    shell.kernel = SimpleNamespace()  # pictures are shown as in a notebook
    shell.enable_matplotlib("inline")
    shell.run_line_magic("xmode", "Plain")
    return shell


def _watch_no_loaded_files():
    """Let %autoreload look at what a notebook loads; of the thousand other files it asks the time before every cell."""
    from IPython.extensions.autoreload import ModuleReloader

    check, loaded = ModuleReloader.check, list(sys.modules)

    def check_others(reloader, *arguments, **options):
        if not reloader.skip_modules:
            reloader.skip_modules.update(dict.fromkeys(loaded, True))
            if hasattr(reloader, "deduper_reloader"):  # since IPython 9
                reloader.deduper_reloader.source_by_modname.update(dict.fromkeys(loaded, ""))
        return check(reloader, *arguments, **options)

    ModuleReloader.check = check_others


def _draw_pictures():
    """Draw the public pictures of shapes10 once for all notebooks; each gets its own copy."""
    from cs231n.datasets import shapes10

    for split, size in {"train": 5000, "val": 1000, "test": 1000}.items():
        shapes10.draw_ahead(size, shapes10.SEEDS[split])


def _draw_a_figure():
    """Load once what any figure needs: fonts, the labels of logarithmic axes, the names of settings."""
    import matplotlib.pyplot as plt

    from cs231n.vis_utils import Picture, image_grid

    fig, (left, right) = plt.subplots(1, 2, layout="constrained")
    left.plot([1, 2], [1, 2], label="$x^2$")
    left.set(xlabel="x", ylabel="y", title="title", xscale="log", xticks=10.0 ** np.arange(-12, 13))
    left.set_yscale("log", base=2)
    left.set_yticks(2.0 ** np.arange(13))
    left.legend()
    right.bar(range(3), range(3))
    right.contour(np.eye(3))
    for drawn in (fig, image_grid(np.ones((2, 3, 4, 4)), ["a", "b"])[0]):
        Picture(drawn, "a figure")
        plt.close(drawn)


def _take_pictures(shell):
    """Take the pictures of `show` before they become text, for it is pixels that are sent.

    Returns
    -------
    shown : dict of str -> Picture
        By the text that stands in place of the HTML.
    """
    from cs231n.vis_utils import Picture

    shown = {}

    def take(picture):
        if len(shown) == MOST_HELD or picture.pixels.size > 4 * MAX_PIXELS:
            return picture._repr_html_()
        shown[mark := f"picture {len(shown)}"] = picture
        return mark

    shell.display_formatter.formatters["text/html"].for_type(Picture, take)
    return shown


def _answer(shell, shown, question, answers, most):
    os.makedirs("weights", exist_ok=True)
    for case in question["cases"]:
        arrays = _run(shell, shown, case["inputs"]["source"])
        answer = {
            "nonce": question["nonce"],
            "case": case["name"],
            "status": "answered",
            "changed": [],
            "warnings": [],
        }
        try:
            write_frame(answers, answer | {"arrays": arrays}, most)
        except ProtocolError as error:
            write_frame(answers, answer | {"arrays": {"text": _bytes(f"[{error}]\n")}}, most)


def _run(shell, shown, source):
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        shell.run_cell(source)
    texts, pictures = [captured.stdout, captured.stderr], []
    for output in captured.outputs:
        page, png = output.data.get("text/html"), output.data.get("image/png")
        if isinstance(page, str) and page in shown:
            picture = shown[page]
            pictures.append((picture.alt, picture.pixels[..., :3]))
        elif isinstance(page, str) and (found := _IMAGE.fullmatch(page.strip())):
            pictures.append((html.unescape(found[1]), base64.b64decode(found[2])))
        elif png is not None:
            pictures.append(("", base64.b64decode(png) if isinstance(png, str) else png))
        else:
            texts.append(str(output.data.get("text/plain", "")) + "\n")
    arrays = {"text": _bytes("".join(texts))}
    for number, (alt, picture) in enumerate(pictures[:MAX_IMAGES]):
        pixels = picture if isinstance(picture, np.ndarray) else _pixels(picture)
        arrays |= {f"alt {number}": _bytes(alt), f"pixels {number}": pixels}
    return arrays


def _pixels(png):
    from PIL import Image

    image = Image.open(io.BytesIO(png), formats=["PNG"])
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"a picture of {image.width} x {image.height} pixels is too large")
    return np.asarray(image.convert("RGB"))


def _bytes(text):
    return np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
