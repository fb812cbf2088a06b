"""Which pixels does a score depend on: gradients of the image, and covering parts of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..classifiers.chain import Layer, Residual, chain_backward
from ..layers import relu_backward, relu_forward
from ..vis_utils import FILTERS, color_scale, visualize_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def saliency(net: Any, X: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """The gradient of one class score with respect to the pixels.

    Parameters
    ----------
    net : object
        With ``forward(X) -> scores, caches`` and ``backward(dscores, caches) -> dX, grads``,
        such as the nets of `cs231n.classifiers` that are a chain of layers.
    X : ndarray of shape (N, C, H, W)
        Images.
    y : ndarray of int of shape (N,), optional
        Whose score; by default the class with the highest one.

    Returns
    -------
    dX : ndarray of shape (N, C, H, W)
        d(score of class y[n]) / d(X[n]).

    Raises
    ------
    TypeError
        If the net cannot pass gradients back to its input.

    Notes
    -----
    Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks: Visualising Image
    Classification Models and Saliency Maps" (2014).
    """
    dscores, caches = _one_score("saliency", net, X, y)
    dX, _ = net.backward(dscores, caches)
    return dX


def guided_backpropagation(net: Any, X: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """The gradient of one class score, with every rectifier passing back only what is positive.

    What counts against the class is dropped on the way. The result is cleaner to look at than
    the gradient, but it is no longer the derivative of anything.

    Parameters
    ----------
    net : ChainNet
        Its rectifiers are ``relu_forward`` and ``relu_backward``.
    X : ndarray of shape (N, C, H, W)
        Images.
    y : ndarray of int of shape (N,), optional
        Whose score; by default the class with the highest one.

    Returns
    -------
    dX : ndarray of shape (N, C, H, W)

    Raises
    ------
    TypeError
        If the net is not a chain of layers.

    Notes
    -----
    Springenberg, Dosovitskiy, Brox and Riedmiller, "Striving for Simplicity: The All
    Convolutional Net" (2015).
    """
    dscores, caches = _one_score("guided_backpropagation", net, X, y)
    dX, _ = chain_backward(_guided(net.layers), dscores, caches)
    return dX


def _one_score(
    caller: str, net: Any, X: np.ndarray, y: np.ndarray | None
) -> tuple[np.ndarray, list]:
    """Run the net; return a gradient that is one at the score asked for, and the caches."""
    if not hasattr(net, "layers"):
        raise TypeError(
            f"{caller}: a {type(net).__name__} does not pass gradients back to the image. Use a "
            "chain of layers; PatternNet('[(CONV-RELU)*1-POOL]*1-(FC-RELU)*1-SOFTMAX') takes the "
            "params of a ThreeLayerConvNet."
        )
    scores, caches = net.forward(X)
    if y is None:
        y = scores.argmax(axis=1)
    y = np.asarray(y)
    if y.shape != scores.shape[:1]:
        raise ValueError(
            f"{caller}: y needs one label per image, shape {scores.shape[:1]}; got {y.shape}."
        )
    dscores = np.zeros_like(scores)
    dscores[np.arange(len(y)), y] = 1
    return dscores, caches


def _guided(links: Sequence[Layer | Residual]) -> list[Layer | Residual]:
    """The same chain, its rectifiers replaced in the backward pass."""
    guided: list[Layer | Residual] = []
    for link in links:
        if isinstance(link, Residual):
            link = Residual(_guided(link.body), _guided(link.shortcut))
        elif link.functions[0] is relu_forward:
            link = Layer(relu_forward, _guided_relu_backward)
        guided.append(link)
    return guided


def _guided_relu_backward(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return relu_backward(np.maximum(dout, 0), cache)


def saliency_map(dX: np.ndarray) -> np.ndarray:
    """One number per pixel: the largest absolute gradient among its channels.

    Parameters
    ----------
    dX : ndarray of shape (N, C, H, W)

    Returns
    -------
    maps : ndarray of shape (N, H, W)
    """
    return np.abs(dX).max(axis=1)


def occlusion_map(
    net: Any,
    x: np.ndarray,
    y: int | None = None,
    size: int = 8,
    stride: int = 4,
    fill: float | np.ndarray = 0.0,
) -> np.ndarray:
    """How far one class score falls when a square of the image is covered.

    Parameters
    ----------
    net : object
        With ``loss(X) -> scores``: any net of this package.
    x : ndarray of shape (C, H, W)
        One image.
    y : int, optional
        Whose score; by default the class with the highest one.
    size : int
        Side of the square.
    stride : int
        Step between two squares. The last one in a row or column is cut at the border.
    fill : float or ndarray that broadcasts to (C, size, size)
        What covers the image; 0 is the mean of images from which it was subtracted.

    Returns
    -------
    drop : ndarray of shape (ceil(H / stride), ceil(W / stride))
        Score of the whole image minus score of the covered one. Positive where the evidence
        for the class stands, negative where covering helps.

    Notes
    -----
    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014).
    """
    if x.ndim != 3:
        raise ValueError(
            f"occlusion_map: x is one image of shape (C, H, W); got {x.shape}. "
            "Index the batch first."
        )
    C, H, W = x.shape
    scores = net.loss(x[np.newaxis])[0]
    if y is None:
        y = int(scores.argmax())
    rows = -(-H // stride)
    columns = -(-W // stride)
    cover = np.broadcast_to(fill, (C, size, size))
    covered = np.repeat(x[np.newaxis], rows * columns, axis=0)
    for image, (i, j) in zip(covered, np.ndindex(rows, columns)):
        top = i * stride
        left = j * stride
        hole = image[:, top : top + size, left : left + size]
        hole[...] = cover[:, : hole.shape[1], : hole.shape[2]]
    # In batches, so that the activations of a fine grid on a large image stay small in memory.
    batches = np.array_split(covered, -(-len(covered) // 256))
    after = [net.loss(batch)[:, y] for batch in batches]
    return (scores[y] - np.concatenate(after)).reshape(rows, columns)


def plot_saliency(
    X: np.ndarray,
    maps: Mapping[str, np.ndarray | Sequence[np.ndarray]],
    titles: Sequence[str] | None = None,
) -> "tuple[Figure, np.ndarray]":
    """Show images and, in a row for each kind of map, what a score depends on.

    Parameters
    ----------
    X : ndarray of shape (N, C, H, W)
        Images with one or three channels, in any range.
    maps : dict of str -> ndarray or list of N ndarray
        By name: (N, H, W) in any resolution. Maps without negative entries are shown as
        magnitudes; others as signed values, with white at zero.
    titles : sequence of N str, optional
        What stands above each image.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : ndarray of Axes of shape (1 + len(maps), N)
    """
    import matplotlib.pyplot as plt

    N, _, H, W = X.shape
    rows = 1 + len(maps)
    size = (1.6 * N + 0.6, 1.7 * rows)
    fig, ax = plt.subplots(rows, N, figsize=size, squeeze=False, layout="constrained")
    extent = (-0.5, W - 0.5, H - 0.5, -0.5)  # a map of any resolution covers the image
    for axes, image in zip(ax[0], X):
        stretched = visualize_grid(image.transpose(1, 2, 0)[np.newaxis], ubound=1.0)
        axes.imshow(stretched, cmap=FILTERS, vmin=0, vmax=1)
    for row, values in zip(ax[1:], maps.values()):
        for axes, value in zip(row, values):
            axes.imshow(value, extent=extent, **color_scale(value))
    for axes, name in zip(ax[:, 0], ["image", *maps]):
        axes.set_ylabel(name)
    for axes, title in zip(ax[0], titles or ()):
        axes.set_title(title, fontsize=10, y=1)
    for axes in ax.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    return fig, ax
