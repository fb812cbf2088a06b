import numpy as np
import pytest

from cs231n import optim

RULES = ("sgd", "sgd_momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw")
ADAM = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 1}
DEFAULTS = {
    "sgd": {"learning_rate": 1e-2},
    "sgd_momentum": {"learning_rate": 1e-2, "momentum": 0.9},
    "nesterov": {"learning_rate": 1e-2, "momentum": 0.9},
    "adagrad": {"learning_rate": 1e-2, "epsilon": 1e-8},
    "rmsprop": {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8},
    "adadelta": {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-6},
    "adam": ADAM,
    "adamw": ADAM | {"weight_decay": 1e-2},
}
# PyTorch's Nesterov keeps the velocity with another sign and scale; the weights agree.
TORCH = {
    "sgd": lambda o, p: o.SGD(p, lr=1e-2),
    "sgd_momentum": lambda o, p: o.SGD(p, lr=1e-2, momentum=0.9),
    "nesterov": lambda o, p: o.SGD(p, lr=1e-2, momentum=0.9, nesterov=True),
    "adagrad": lambda o, p: o.Adagrad(p, lr=1e-2, eps=1e-8),
    "rmsprop": lambda o, p: o.RMSprop(p, lr=1e-2, alpha=0.99, eps=1e-8),
    "adadelta": lambda o, p: o.Adadelta(p, lr=1.0, rho=0.9, eps=1e-6),
    "adam": lambda o, p: o.Adam(p, lr=1e-3, eps=1e-8),
    "adamw": lambda o, p: o.AdamW(p, lr=1e-3, eps=1e-8, weight_decay=1e-2),
}
every_rule = pytest.mark.parametrize("name", RULES)


@pytest.fixture
def rng():
    return np.random.default_rng(231)


@every_rule
def test_rule_starts_from_its_documented_defaults(name, rng):
    _, config = getattr(optim, name)(rng.standard_normal(3), rng.standard_normal(3))
    plain = {key: value for key, value in config.items() if not isinstance(value, np.ndarray)}
    assert plain == DEFAULTS[name]


@every_rule
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rule_keeps_dtype_and_leaves_weights_gradients_and_old_state_alone(name, dtype, rng):
    rule, config = getattr(optim, name), None
    w = rng.standard_normal((3, 4)).astype(dtype)
    for _ in range(3):
        dw = rng.standard_normal((3, 4)).astype(dtype)
        w.flags.writeable = dw.flags.writeable = False
        for value in (config or {}).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        w, config = rule(w, dw, config)
        state = [value for value in config.values() if isinstance(value, np.ndarray)]
        assert {a.dtype for a in (w, *state)} == {np.dtype(dtype)}
        assert {a.shape for a in (w, *state)} == {(3, 4)}


@every_rule
def test_rule_updates_and_returns_the_config_that_came_in(name, rng):
    config = {"learning_rate": 0.5}
    _, returned = getattr(optim, name)(rng.standard_normal(3), rng.standard_normal(3), config)
    assert returned is config and config["learning_rate"] == 0.5


@every_rule
def test_rule_with_a_float64_scalar_as_learning_rate_keeps_float32(name, rng):
    w = rng.standard_normal(3).astype(np.float32)
    next_w, config = getattr(optim, name)(w, w, {"learning_rate": 10 ** rng.uniform(-3, -2)})
    assert next_w.dtype == np.float32 and isinstance(config["learning_rate"], float)


@every_rule
def test_rule_goes_downhill_on_a_bowl(name):
    w, config = np.array([3.0, -2.0]), {"learning_rate": 5.0 if name == "adadelta" else 0.05}
    start = np.sum(w**2)
    for _ in range(200):
        w, config = getattr(optim, name)(w, 2 * w, config)
    assert np.sum(w**2) < 0.9 * start


@every_rule
def test_rule_agrees_with_pytorch_over_twenty_steps(name, rng):
    torch = pytest.importorskip("torch")
    w, config = rng.standard_normal((4, 3)), None
    twin = torch.nn.Parameter(torch.tensor(w))
    optimizer = TORCH[name](torch.optim, [twin])
    for _ in range(20):
        dw = rng.standard_normal((4, 3))
        twin.grad = torch.tensor(dw)
        optimizer.step()
        w, config = getattr(optim, name)(w, dw, config)
        np.testing.assert_allclose(w, twin.detach().numpy(), rtol=1e-12, atol=1e-12)


def test_momentum_continues_from_a_velocity_that_is_given():
    config = {"learning_rate": 0.1, "velocity": np.array([1.0, -1.0])}
    w, _ = optim.sgd_momentum(np.array([0.0, 0.0]), np.array([1.0, 2.0]), config)
    np.testing.assert_allclose(w, [0.8, -1.1])
    np.testing.assert_allclose(config["velocity"], [0.8, -1.1])


def test_adam_increments_t_before_using_it():
    w, config = optim.adam(np.zeros(2), np.array([1e-3, -50.0]), {"learning_rate": 0.1})
    assert config["t"] == 1
    np.testing.assert_allclose(w, [-0.1, 0.1], rtol=1e-4)


def test_adamw_shrinks_weights_whose_gradient_is_zero():
    w, _ = optim.adamw(np.array([2.0]), np.zeros(1), {"learning_rate": 0.1, "weight_decay": 0.5})
    np.testing.assert_allclose(w, [1.9])
