"""LeNet-5, the net that read checks."""

from .chain_net import ChainNet


class LeNet5(ChainNet):
    """LeNet-5 for 28 x 28 digits.

    conv 6 - pool - conv 16 - pool - conv 120 - affine 84 - affine 10.

    The sizes are those of the paper, filters are 5 x 5; the parts are today's. Rectifiers take the
    place of the scaled tanh, max pooling that of the trainable subsampling, each filter of the
    second convolution sees all six maps, and the softmax loss replaces the Euclidean distances to
    drawn digits.

    Parameters
    ----------
    input_dim : tuple of int
        (C, H, W) of one image. The first convolution pads by 2, so that 28 x 28 pixels act as the
        paper's 32 x 32.
    num_classes : int
    **settings
        ``reg``, ``weight_scale``, ``normalization``, ``dtype``, ``seed``: see `ChainNet`.

    Raises
    ------
    ValueError
        If the image does not fit the filters and windows.

    Notes
    -----
    LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition"
    (1998). 61,706 parameters; the paper counts 60,000 because its second convolution is connected
    sparsely.
    """

    def __init__(self, input_dim=(1, 28, 28), num_classes=10, **settings):
        super().__init__(input_dim, **settings)
        self.append_conv(6, 5, pad=2)
        self.append_relu()
        self.append_max_pool()
        self.append_conv(16, 5)
        self.append_relu()
        self.append_max_pool()
        self.append_conv(120, 5)
        self.append_relu()
        self.append_affine(84)
        self.append_relu()
        self.append_affine(num_classes, normalize=False)
