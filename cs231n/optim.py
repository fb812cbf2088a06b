"""Update rules: one step of first-order optimization for one parameter.

Every rule has the form ``rule(w, dw, config=None) -> (next_w, config)``: w is
the parameter, dw the gradient of the loss with respect to it, in any one
shape. ``config`` is a dict with the hyperparameters and the state of the rule;
missing entries get the defaults named in the docstring, the state starts at
zero. The dict that came in is the one that goes out, updated. w, dw and the
state arrays that came in are left as they are. Each rule stands alone.
"""

import numpy as np


def sgd(w, dw, config=None):
    """Take a step of stochastic gradient descent: ``w <- w - learning_rate dw``.

    Parameters
    ----------
    w, dw : ndarrays of any one shape
        Parameter and gradient.
    config : dict, optional
        learning_rate (1e-2).

    Returns
    -------
    next_w : ndarray of the shape of w
        The parameter after the step.
    config : dict
        The configuration for the next step.
    """
    config = _with_defaults(config, learning_rate=1e-2)
    next_w = w - config["learning_rate"] * dw
    return next_w, config


def sgd_momentum(w, dw, config=None):
    """Take a step of gradient descent with momentum.

    The velocity v follows ``v <- momentum v - learning_rate dw``; the parameter moves by the new v.

    Parameters
    ----------
    w, dw : ndarrays of any one shape
        Parameter and gradient.
    config : dict, optional
        learning_rate (1e-2), momentum (0.9); state velocity.

    Returns
    -------
    next_w : ndarray of the shape of w
        The parameter after the step.
    config : dict
        The configuration for the next step, with the new velocity.

    References
    ----------
    Polyak, "Some Methods of Speeding Up the Convergence of Iteration Methods", 1964.
    """
    config = _with_defaults(config, learning_rate=1e-2, momentum=0.9)
    v = config.get("velocity", np.zeros_like(w))
    ### BEGIN SOLUTION
    v = config["momentum"] * v - config["learning_rate"] * dw
    next_w = w + v
    ### END SOLUTION
    config["velocity"] = v
    return next_w, config


def nesterov(w, dw, config=None):
    """Take a step of Nesterov's accelerated gradient, in the form that needs dw at w only.

    The velocity v follows ``v <- momentum v - learning_rate dw``; the parameter moves by
    ``momentum v - learning_rate dw`` with the new v.

    Parameters
    ----------
    w, dw : ndarrays of any one shape
        Parameter (already looked ahead) and gradient there.
    config : dict, optional
        learning_rate (1e-2), momentum (0.9); state velocity.

    Returns
    -------
    next_w : ndarray of the shape of w
        The parameter after the step.
    config : dict
        The configuration for the next step, with the new velocity.

    References
    ----------
    Bengio, Boulanger-Lewandowski, Pascanu, "Advances in Optimizing Recurrent Networks", 2012,
    section 3.5.
    """
    config = _with_defaults(config, learning_rate=1e-2, momentum=0.9)
    v = config.get("velocity", np.zeros_like(w))
    ### BEGIN SOLUTION
    step = config["learning_rate"] * dw
    v = config["momentum"] * v - step
    next_w = w + config["momentum"] * v - step
    ### END SOLUTION
    config["velocity"] = v
    return next_w, config


def adagrad(w, dw, config=None):
    """Take a step of AdaGrad, which divides by the root of all squared gradients so far.

    With ``cache <- cache + dw^2`` (elementwise), the parameter moves by
    ``-learning_rate dw / (sqrt(cache) + epsilon)``.

    Parameters
    ----------
    w, dw : ndarrays of any one shape
        Parameter and gradient.
    config : dict, optional
        learning_rate (1e-2), epsilon (1e-8); state cache.

    Returns
    -------
    next_w : ndarray of the shape of w
        The parameter after the step.
    config : dict
        The configuration for the next step, with the new cache.

    References
    ----------
    Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning", 2011.
    """
    config = _with_defaults(config, learning_rate=1e-2, epsilon=1e-8)
    cache = config.get("cache", np.zeros_like(w))
    ### BEGIN SOLUTION
    cache = cache + dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"])
    ### END SOLUTION
    config["cache"] = cache
    return next_w, config


def rmsprop(w, dw, config=None):
    """Take a step of RMSProp, which divides by a moving root mean square of the gradient.

    With ``cache <- decay_rate cache + (1 - decay_rate) dw^2`` (elementwise), the parameter
    moves by ``-learning_rate dw / (sqrt(cache) + epsilon)``.

    Parameters
    ----------
    w, dw : ndarrays of any one shape
        Parameter and gradient.
    config : dict, optional
        learning_rate (1e-2), decay_rate (0.99), epsilon (1e-8); state cache.

    Returns
    -------
    next_w : ndarray of the shape of w
        The parameter after the step.
    config : dict
        The configuration for the next step, with the new cache.

    References
    ----------
    Tieleman, Hinton, "Lecture 6.5: RMSProp", Neural Networks for Machine Learning, 2012.
    """
    config = _with_defaults(config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8)
    cache = config.get("cache", np.zeros_like(w))
    ### BEGIN SOLUTION
    cache = config["decay_rate"] * cache + (1 - config["decay_rate"]) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"])
    ### END SOLUTION
    config["cache"] = cache
    return next_w, config


def adadelta(w, dw, config=None):
    """Take a step of Adadelta, whose step length comes from the steps taken before.

    First ``cache <- rho cache + (1 - rho) dw^2``, then the step
    ``s = dw sqrt(delta + epsilon) / sqrt(cache + epsilon)``, then
    ``delta <- rho delta + (1 - rho) s^2``; the parameter moves by ``-learning_rate s``.

    Parameters
    ----------
    w, dw : ndarrays of any one shape
        Parameter and gradient.
    config : dict, optional
        learning_rate (1.0), rho (0.9), epsilon (1e-6); state cache, delta.

    Returns
    -------
    next_w : ndarray of the shape of w
        The parameter after the step.
    config : dict
        The configuration for the next step, with the new cache and delta.

    References
    ----------
    Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.
    """
    config = _with_defaults(config, learning_rate=1.0, rho=0.9, epsilon=1e-6)
    cache = config.get("cache", np.zeros_like(w))
    delta = config.get("delta", np.zeros_like(w))
    ### BEGIN SOLUTION
    rho = config["rho"]
    epsilon = config["epsilon"]
    cache = rho * cache + (1 - rho) * dw**2
    step = np.sqrt(delta + epsilon) / np.sqrt(cache + epsilon) * dw
    delta = rho * delta + (1 - rho) * step**2
    next_w = w - config["learning_rate"] * step
    ### END SOLUTION
    config["cache"] = cache
    config["delta"] = delta
    return next_w, config


def adam(w, dw, config=None):
    """Take a step of Adam: moving averages of gradient and squared gradient, bias-corrected.

    The step counter t rises by one first, so it is 1 in the first step. Then
    ``m <- beta1 m + (1 - beta1) dw`` and ``v <- beta2 v + (1 - beta2) dw^2`` (elementwise).
    Divided by ``1 - beta1^t`` and ``1 - beta2^t`` they are called m' and v'; the parameter
    moves by ``-learning_rate m' / (sqrt(v') + epsilon)``.

    Parameters
    ----------
    w, dw : ndarrays of any one shape
        Parameter and gradient.
    config : dict, optional
        learning_rate (1e-3), beta1 (0.9), beta2 (0.999), epsilon (1e-8); state m, v, t.

    Returns
    -------
    next_w : ndarray of the shape of w
        The parameter after the step.
    config : dict
        The configuration for the next step, with the new m, v and t.

    References
    ----------
    Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2015.
    """
    config = _with_defaults(config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0)
    m = config.get("m", np.zeros_like(w))
    v = config.get("v", np.zeros_like(w))
    t = config["t"]
    ### BEGIN SOLUTION
    beta1 = config["beta1"]
    beta2 = config["beta2"]
    t = t + 1
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    mt = m / (1 - beta1**t)
    vt = v / (1 - beta2**t)
    next_w = w - config["learning_rate"] * mt / (np.sqrt(vt) + config["epsilon"])
    ### END SOLUTION
    config["m"] = m
    config["v"] = v
    config["t"] = t
    return next_w, config


def adamw(w, dw, config=None):
    """Take a step of AdamW: Adam with weight decay apart from the gradient.

    As Adam, but the parameter also shrinks by ``learning_rate weight_decay w``, with the w before
    the step.

    Parameters
    ----------
    w, dw : ndarrays of any one shape
        Parameter and gradient (without any L2 term).
    config : dict, optional
        learning_rate (1e-3), beta1 (0.9), beta2 (0.999), epsilon (1e-8),
        weight_decay (1e-2); state m, v, t.

    Returns
    -------
    next_w : ndarray of the shape of w
        The parameter after the step.
    config : dict
        The configuration for the next step, with the new m, v and t.

    References
    ----------
    Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019.
    """
    config = _with_defaults(
        config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=1e-2, t=0
    )
    m = config.get("m", np.zeros_like(w))
    v = config.get("v", np.zeros_like(w))
    t = config["t"]
    ### BEGIN SOLUTION
    beta1 = config["beta1"]
    beta2 = config["beta2"]
    t = t + 1
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    mt = m / (1 - beta1**t)
    vt = v / (1 - beta2**t)
    decayed = w - config["learning_rate"] * config["weight_decay"] * w
    next_w = decayed - config["learning_rate"] * mt / (np.sqrt(vt) + config["epsilon"])
    ### END SOLUTION
    config["m"] = m
    config["v"] = v
    config["t"] = t
    return next_w, config


def _with_defaults(config, **defaults):
    if config is None:
        config = {}
    for name, value in config.items():
        # A float64 scalar would turn float32 parameters into float64 ones; a Python float does not.
        if isinstance(value, np.generic):
            config[name] = value.item()
    for name, value in defaults.items():
        config.setdefault(name, value)
    return config
