"""Convolutional nets in the notation of the lecture."""

import re

from .chain_net import ChainNet

PATTERN = re.compile(
    r"\[\(CONV-RELU\)\*(?P<N>\d+)(?P<pool>-POOL)?\]\*(?P<M>\d+)-"
    r"(?:\(FC-RELU\)\*(?P<K>\d+)-)?SOFTMAX"
)


def parse_pattern(pattern):
    """Read ``[(CONV-RELU)*N-POOL]*M-(FC-RELU)*K-SOFTMAX``.

    ``-POOL`` and ``(FC-RELU)*K-`` may be absent.

    Parameters
    ----------
    pattern : str
        For example ``"[(CONV-RELU)*2-POOL]*3-(FC-RELU)*1-SOFTMAX"``.

    Returns
    -------
    N : int
        Convolutions per block.
    pool : bool
        Whether each block ends in pooling.
    M, K : int
        Number of blocks, and of hidden affine layers.

    Raises
    ------
    ValueError
        If the pattern is none of this form.
    """
    match = PATTERN.fullmatch(pattern.replace(" ", ""))
    if match is None:
        raise ValueError(
            f"parse_pattern: got {pattern!r}. Write it like "
            "'[(CONV-RELU)*2-POOL]*3-(FC-RELU)*1-SOFTMAX'."
        )
    N = int(match["N"])
    pool = match["pool"] is not None
    M = int(match["M"])
    K = int(match["K"] or 0)
    return N, pool, M, K


class PatternNet(ChainNet):
    """A net of the lecture's pattern ``[(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K-SOFTMAX``.

    Convolutions keep height and width; pooling takes the maximum of 2 x 2 windows. ``SOFTMAX``
    stands for the affine layer of the scores and its loss.

    Parameters
    ----------
    pattern : str
        See `parse_pattern`.
    input_dim : tuple of int
        (C, H, W), the shape of one image.
    num_filters : int or sequence of int
        Filters of each convolution; a sequence gives one number per block.
    filter_size : int
        Height and width of every filter; odd, so that height and width are kept.
    hidden_dim : int or sequence of int
        Units of the hidden affine layers; a sequence gives one number per layer.
    num_classes : int
    **settings
        ``reg``, ``weight_scale``, ``normalization``, ``dtype``, ``seed``: see `ChainNet`. With
        batch normalization each CONV or FC is followed by it, before its RELU.

    Raises
    ------
    ValueError
        If the pattern cannot be read, a sequence has the wrong length, or the pooling does not fit
        the image.

    Examples
    --------
    >>> net = PatternNet("[(CONV-RELU)*2-POOL]*3-(FC-RELU)*1-SOFTMAX", num_filters=(16, 32, 64),
    seed=0) >>> [net.params[name].shape for name in ("W1", "W6", "W7")] [(16, 3, 3, 3), (64, 64, 3,
    3), (1024, 100)]
    """

    def __init__(
        self,
        pattern,
        input_dim=(3, 32, 32),
        num_filters=32,
        filter_size=3,
        hidden_dim=100,
        num_classes=10,
        **settings,
    ):
        super().__init__(input_dim, **settings)
        if filter_size % 2 == 0:
            raise ValueError(
                "PatternNet: an even filter does not keep height and width; got filter_size "
                f"{filter_size}. Use an odd one."
            )
        N, pool, M, K = parse_pattern(pattern)
        for filters in _one_each("num_filters", num_filters, M, "block"):
            for _ in range(N):
                self.append_conv(filters, filter_size, pad=filter_size // 2)
                self.append_relu()
            if pool:
                self.append_max_pool()
        for units in _one_each("hidden_dim", hidden_dim, K, "hidden layer"):
            self.append_affine(units)
            self.append_relu()
        self.append_affine(num_classes, normalize=False)


def _one_each(name, value, count, what):
    values = [value] * count if isinstance(value, int) else list(value)
    if len(values) != count:
        raise ValueError(
            f"PatternNet: {name} needs one number, or one per {what}, here {count}; got {value!r}."
        )
    return values
