"""A small residual net."""

from ..layers import relu_backward, relu_forward
from .chain import Layer, Residual, global_avg_pool_backward, global_avg_pool_forward
from .chain_net import ChainNet


class ResNet(ChainNet):
    """A residual net for small images.

    conv - stages of residual blocks - global average pool - affine.

    A block adds its input to the output of conv - batch norm - relu - conv - batch norm, and a relu
    follows. From the second stage on, the first block of a stage halves height and width with
    stride 2, and its shortcut is a 1 x 1 convolution of stride 2.

    Parameters
    ----------
    input_dim : tuple of int
        (C, H, W), the shape of one image.
    widths : sequence of int
        Filters of each stage.
    blocks : int
        Residual blocks per stage.
    num_classes : int
    normalization : None or "batchnorm"
    **settings
        ``reg``, ``weight_scale``, ``dtype``, ``seed``: see `ChainNet`.

    Notes
    -----
    He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016), section 4.2, with
    projections where the size changes (their option B). The net has
    ``2 * blocks * len(widths) + 2`` weighted layers, shortcuts not counted.
    """

    def __init__(
        self,
        input_dim=(3, 32, 32),
        widths=(16, 32, 64),
        blocks=1,
        num_classes=10,
        normalization="batchnorm",
        **settings,
    ):
        super().__init__(input_dim, normalization=normalization, **settings)
        self.append_conv(widths[0], 3, pad=1)
        self.append_relu()
        for stage, width in enumerate(widths):
            for block in range(blocks):
                halves = stage > 0 and block == 0
                self._append_block(width, stride=2 if halves else 1)
        self.layers.append(Layer(global_avg_pool_forward, global_avg_pool_backward))
        self._shape = self._shape[:1]
        self.append_affine(num_classes, normalize=False)

    def _append_block(self, width, stride):
        before = self._shape
        body = self._conv(width, 3, stride, "same")
        body += [Layer(relu_forward, relu_backward), *self._conv(width, 3, 1, 1)]
        shortcut = []
        if before != self._shape:
            self._shape = before
            shortcut = self._conv(width, 1, stride, "same")
        self.layers.append(Residual(body, shortcut))
        self.append_relu()
