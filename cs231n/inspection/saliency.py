"""Which pixels does a score depend on: gradients of the image, and covering parts of it."""

import numpy as np

from ..classifiers.chain import Layer, Residual, chain_backward
from ..layers import relu_backward, relu_forward
from ..vis_utils import FILTERS, MAGNITUDE, SIGNED, visualize_grid


def saliency(net, X, y=None):
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
    return net.backward(dscores, caches)[0]


def guided_backpropagation(net, X, y=None):
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
    return chain_backward(_guided(net.layers), dscores, caches)[0]


def _one_score(caller, net, X, y):
    """Run the net; return a gradient that is one at the score asked for, and the caches."""
    if not hasattr(net, "layers"):
        raise TypeError(
            f"{caller}: a {type(net).__name__} does not pass gradients back to the image. Use a chain of "
            "layers; PatternNet('[(CONV-RELU)*1-POOL]*1-(FC-RELU)*1-SOFTMAX') takes the params of a "
            "ThreeLayerConvNet."
        )
    scores, caches = net.forward(X)
    y = scores.argmax(axis=1) if y is None else np.asarray(y)
    if y.shape != scores.shape[:1]:
        raise ValueError(
            f"{caller}: y needs one label per image, shape {scores.shape[:1]}; got {y.shape}."
        )
    dscores = np.zeros_like(scores)
    dscores[np.arange(len(y)), y] = 1
    return dscores, caches


def _guided(links):
    """The same chain, its rectifiers replaced in the backward pass."""
    guided = []
    for link in links:
        if isinstance(link, Residual):
            link = Residual(_guided(link.body), _guided(link.shortcut))
        elif link.functions[0] is relu_forward:
            link = Layer(relu_forward, _guided_relu_backward)
        guided.append(link)
    return guided


def _guided_relu_backward(dout, cache):
    return relu_backward(np.maximum(dout, 0), cache)


def saliency_map(dX):
    """One number per pixel: the largest absolute gradient among its channels.

    Parameters
    ----------
    dX : ndarray of shape (N, C, H, W)

    Returns
    -------
    maps : ndarray of shape (N, H, W)
    """
    return np.abs(dX).max(axis=1)


def occlusion_map(net, x, y=None, size=8, stride=4, fill=0.0):
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
    scores = net.loss(x[np.newaxis])[0]
    y = int(scores.argmax()) if y is None else y
    tops, lefts = range(0, x.shape[1], stride), range(0, x.shape[2], stride)
    covered = np.repeat(x[np.newaxis], len(tops) * len(lefts), axis=0)
    for image, (top, left) in zip(covered, ((i, j) for i in tops for j in lefts)):
        hole = image[:, top : top + size, left : left + size]
        hole[...] = np.broadcast_to(fill, (x.shape[0], size, size))[
            :, : hole.shape[1], : hole.shape[2]
        ]
    # In batches, so that a fine grid on a large image stays small in memory.
    after = [net.loss(batch)[:, y] for batch in np.array_split(covered, -(-len(covered) // 256))]
    return (scores[y] - np.concatenate(after)).reshape(len(tops), len(lefts))


def plot_saliency(X, maps, titles=None):
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
    fig, ax = plt.subplots(
        rows, N, figsize=(1.6 * N + 0.6, 1.7 * rows), squeeze=False, layout="constrained"
    )
    for axes, image in zip(ax[0], X):
        stretched = visualize_grid(image.transpose(1, 2, 0)[np.newaxis], ubound=1.0)
        axes.imshow(stretched, cmap=FILTERS, vmin=0, vmax=1)
    for row, values in zip(ax[1:], maps.values()):
        for axes, value in zip(row, values):
            limit = np.abs(value).max() or 1.0
            signed = np.min(value) < 0
            style = {"cmap": SIGNED, "vmin": -limit} if signed else {"cmap": MAGNITUDE, "vmin": 0}
            axes.imshow(value, vmax=limit, extent=(-0.5, W - 0.5, H - 0.5, -0.5), **style)
    for axes, name in zip(ax[:, 0], ["image", *maps]):
        axes.set_ylabel(name)
    for axes, title in zip(ax[0], titles or []):
        axes.set_title(title, fontsize=10, y=1)
    for axes in ax.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    return fig, ax
