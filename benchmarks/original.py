"""The algorithm of the original assignments' fast layers, written anew.

It makes one matrix of columns for the whole batch. Forward copies every window into a column and
keeps the columns for backward, which adds the gradient of the columns back onto the images with a
compiled loop. Pooling takes the original's view of tiles, or the same columns where windows do not
tile.
"""

import numpy as np

from cs231n.im2col import im2col_indices
from cs231n.im2col_cython import col2im_6d_cython, col2im_cython


def conv_forward(x, w, b, stride, pad):
    """Output, and the cache that backward wants."""
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out_H = 1 + (H + 2 * pad - HH) // stride
    out_W = 1 + (W + 2 * pad - WW) // stride
    step_N, step_C, step_H, step_W = x_pad.strides
    windows = np.lib.stride_tricks.as_strided(
        x_pad,
        (C, HH, WW, N, out_H, out_W),
        (step_C, step_H, step_W, step_N, stride * step_H, stride * step_W),
    )
    cols = np.ascontiguousarray(windows).reshape(C * HH * WW, -1)
    out = (w.reshape(F, -1) @ cols + b[:, None]).reshape(F, N, out_H, out_W)
    return np.ascontiguousarray(out.transpose(1, 0, 2, 3)), (x.shape, w, stride, pad, cols)


def conv_backward(dout, cache):
    """dx, dw, db."""
    x_shape, w, stride, pad, cols = cache
    N, C, H, W = x_shape
    F, _, HH, WW = w.shape
    out_H, out_W = dout.shape[2:]
    flat = dout.transpose(1, 0, 2, 3).reshape(F, -1)
    dcols = (w.reshape(F, -1).T @ flat).reshape(C, HH, WW, N, out_H, out_W)
    dx = col2im_6d_cython(dcols, N, C, H, W, HH, WW, pad, stride)
    return dx, (flat @ cols.T).reshape(w.shape), dout.sum(axis=(0, 2, 3))


def max_pool_forward(x, size, stride):
    """Output, and the cache that backward wants."""
    N, C, H, W = x.shape
    if size == stride:
        tiles = x.reshape(N, C, H // size, size, W // size, size)
        out = tiles.max(axis=3).max(axis=4)
        return out, (x, tiles, out, None)
    planes = x.reshape(N * C, 1, H, W)
    cols = im2col_indices(planes, size, size, 0, stride)
    winner = cols.argmax(axis=0)
    out_H = 1 + (H - size) // stride
    out_W = 1 + (W - size) // stride
    largest = cols[winner, np.arange(cols.shape[1])]
    out = largest.reshape(out_H, out_W, N, C).transpose(2, 3, 0, 1)
    return out, (x, cols, size, (winner, stride))


def max_pool_backward(dout, cache):
    """dx; ties share the gradient where windows tile, as in the original."""
    x, cols, out, columns = cache
    if columns is None:
        mask = cols == out[:, :, :, None, :, None]
        gradient = np.where(mask, dout[:, :, :, None, :, None], 0)
        return (gradient / mask.sum(axis=(3, 5), keepdims=True)).reshape(x.shape)
    winner, stride = columns
    dcols = np.zeros_like(cols)
    dcols[winner, np.arange(cols.shape[1])] = dout.transpose(2, 3, 0, 1).ravel()
    N, C, H, W = x.shape
    return col2im_cython(dcols, N * C, 1, H, W, out, out, 0, stride).reshape(x.shape)
