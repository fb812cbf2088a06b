"""im2col and col2im with compiled loops, under the module name of the original course."""

from .fast.im2col_compiled import col2im_6d_cython, col2im_cython, im2col_cython

__all__ = ["col2im_6d_cython", "col2im_cython", "im2col_cython"]
