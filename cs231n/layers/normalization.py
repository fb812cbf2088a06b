"""Batch and layer normalization, and their spatial relatives for images.

All use the biased variance, the mean of the squared deviations.
"""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    """Normalize each feature over the batch, then scale and shift it.

    ``out = gamma * (x - mean) / sqrt(var + eps) + beta``. Training uses the mean and variance of
    the batch and keeps running averages,
    ``running = momentum * running + (1 - momentum) * batch``; testing uses those.

    Parameters
    ----------
    x : ndarray of shape (N, D)
    gamma, beta : ndarray of shape (D,)
        Scale and shift.
    bn_param : dict
        ``mode``: ``"train"`` or ``"test"``, required. ``eps``: 1e-5 if absent.
        ``momentum``: 0.9 if absent. ``running_mean``, ``running_var``: arrays of shape (D,), zeros
        if absent; written back.

    Returns
    -------
    out : ndarray of shape (N, D)
    cache : tuple
        ``(x_centered, std, gamma, mode)`` with ``x_centered = x - mean`` of shape (N, D) and
        ``std = sqrt(var + eps)`` of shape (D,).

    Raises
    ------
    ValueError
        If the mode is missing or unknown, or an empty batch is to be trained on.

    Notes
    -----
    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
    Internal Covariate Shift" (2015). The paper estimates the test-time variance from the unbiased
    one; CS231n uses the biased one.
    """
    mode = bn_param.get("mode")
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    if mode not in ("train", "test"):
        raise ValueError(
            f"batchnorm_forward: bn_param['mode'] must be 'train' or 'test'; got {mode!r}."
        )
    N, D = x.shape
    if mode == "train" and N == 0:
        raise ValueError(
            f"batchnorm_forward: an empty batch has no mean; got x of shape {x.shape}. "
            "Use at least one example, or mode 'test'."
        )
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    ### BEGIN SOLUTION
    if mode == "train":
        mean = x.mean(axis=0)
        x_centered = x - mean
        var = np.mean(x_centered**2, axis=0)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    else:
        x_centered = x - running_mean
        var = running_var
    std = np.sqrt(var + eps)
    out = x_centered * (gamma / std) + beta
    cache = (x_centered, std, gamma, mode)
    ### END SOLUTION
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    """Send the gradient back through `batchnorm_forward`, step by step through its graph.

    Parameters
    ----------
    dout : ndarray of shape (N, D)
        Upstream gradient.
    cache : tuple
        ``(x_centered, std, gamma, mode)`` from the forward pass. After mode ``"test"`` the
        statistics are constants.

    Returns
    -------
    dx : ndarray of shape (N, D)
    dgamma, dbeta : ndarray of shape (D,)
    """
    x_centered, std, gamma, mode = cache
    ### BEGIN SOLUTION
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(dout * (x_centered / std), axis=0)
    dx_hat = dout * gamma
    dx = dx_hat / std
    if mode == "train":
        dstd = -np.sum(dx_hat * x_centered, axis=0) / std**2
        dvar = dstd / (2 * std)
        dx_centered = dx + 2 * x_centered * dvar / len(dout)
        dx = dx_centered - dx_centered.mean(axis=0)
    ### END SOLUTION
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    """Send the gradient back through `batchnorm_forward` with the formula simplified on paper.

    Takes and returns what `batchnorm_backward` does, in fewer passes over the data.

    Parameters
    ----------
    dout : ndarray of shape (N, D)
        Upstream gradient.
    cache : tuple
        ``(x_centered, std, gamma, mode)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, D)
    dgamma, dbeta : ndarray of shape (D,)
    """
    x_centered, std, gamma, mode = cache
    ### BEGIN SOLUTION
    N = len(dout)
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(dout * x_centered, axis=0) / std
    if mode == "train":
        dx = (gamma / std) * (dout - dbeta / N - x_centered * (dgamma / std / N))
    else:
        dx = (gamma / std) * dout
    ### END SOLUTION
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    """Normalize each example over its features, then scale and shift every feature.

    Training and testing do the same, and no example sees another one.

    Parameters
    ----------
    x : ndarray of shape (N, D)
    gamma, beta : ndarray of shape (D,)
        Scale and shift.
    ln_param : dict
        ``eps``: 1e-5 if absent.

    Returns
    -------
    out : ndarray of shape (N, D)
    cache : tuple
        ``(x_centered, std, gamma)`` with ``x_centered = x - mean`` of shape (N, D) and
        ``std = sqrt(var + eps)`` of shape (N, 1).

    Notes
    -----
    Ba, Kiros and Hinton, "Layer Normalization" (2016).
    """
    eps = ln_param.get("eps", 1e-5)
    ### BEGIN SOLUTION
    x_centered = x - x.mean(axis=1, keepdims=True)
    std = np.sqrt(np.mean(x_centered**2, axis=1, keepdims=True) + eps)
    out = gamma * (x_centered / std) + beta
    cache = (x_centered, std, gamma)
    ### END SOLUTION
    return out, cache


def layernorm_backward(dout, cache):
    """Send the gradient back through `layernorm_forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, D)
        Upstream gradient.
    cache : tuple
        ``(x_centered, std, gamma)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, D)
    dgamma, dbeta : ndarray of shape (D,)
    """
    x_centered, std, gamma = cache
    ### BEGIN SOLUTION
    x_hat = x_centered / std
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(dout * x_hat, axis=0)
    dx_hat = dout * gamma
    dx = (
        dx_hat
        - dx_hat.mean(axis=1, keepdims=True)
        - x_hat * np.mean(dx_hat * x_hat, axis=1, keepdims=True)
    )
    dx /= std
    ### END SOLUTION
    return dx, dgamma, dbeta


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Normalize each channel over the batch and all positions.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    gamma, beta : ndarray of shape (C,)
        Scale and shift.
    bn_param : dict
        As for `batchnorm_forward`; the running statistics have the shape (C,).

    Returns
    -------
    out : ndarray of shape (N, C, H, W)
    cache : tuple
        The cache of `batchnorm_forward` on the array of shape (N * H * W, C).

    Raises
    ------
    ValueError
        If the mode is missing or unknown, or an empty batch is to be trained on.
    """
    N, C, H, W = x.shape
    ### BEGIN SOLUTION
    # Each channel in one piece of memory: NumPy then runs along long rows, four times as fast.
    rows = x.transpose(1, 0, 2, 3).reshape(C, N * H * W).T
    rows, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    out = rows.T.reshape(C, N, H, W).transpose(1, 0, 2, 3)
    ### END SOLUTION
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    """Send the gradient back through `spatial_batchnorm_forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H, W)
        Upstream gradient.
    cache : tuple
        From the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dgamma, dbeta : ndarray of shape (C,)
    """
    N, C, H, W = dout.shape
    ### BEGIN SOLUTION
    rows = dout.transpose(1, 0, 2, 3).reshape(C, N * H * W).T
    rows, dgamma, dbeta = batchnorm_backward_alt(rows, cache)
    dx = rows.T.reshape(C, N, H, W).transpose(1, 0, 2, 3)
    ### END SOLUTION
    return dx, dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """Normalize each example over groups of neighboring channels and all positions.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    gamma, beta : ndarray of shape (1, C, 1, 1)
        Scale and shift.
    G : int
        Number of groups; divides C.
    gn_param : dict
        ``eps``: 1e-5 if absent.

    Returns
    -------
    out : ndarray of shape (N, C, H, W)
    cache : tuple
        ``(x_hat, std, gamma, G)`` with the normalized x of shape (N, C, H, W) and
        ``std = sqrt(var + eps)`` of shape (N, G, 1).

    Raises
    ------
    ValueError
        If G does not divide C.

    Notes
    -----
    Wu and He, "Group Normalization" (2018).
    """
    eps = gn_param.get("eps", 1e-5)
    N, C, H, W = x.shape
    if G < 1 or C % G:
        raise ValueError(
            f"spatial_groupnorm_forward: {C} channels cannot be split into {G} equal groups; "
            f"got x of shape {x.shape}. Choose a divisor of {C}."
        )
    ### BEGIN SOLUTION
    groups = x.reshape(N, G, C // G * H * W)
    centered = groups - groups.mean(axis=2, keepdims=True)
    std = np.sqrt(np.mean(centered**2, axis=2, keepdims=True) + eps)
    x_hat = (centered / std).reshape(x.shape)
    out = gamma * x_hat + beta
    cache = (x_hat, std, gamma, G)
    ### END SOLUTION
    return out, cache


def spatial_groupnorm_backward(dout, cache):
    """Send the gradient back through `spatial_groupnorm_forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H, W)
        Upstream gradient.
    cache : tuple
        ``(x_hat, std, gamma, G)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dgamma, dbeta : ndarray of shape (1, C, 1, 1)
    """
    x_hat, std, gamma, G = cache
    N, C, H, W = dout.shape
    ### BEGIN SOLUTION
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dgamma = np.sum(dout * x_hat, axis=(0, 2, 3), keepdims=True)
    shape = (N, G, C // G * H * W)
    dx_hat = (dout * gamma).reshape(shape)
    x_hat = x_hat.reshape(shape)
    dx = (
        dx_hat
        - dx_hat.mean(axis=2, keepdims=True)
        - x_hat * np.mean(dx_hat * x_hat, axis=2, keepdims=True)
    )
    dx = (dx / std).reshape(dout.shape)
    ### END SOLUTION
    return dx, dgamma, dbeta
