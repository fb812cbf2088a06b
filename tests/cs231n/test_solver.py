import json
import os
from types import SimpleNamespace

import numpy as np
import pytest

from cs231n import optim, schedules
from cs231n import solver as solver_module
from cs231n.checkpoint import load_params, model_state, save_params
from cs231n.classifiers import FullyConnectedNet, TwoLayerNet
from cs231n.solver import Solver

RULES = ("sgd", "sgd_momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw")


def make_data(N=120, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((N, 2, 3))
    y = (X[:, 0, 0] > 0).astype(int) + 2 * (X[:, 1, 1] > 0)
    cut = 3 * N // 4
    return {"X_train": X[:cut], "y_train": y[:cut], "X_val": X[cut:], "y_val": y[cut:]}


def make_solver(model=None, **kwargs):
    settings = {"num_epochs": 3, "batch_size": 20, "seed": 5, "verbose": False}
    settings["optim_config"] = {"learning_rate": 0.1}
    return Solver(
        model or TwoLayerNet(6, 10, 4, weight_scale=0.1, seed=1), make_data(), **settings | kwargs
    )


def noisy_net():
    """All that has a state: batch normalization, and dropout from the net's own generator."""
    rng = np.random.default_rng(3)
    return FullyConnectedNet(
        [9, 8], 6, 4, 0.8, normalization="batchnorm", weight_scale="he", seed=rng
    )


def assert_same_run(a, b):
    for name in ("train_acc_history", "val_acc_history", "best_val_acc", "epoch", "iteration"):
        assert getattr(a, name) == getattr(b, name), name
    assert a.loss_history == b.loss_history
    for first, second in (
        (model_state(a.model), model_state(b.model)),
        (a.best_params, b.best_params),
        *((a.optim_configs[name], b.optim_configs[name]) for name in a.model.params),
    ):
        assert first.keys() == second.keys()
        for name in first:
            np.testing.assert_array_equal(first[name], second[name], strict=True)
    assert a.rng.bit_generator.state == b.rng.bit_generator.state


def test_training_learns_and_keeps_histories():
    solver = make_solver(num_epochs=40, optim_config={"learning_rate": 0.5})
    solver.train()
    assert len(solver.loss_history) == 160 and solver.epoch == 40
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 41
    assert solver.best_val_acc == max(solver.val_acc_history) > 0.8
    assert solver.check_accuracy(solver.X_val, solver.y_val) == solver.best_val_acc


def test_equal_seeds_give_equal_runs_in_defect_batches_from_the_global_generator():
    before = np.random.get_state()[1].copy()
    first, second, other = make_solver(), make_solver(), make_solver(seed=6)
    for solver in (first, second, other):
        solver.train()
    assert_same_run(first, second)
    assert first.loss_history != other.loss_history
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_named(rule):
    solver = make_solver(update_rule=rule, optim_config={})
    solver.train()
    assert np.isfinite(solver.loss_history).all()


def test_learning_rate_decays_after_each_epoch():
    solver = make_solver(lr_decay=0.5, num_epochs=3)
    solver.train()
    assert solver.optim_configs["W1"]["learning_rate"] == 0.1 * 0.5**3
    assert solver.optim_config == {"learning_rate": 0.1}


def test_lr_decay_also_works_on_the_default_learning_rate():
    solver = make_solver(lr_decay=0.5, num_epochs=1, optim_config={})
    solver.train()
    assert solver.optim_configs["b2"]["learning_rate"] == 0.005


def test_a_schedule_scales_the_rate_of_each_step_and_not_the_configuration(monkeypatch):
    rates = []

    def spy(w, dw, config):
        rates.append(config["learning_rate"])
        return w, config

    monkeypatch.setattr(optim, "spy", spy, raising=False)
    solver = make_solver(update_rule="spy", schedule=schedules.linear, num_epochs=1)
    solver.train()
    np.testing.assert_allclose(rates[::4], [0.1, 0.075, 0.05, 0.025])
    assert solver.optim_configs["W1"]["learning_rate"] == 0.1


def test_every_minibatch_but_no_measured_image_is_augmented_with_the_solver_s_own_generator():
    seen = []

    def augment(X, rng):
        seen.append((X.shape, rng))
        return X + 100

    class Model:
        params = {"w": np.zeros(3)}

        def loss(self, X, y=None):
            assert (X.min() > 50) == (y is not None)
            return np.zeros((len(X), 4)) if y is None else (0.0, {"w": np.zeros(3)})

    solver = make_solver(Model(), augment=augment)
    before = [solver.X_train.copy(), solver.X_val.copy()]
    solver.train()
    assert seen == [((20, 2, 3), solver.rng)] * len(solver.loss_history)
    np.testing.assert_array_equal(solver.X_train, before[0])
    np.testing.assert_array_equal(solver.X_val, before[1])


def test_a_schedule_without_a_learning_rate_says_so():
    with pytest.raises(ValueError, match="put one into optim_config"):
        make_solver(schedule=schedules.cosine, optim_config={})


@pytest.mark.parametrize(
    ("limits", "measure"),
    [
        ({"clip_norm": 0.01}, lambda grads: np.sqrt(sum(np.sum(g**2) for g in grads))),
        ({"clip_value": 0.01}, lambda grads: max(np.abs(g).max() for g in grads)),
    ],
)
def test_gradients_are_clipped_before_the_step(limits, measure, monkeypatch):
    seen = []
    monkeypatch.setattr(
        optim, "spy", lambda w, dw, config: seen.append(dw) or (w, config), raising=False
    )
    make_solver(update_rule="spy", num_epochs=1, **limits).train()
    norms = [measure(seen[i : i + 4]) for i in range(0, len(seen), 4)]
    np.testing.assert_allclose(norms, 0.01)


class Constant:
    """A model that always answers the same class."""

    def __init__(self, answer):
        self.params = {"W": np.zeros(3)}
        self.answer = answer

    def loss(self, X, y=None):
        if y is None:
            return np.eye(4)[np.full(len(X), self.answer)]
        return 1.0, {"W": np.ones(3)}


def test_parameters_are_kept_in_defect_validation_accuracy_that_never_rises_above_zero():
    data = make_data()
    data["y_val"] = np.zeros_like(data["y_val"])
    model = Constant(answer=3)
    solver = Solver(
        model, data, verbose=False, num_epochs=2, seed=0, optim_config={"learning_rate": 1.0}
    )
    solver.train()
    assert solver.best_val_acc == 0 and max(solver.val_acc_history) == 0
    assert model.params.keys() == solver.best_params.keys() == {"W"}
    np.testing.assert_array_equal(model.params["W"], [-1, -1, -1])  # after the first iteration


def test_batch_norm_works_on_in_defect_running_statistics_lost_from_best_parameters():
    solver = make_solver(
        noisy_net(), num_epochs=8, optim_config={"learning_rate": 3.0}, update_rule="sgd"
    )
    solver.train()
    best = int(np.argmax(solver.val_acc_history))
    assert 0 < best < 8, (
        "the run must get worse after its best epoch for this test to mean anything"
    )
    assert solver.check_accuracy(solver.X_val, solver.y_val) == solver.best_val_acc
    short = make_solver(noisy_net(), num_epochs=best, optim_config={"learning_rate": 3.0})
    short.train()
    for name, value in model_state(short.model).items():
        np.testing.assert_array_equal(value, model_state(solver.model)[name])


def test_an_update_rule_that_works_in_place_cannot_change_the_best_parameters(monkeypatch):
    def in_place(w, dw, config):
        w += 1
        return w, config

    monkeypatch.setattr(optim, "in_place", in_place, raising=False)
    solver = Solver(
        Constant(answer=0), make_data(), update_rule="in_place", verbose=False, num_epochs=4
    )
    solver.train()
    np.testing.assert_array_equal(
        solver.model.params["W"], [1, 1, 1]
    )  # the first measurement stays the best


def test_best_parameters_do_not_change_while_training_goes_on():
    solver = make_solver()
    solver.train()
    kept = {name: value.copy() for name, value in solver.best_params.items()}
    for value in solver.model.params.values():
        value += 1
    for name, value in kept.items():
        np.testing.assert_array_equal(solver.best_params[name], value)


@pytest.mark.parametrize("rule", RULES)
def test_resumed_run_equals_uninterrupted_run_bit_for_bit(rule, tmp_path):
    config = {} if rule == "adadelta" else {"learning_rate": 10 ** np.float64(-1.5)}
    settings = {
        "update_rule": rule,
        "optim_config": config,
        "lr_decay": 0.9,
        "num_train_samples": 30,
    }
    whole = make_solver(noisy_net(), num_epochs=4, **settings)
    whole.train()
    half = make_solver(noisy_net(), num_epochs=2, **settings)
    half.train()
    half.save_checkpoint(tmp_path / "half.npz")
    resumed = make_solver(noisy_net(), num_epochs=4, **settings | {"seed": 99})
    resumed.load_checkpoint(tmp_path / "half.npz")
    assert resumed.epoch == 2 and resumed.loss_history == half.loss_history
    resumed.train()
    assert_same_run(resumed, whole)
    assert resumed.model.rng.bit_generator.state == whole.model.rng.bit_generator.state


def test_every_epoch_resumes_bit_for_bit_in_defect_running_statistics_lost_from_checkpoints(
    tmp_path,
):
    whole = make_solver(noisy_net(), checkpoint_name=str(tmp_path / "run"))
    whole.train()
    assert sorted(os.listdir(tmp_path)) == [f"run_epoch_{n}.npz" for n in range(4)]
    for n in range(4):
        resumed = make_solver(noisy_net())
        resumed.load_checkpoint(tmp_path / f"run_epoch_{n}.npz")
        assert resumed.epoch == n
        resumed.train()
        assert_same_run(resumed, whole)


@pytest.mark.parametrize(
    "bits", [np.random.MT19937, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64]
)
def test_any_kind_of_generator_is_restored(bits, tmp_path):
    first, second = (make_solver(seed=np.random.Generator(bits(seed))) for seed in (1, 2))
    first.train()
    first.save_checkpoint(tmp_path / "run.npz")
    second.load_checkpoint(tmp_path / "run.npz")
    np.testing.assert_array_equal(first.rng.random(5), second.rng.random(5))


def test_training_in_two_calls_equals_training_in_one():
    once, twice = make_solver(noisy_net(), num_epochs=6), make_solver(noisy_net(), num_epochs=2)
    once.train()
    twice.train()
    twice.num_epochs = 6
    twice.train()
    assert_same_run(once, twice)
    twice.train()
    assert_same_run(once, twice)


def test_weights_put_into_the_model_between_two_calls_are_trained_further():
    solver = make_solver(num_epochs=1)
    solver.train()
    solver.model.params["W1"] = np.full((6, 10), 7.0)
    solver.num_epochs = 2
    solver.optim_configs = {name: {"learning_rate": 0.0} for name in solver.model.params}
    solver.train()
    last = solver._last_state["W1"]
    np.testing.assert_array_equal(last, 7)


def test_interrupt_leaves_the_best_parameters_in_the_model_and_training_can_go_on(monkeypatch):
    whole, stopped = make_solver(num_epochs=4), make_solver(num_epochs=4)
    whole.train()
    step = Solver._step

    def step_until_interrupted(self, total):
        if self.iteration == 10:
            raise KeyboardInterrupt
        step(self, total)

    monkeypatch.setattr(Solver, "_step", step_until_interrupted)
    with pytest.raises(KeyboardInterrupt):
        stopped.train()
    assert stopped.epoch == 2 and stopped.iteration == 10
    for name, value in stopped.best_params.items():
        np.testing.assert_array_equal(stopped.model.params[name], value)
    monkeypatch.setattr(Solver, "_step", step)
    stopped.train()
    assert_same_run(stopped, whole)


def test_interrupt_before_the_first_measurement_leaves_the_model_as_it_was():
    class Impatient(Constant):
        def loss(self, X, y=None):
            raise KeyboardInterrupt

    model = Impatient(0)
    with pytest.raises(KeyboardInterrupt):
        Solver(model, make_data(), verbose=False).train()
    np.testing.assert_array_equal(model.params["W"], np.zeros(3))


def test_a_missing_gradient_is_an_error_and_changes_no_parameter():
    model = TwoLayerNet(6, 5, 4, seed=0)
    whole_loss, before = model.loss, dict(model.params)

    def loss_without_b1(X, y=None):
        loss, grads = whole_loss(X, y)
        del grads["b1"]
        return loss, grads

    model.loss = loss_without_b1
    with pytest.raises(KeyError, match="b1"):
        make_solver(model).train()
    assert all(model.params[name] is value for name, value in before.items())


def test_a_step_that_fails_halfway_does_not_advance_the_update_rules():
    model = TwoLayerNet(6, 5, 4, seed=0)
    whole_loss = model.loss
    model.loss = lambda X, y: (0.0, {"W1": whole_loss(X, y)[1]["W1"]})
    solver = make_solver(model, update_rule="adam")
    with pytest.raises(KeyError, match="b1"):
        solver.train()
    assert solver.optim_configs["W1"] == {"learning_rate": 0.1}


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    make_solver().save_checkpoint(tmp_path / "run.npz")
    with pytest.raises(
        ValueError, match=r"trained with \{'update_rule': 'sgd', 'batch_size': 20\}"
    ):
        make_solver(update_rule="adam", batch_size=10).load_checkpoint(tmp_path / "run.npz")
    with pytest.raises(ValueError, match="do not fit the model"):
        make_solver(TwoLayerNet(6, 11, 4)).load_checkpoint(tmp_path / "run.npz")


def test_a_checkpoint_of_another_kind_of_generator_is_refused(tmp_path):
    make_solver(seed=np.random.Generator(np.random.MT19937(1))).save_checkpoint(
        tmp_path / "run.npz"
    )
    solver = make_solver()
    before = solver.model.params["W1"].copy()
    with pytest.raises(ValueError, match="generator 'solver' was a MT19937"):
        solver.load_checkpoint(tmp_path / "run.npz")
    np.testing.assert_array_equal(solver.model.params["W1"], before)


def notes_file(path, notes):
    save_params(path, {"notes": np.frombuffer(notes, dtype=np.uint8)})
    return path


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        (b"[]", "not a checkpoint"),
        (b"{", "not a checkpoint"),
        (b"\xff", "not a checkpoint"),
        (b'{"format": 9}', "checkpoint format 9 is unknown"),
        (b'{"format": 1}', "not a checkpoint"),
        (b'{"format": 1, "settings": 3}', "not a checkpoint"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(notes, message, tmp_path):
    with pytest.raises(ValueError, match=f"Cannot resume from .*{message}"):
        make_solver().load_checkpoint(notes_file(tmp_path / "run.npz", notes))


def test_weights_alone_are_no_checkpoint(tmp_path):
    save_params(tmp_path / "w.npz", TwoLayerNet(6, 10, 4).params)
    with pytest.raises(ValueError, match="it is not a checkpoint of a Solver"):
        make_solver().load_checkpoint(tmp_path / "w.npz")


def test_a_checkpoint_is_an_npz_file_with_json_notes(tmp_path):
    solver = make_solver(noisy_net(), update_rule="adam")
    solver.train()
    solver.save_checkpoint(tmp_path / "run.npz")
    arrays = load_params(tmp_path / "run.npz")
    assert json.loads(arrays["notes"].tobytes())["epoch"] == 3
    names = {"model/W1", "model/running_var2", "best/running_mean1", "optim/W1/m", "loss_history"}
    assert names <= arrays.keys()


def test_optimizer_state_that_json_cannot_hold_is_refused(tmp_path):
    solver = make_solver()
    solver.optim_configs["W1"]["odd"] = object()
    with pytest.raises(TypeError, match="cannot keep a value of type object"):
        solver.save_checkpoint(tmp_path / "run.npz")


def test_a_checkpoint_whose_parameters_have_other_names_is_refused(tmp_path):
    solver = make_solver()
    solver.train()
    solver.save_checkpoint(tmp_path / "run.npz")
    arrays = load_params(tmp_path / "run.npz")
    del arrays["best/W1"]
    save_params(tmp_path / "cut.npz", arrays)
    with pytest.raises(ValueError, match="Cannot resume from .*other names"):
        make_solver().load_checkpoint(tmp_path / "cut.npz")


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"learning_rate": 1, "batchsize": 3}, "unknown keyword batchsize, learning_rate"),
        ({"update_rule": "sdg"}, "no update rule 'sdg'"),
        ({"update_rule": "np"}, "no update rule 'np'"),
        ({"update_rule": "_with_defaults"}, "no update rule"),
        ({"batch_size": 0}, "batch_size must be a whole number, at least 1; got 0"),
        ({"num_epochs": 2.5}, "num_epochs must be a whole number, at least 0; got 2.5"),
        ({"print_every": 0}, "print_every must be a whole number, at least 1; got 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=f"^Solver: .*{message}"):
        Solver(TwoLayerNet(6, 5, 4), make_data(), **kwargs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("X_val"), "data lacks X_val"),
        (lambda data: data.update(y_train=data["y_train"][1:]), "the same length, .*got 90 and 89"),
        (
            lambda data: data.update(X_val=np.zeros((0, 6)), y_val=np.zeros(0)),
            "at least 1; got 0 and 0",
        ),
    ],
)
def test_data_that_do_not_fit_together_are_refused(change, message):
    data = make_data()
    change(data)
    with pytest.raises(ValueError, match=f"^Solver: .*{message}"):
        Solver(TwoLayerNet(6, 5, 4), data)


def test_verbose_training_prints_losses_and_accuracies_and_shows_a_bar(capsys):
    make_solver(verbose=True, print_every=4).train()
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].startswith("(Iteration 1 / 12) loss: ")
    assert lines[1].startswith("(Epoch 0 / 3) train acc: ")
    shown = [line.split(" / ")[0] for line in lines if "Iteration" in line]
    assert shown == ["(Iteration 1", "(Iteration 5", "(Iteration 9"]
    assert "12" in captured.err and "step/s" in captured.err


def test_quiet_training_prints_nothing(capsys):
    make_solver().train()
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_accuracy_is_measured_on_all_examples_in_batches_of_any_size():
    solver = make_solver()
    X, y = solver.X_train, solver.y_train
    expected = np.mean(np.argmax(solver.model.loss(X), axis=1) == y)
    for batch_size in (1, 7, 90, 1000):
        assert solver.check_accuracy(X, y, batch_size=batch_size) == pytest.approx(expected)


def test_accuracy_on_a_sample_never_draws_an_example_twice():
    drawn = []

    class Recorder(Constant):
        def loss(self, X, y=None):
            drawn.extend(X[:, 0].tolist())
            return np.zeros((len(X), 4))

    data = make_data()
    solver = Solver(Recorder(0), data, verbose=False, seed=0)
    solver.check_accuracy(np.arange(50.0)[:, None], np.zeros(50, int), num_samples=30, batch_size=8)
    assert len(drawn) == len(set(drawn)) == 30


def test_batches_larger_than_the_data_make_one_iteration_per_epoch():
    solver = make_solver(batch_size=500, num_epochs=2)
    solver.train()
    assert len(solver.loss_history) == 2


def test_zero_epochs_train_nothing():
    model = TwoLayerNet(6, 5, 4, seed=0)
    before = dict(model.params)
    make_solver(model, num_epochs=0).train()
    assert all(model.params[name] is value for name, value in before.items())


def test_a_model_needs_no_more_than_params_and_loss():
    net = TwoLayerNet(6, 5, 4, seed=0)
    solver = make_solver(SimpleNamespace(params=net.params, loss=net.loss))
    solver.train()
    assert solver.best_params.keys() == net.params.keys()


def only_line(capsys):
    (line,) = capsys.readouterr().out.splitlines()
    return line


def all_finite(params):
    return all(np.isfinite(value).all() for value in params.values())


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("dtype", "rate"), [("float32", 1e9), ("float64", 1e120)])
@pytest.mark.parametrize("extra", [{}, {"lr_decay": 0.9}, {"schedule": schedules.cosine}])
def test_training_stops_at_a_loss_that_is_not_finite(
    capsys, tmp_path, monkeypatch, dtype, rate, extra
):
    monkeypatch.chdir(tmp_path)
    model = FullyConnectedNet([10, 10], 6, 4, weight_scale=1.0, seed=1, dtype=np.dtype(dtype))
    config = {"learning_rate": rate}
    solver = make_solver(model, num_epochs=200, optim_config=config, checkpoint_name="run", **extra)
    solver.train()
    line = only_line(capsys)
    assert line.startswith(solver.stopped) and "learning rate" in line
    assert f"stopped at step {solver.iteration} of 800: the loss is " in line
    assert solver.iteration == len(solver.loss_history) < 800
    assert not np.isfinite(solver.loss_history[-1]) and np.isfinite(solver.loss_history[:-1]).all()
    assert all_finite(model.params) and all_finite(solver.best_params) and solver.best_params
    assert solver.check_accuracy(solver.X_val, solver.y_val) == solver.best_val_acc
    for path in tmp_path.glob("run_*"):
        arrays = load_params(path)
        assert all_finite({name: arrays[name] for name in arrays if name.startswith("best/")})


class FirstLoss(Constant):
    """A loss, or gradients, that are not finite from the first step."""

    def __init__(self, loss, gradient):
        super().__init__(0)
        self.bad = loss, gradient

    def loss(self, X, y=None):
        scores = super().loss(X)
        if y is None:
            return scores
        loss, gradient = self.bad
        return loss, {name: np.full_like(w, gradient) for name, w in self.params.items()}


@pytest.mark.parametrize(
    ("loss", "gradient", "says"),
    [
        (np.nan, 0.0, "the loss is nan. No step was made yet"),
        (np.inf, np.nan, "the loss is inf. No step was made yet"),
        (1.0, np.nan, "the gradient of W holds nan or inf"),
        (1.0, 1e308, "its update makes W nan or inf. Most likely the learning rate 1e+08"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_first_step_that_is_not_finite_is_not_made(capsys, loss, gradient, says):
    model = FirstLoss(loss, gradient)
    solver = make_solver(model, optim_config={"learning_rate": 1e8})
    solver.train()
    line = only_line(capsys)
    assert says in line and "step 1 of" in line and "keeps the weights that it had" in line
    np.testing.assert_array_equal(model.params["W"], np.zeros(3))
    assert solver.iteration == 1 and len(solver.val_acc_history) == 1


def test_examples_that_are_not_finite_are_named(capsys):
    solver = make_solver()
    solver.X_train = np.full_like(solver.X_train, np.nan)
    solver.train()
    assert "examples of this minibatch hold nan" in only_line(capsys)


def test_weights_that_a_rectifier_hides_from_the_loss_are_not_kept(capsys):
    solver = make_solver(FirstLoss(1.0, 0.0))
    step = solver._step

    def spoil(total):
        step(total)
        if solver.iteration == 3:
            solver.model.params["W"][0] = np.nan

    solver._step = spoil
    solver.train()
    assert "W holds nan or inf" in only_line(capsys)
    assert all_finite(solver.model.params) and all_finite(solver.best_params)


def test_scores_that_are_nan_are_right_for_nobody():
    solver = make_solver()
    solver.model.loss = lambda X: np.full((len(X), 4), np.nan)
    assert solver.check_accuracy(solver.X_val, np.zeros_like(solver.y_val)) == 0


def test_an_interrupt_in_a_notebook_is_one_line_and_saves(capsys, tmp_path, monkeypatch):
    clock = iter([0.0, 60.0, 61.0])
    monkeypatch.setattr(solver_module, "in_notebook", lambda: True)
    monkeypatch.setattr(solver_module, "monotonic", lambda: next(clock))
    monkeypatch.setattr(solver_module, "_interrupts", [])
    whole, stopped, resumed = (make_solver(num_epochs=4) for _ in range(3))
    whole.train()
    stopped.checkpoint_name = str(tmp_path / "run")
    step = stopped._step

    def interrupted(total):
        if stopped.iteration == 10:
            raise KeyboardInterrupt
        step(total)

    stopped._step = interrupted
    stopped.train()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Training was interrupted after step 10 of 16.")
    assert "train() goes on from there" in lines[0] and len(lines) == 2
    resumed.load_checkpoint(tmp_path / "run_step_10.npz")
    resumed.train()
    assert_same_run(resumed, whole)
    stopped.train()
    with pytest.raises(KeyboardInterrupt):
        stopped.train()
    stopped._step = step
    stopped.train()
    assert_same_run(stopped, whole)
    assert stopped.stopped == ""
