"""Runs in the sandbox: a warm IPython with matplotlib that is forked for each notebook.

It is sent the source of one cell after another. What it sends back are bytes of text and arrays of
pixels; whoever asks makes the PNG. Nothing here decides points.
"""

import base64
import html
import io
import os
import re
import sys
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from cs231n.check.process import worker
from cs231n.check.process.messages import ANSWERED, Answer, Question
from cs231n.check.process.protocol import ProtocolError, write_frame

if TYPE_CHECKING:
    from cs231n.vis_utils import Picture

PRELOADED = (
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
"""int : pictures of a cell."""
MAX_PIXELS = 4_000_000
MAX_HELD = 24
"""int : pictures of `show` that are held as pixels; they take a megabyte each."""
_IMAGE = re.compile(r'<img alt="([^"<>]*)" src="data:image/png;base64,([A-Za-z0-9+/=]+)">')


def main() -> None:
    """Answer until there are no more questions."""
    # Each notebook is a fork of this process, and finds loaded what is loaded here.
    shell = _warm_shell()
    for module in PRELOADED:
        import_module(module)
    _draw_pictures()
    _draw_a_figure()
    _watch_no_loaded_files()
    shown = _take_pictures(shell)
    worker.main(answer=partial(_answer, shell, shown))


def _warm_shell() -> Any:
    """InteractiveShell : as a notebook has one, without a history and without windows."""
    import matplotlib.backends.backend_agg  # noqa: F401
    from IPython.core import history
    from IPython.core.interactiveshell import InteractiveShell
    from PIL import PngImagePlugin  # noqa: F401

    class Shell(InteractiveShell):
        def enable_gui(self, gui: str | None = None) -> None:
            """There are no windows."""

    history_manager: Any = history.HistoryManager
    history_manager.enabled = False
    shell: Any = Shell.instance(colors="nocolor")
    shell.kernel = SimpleNamespace()  # pictures are shown as in a notebook
    shell.enable_matplotlib("inline")
    shell.run_line_magic("xmode", "Plain")
    return shell


def _watch_no_loaded_files() -> None:
    """Let %autoreload look only at what a notebook loads.

    Otherwise it would look up the times of a thousand other files before every cell.
    """
    from IPython.extensions import autoreload

    reloader_class: Any = autoreload.ModuleReloader
    check = reloader_class.check
    loaded = list(sys.modules)

    def check_others(reloader: Any, *arguments: Any, **options: Any) -> Any:
        if not reloader.skip_modules:
            reloader.skip_modules.update(dict.fromkeys(loaded, True))
            if hasattr(reloader, "deduper_reloader"):  # since IPython 9
                reloader.deduper_reloader.source_by_modname.update(dict.fromkeys(loaded, ""))
        return check(reloader, *arguments, **options)

    reloader_class.check = check_others


def _draw_pictures() -> None:
    """Draw the public pictures of shapes10 once for all notebooks; each gets its own copy."""
    from cs231n.datasets import shapes10

    for split, size in {"train": 5000, "val": 1000, "test": 1000}.items():
        shapes10.draw_ahead(size, shapes10.SEEDS[split])


def _draw_a_figure() -> None:
    """Load once what any figure needs: fonts, labels of logarithmic axes, names of settings."""
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


def _take_pictures(shell: Any) -> dict[str, "Picture"]:
    """Take the pictures of `show` before they become HTML, for it is pixels that are sent.

    Returns
    -------
    shown : dict of str -> Picture
        By the text that stands in place of the HTML.
    """
    from cs231n.vis_utils import Picture

    shown: dict[str, Picture] = {}

    def take(picture: Picture) -> str:
        if len(shown) == MAX_HELD or picture.pixels.size > 4 * MAX_PIXELS:
            return picture._repr_html_()
        mark = f"picture {len(shown)}"
        shown[mark] = picture
        return mark

    shell.display_formatter.formatters["text/html"].for_type(Picture, take)
    return shown


def _answer(
    shell: Any,
    shown: dict[str, "Picture"],
    question: Question,
    answers: BinaryIO,
    max_bytes: int,
) -> None:
    """Run the cells of a notebook, and send what each of them shows as soon as it is done."""
    # Where the notebooks of the course save what they train.
    os.makedirs("weights", exist_ok=True)
    for case in question.cases or ():
        answer = Answer(ANSWERED, _run(shell, shown, case.inputs["source"]))
        try:
            write_frame(answers, answer.to_frame(question.nonce, case.name), max_bytes)
        except ProtocolError as error:
            answer = Answer(ANSWERED, {"text": _bytes(f"[{error}]\n")})
            write_frame(answers, answer.to_frame(question.nonce, case.name), max_bytes)


def _run(shell: Any, shown: dict[str, "Picture"], source: str) -> dict[str, np.ndarray]:
    """Run a cell.

    Returns
    -------
    arrays : dict of str -> ndarray
        ``text`` in UTF-8, and for each picture ``pixels 0`` of shape (height, width, 3) and its
        alternative text ``alt 0``.
    """
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        shell.run_cell(source)
    texts = [captured.stdout, captured.stderr]
    pictures = []
    for output in captured.outputs:
        picture = _find_picture(output.data, shown)
        if picture is not None:
            pictures.append(picture)
        else:
            texts.append(str(output.data.get("text/plain", "")) + "\n")
    arrays = {"text": _bytes("".join(texts))}
    for number, (alt, pixels) in enumerate(pictures[:MAX_IMAGES]):
        arrays[f"alt {number}"] = _bytes(alt)
        arrays[f"pixels {number}"] = pixels if isinstance(pixels, np.ndarray) else _pixels(pixels)
    return arrays


def _find_picture(
    data: dict[str, Any], shown: dict[str, "Picture"]
) -> tuple[str, np.ndarray | bytes] | None:
    """Find the picture in what a cell displays: its alternative text, and pixels or a PNG."""
    page = data.get("text/html")
    png = data.get("image/png")
    if isinstance(page, str):
        if page in shown:
            return shown[page].alt, shown[page].pixels[..., :3]
        found = _IMAGE.fullmatch(page.strip())
        if found:
            return html.unescape(found[1]), base64.b64decode(found[2])
    if png is None:
        return None
    return "", base64.b64decode(png) if isinstance(png, str) else png


def _pixels(png: bytes) -> np.ndarray:
    """ndarray of shape (height, width, 3) : what is in a PNG."""
    from PIL import Image

    image = Image.open(io.BytesIO(png), formats=["PNG"])
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"a picture of {image.width} x {image.height} pixels is too large")
    return np.asarray(image.convert("RGB"))


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
