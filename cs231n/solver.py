"""Training loop with accuracy checks, checkpoints and the best parameters kept."""

import math
import sys
from operator import index
from os import PathLike
from time import monotonic
from typing import Any

import numpy as np

from . import optim
from .checkpoint import (
    Arrays,
    RunState,
    load_params,
    model_state,
    not_finite,
    run_from_arrays,
    run_to_arrays,
    save_arrays,
    set_model_state,
)
from .schedules import clip_by_global_norm, clip_by_value
from .seeding import random_generator
from .vis_utils import in_notebook

_DATA = ("X_train", "y_train", "X_val", "y_val")
_MINIMA = {"batch_size": 1, "num_epochs": 0, "print_every": 1}
_SECOND_INTERRUPT = 3.0  # seconds


class _NotFiniteError(Exception):
    """Training has come to a number that is not finite; the text says which and why."""


class Solver:
    """Train a classifier by minibatch gradient descent.

    Parameters
    ----------
    model : object
        Has ``params``, a dict of arrays, and ``loss(X) -> scores``,
        ``loss(X, y) -> (loss, grads)``. Running statistics are kept from
        ``bn_params``, the state of a generator from ``rng``, where it has them.
    data : dict
        X_train of shape (N, d1, ..., dk), y_train (N,), X_val, y_val.
    update_rule : str
        Name of a rule in `cs231n.optim`.
    optim_config : dict
        Hyperparameters of the rule, at least learning_rate if its default is not wanted.
    lr_decay : float
        Factor for the learning rate after each epoch.
    batch_size, num_epochs : int
        Size of a minibatch (drawn with replacement); how often to go through the data.
    num_train_samples, num_val_samples : int or None
        How many examples an accuracy is measured on; None for all.
    checkpoint_name : str or None
        If given, ``{checkpoint_name}_epoch_{n}.npz`` is written after each epoch.
    print_every : int
        Iterations between two printed losses.
    verbose : bool
        Print, and show a progress bar.
    seed : int or numpy.random.Generator, optional
        Source of the minibatches.
    schedule : callable, optional
        ``(step, total) -> factor`` for the learning rate, see `cs231n.schedules`;
        optim_config must then hold the learning_rate.
    clip_norm, clip_value : float, optional
        Limits for the joint norm of all gradients and for each entry.
    augment : callable, optional
        ``(X, rng) -> X`` of the same shape changes every minibatch before the model sees it,
        see `cs231n.augment`; rng is the generator of the minibatches.

    Attributes
    ----------
    epoch, iteration : int
        What has been done so far.
    loss_history : list of float
        One loss per iteration.
    train_acc_history, val_acc_history : list of float
        One accuracy after the first iteration and after each epoch.
    best_val_acc : float
        Highest validation accuracy so far.
    optim_configs : dict of str to dict
        By parameter, the hyperparameters and the state of the rule. Each starts as a copy of
        optim_config; changed before training, one parameter gets a learning rate of its own.
    best_params : dict of str to ndarray
        Parameters that reached it (the first that did). They are finite.
    stopped : str
        Why the last call of `train` ended early, or "".

    Raises
    ------
    ValueError
        For an unknown keyword or update rule, a setting out of range, or data
        that do not fit together.
    """

    def __init__(self, model: Any, data: dict[str, np.ndarray], **kwargs: Any) -> None:
        self.model = model
        _check_data(data)
        self.X_train = data["X_train"]
        self.y_train = data["y_train"]
        self.X_val = data["X_val"]
        self.y_val = data["y_val"]
        self.update_rule = kwargs.pop("update_rule", "sgd")
        self.optim_config = kwargs.pop("optim_config", {})
        self.lr_decay = kwargs.pop("lr_decay", 1.0)
        self.batch_size = kwargs.pop("batch_size", 100)
        self.num_epochs = kwargs.pop("num_epochs", 10)
        self.num_train_samples = kwargs.pop("num_train_samples", 1000)
        self.num_val_samples = kwargs.pop("num_val_samples", None)
        self.checkpoint_name = kwargs.pop("checkpoint_name", None)
        self.print_every = kwargs.pop("print_every", 10)
        self.verbose = kwargs.pop("verbose", True)
        self.rng = random_generator(kwargs.pop("seed", None))
        self.schedule = kwargs.pop("schedule", None)
        self.clip_norm = kwargs.pop("clip_norm", None)
        self.clip_value = kwargs.pop("clip_value", None)
        self.augment = kwargs.pop("augment", None)
        if kwargs:
            raise ValueError(f"Solver: unknown keyword {', '.join(sorted(kwargs))}.")
        self._check_settings()
        self._rule = getattr(optim, self.update_rule)
        self._reset()

    def _reset(self) -> None:
        self.epoch = 0
        self.iteration = 0
        self.best_val_acc: float = 0
        self.best_params: Arrays = {}
        self.loss_history: list[float] = []
        self.train_acc_history: list[float] = []
        self.val_acc_history: list[float] = []
        self.stopped = ""
        self.optim_configs = {name: dict(self.optim_config) for name in self.model.params}
        # best_params and the running statistics that belong to them
        self._best_state: Arrays | None = None
        # where training stopped, while the model holds the best state
        self._last_state: Arrays | None = None
        self._installed: Arrays = {}

    @property
    def iterations_per_epoch(self) -> int:
        """Iterations per epoch: N // batch_size, at least 1."""
        return max(len(self.X_train) // self.batch_size, 1)

    def train(self) -> None:
        """Train until num_epochs epochs are done, then put the best parameters into the model.

        Training stops at the first loss that is not finite, before its step; `loss_history` ends
        with that loss. A printed line, which `stopped` keeps, says where and why.

        An interrupted run (Ctrl-C) also leaves the best parameters so far in
        the model; a further call goes on where training stopped. When all
        epochs are done, a further call changes nothing: raise num_epochs first.
        In a notebook one line says so and the rest of the cell runs; interrupt twice within
        three seconds to leave the cell. Elsewhere KeyboardInterrupt goes on to the caller. With
        a checkpoint_name, ``{checkpoint_name}_step_{n}.npz`` is written.
        """
        self._take_up()
        self.stopped = ""
        total = self.num_epochs * self.iterations_per_epoch
        try:
            with _Progress(self.iteration, total, self.verbose) as progress:
                while self.iteration < total:
                    self._step(total)
                    self._after_step(total, progress)
        except _NotFiniteError as problem:
            self._measure_first_weights()
            self.stopped = f"Training stopped at step {self.iteration} of {total}: {problem}"
            print(f"{self.stopped} {self._what_is_kept()}")
        except KeyboardInterrupt:
            self.stopped = f"Training was interrupted after step {self.iteration} of {total}."
            print(f"{self.stopped} {self._what_is_kept()} train() goes on from there.")
            self._save_interrupted()
            if not in_notebook() or _is_second_interrupt():
                raise
        finally:
            self._install_best()

    def check_accuracy(
        self,
        X: np.ndarray,
        y: np.ndarray,
        num_samples: int | None = None,
        batch_size: int = 100,
    ) -> float:
        """Measure the share of examples whose highest score is at the right class.

        Parameters
        ----------
        X : ndarray of shape (N, d1, ..., dk)
            Examples.
        y : ndarray of shape (N,)
            Integer labels.
        num_samples : int, optional
            If below N, measure on that many examples drawn without replacement.
        batch_size : int
            How many examples the model gets at once.

        Returns
        -------
        accuracy : float
            In [0, 1].
        """
        if num_samples is not None and num_samples < len(X):
            chosen = self.rng.choice(len(X), num_samples, replace=False)
            X = X[chosen]
            y = y[chosen]
        predictions = []
        for start in range(0, len(X), batch_size):
            scores = self.model.loss(X[start : start + batch_size])
            guesses = np.argmax(scores, axis=1)
            guesses[np.isnan(scores).any(axis=1)] = -1  # nan is the highest for argmax
            predictions.append(guesses)
        return float(np.mean(np.concatenate(predictions) == y))

    def save_checkpoint(self, path: str | PathLike) -> None:
        """Write everything that training needs to go on: one ``.npz`` file, atomically.

        Parameters
        ----------
        path : path-like
            Where to write.
        """
        generators = {name: g.bit_generator.state for name, g in self._generators().items()}
        run = RunState(
            settings=self._settings(),
            epoch=self.epoch,
            iteration=self.iteration,
            best_val_acc=self.best_val_acc,
            loss_history=self.loss_history,
            train_acc_history=self.train_acc_history,
            val_acc_history=self.val_acc_history,
            model=self._current_state(),
            best=self._best_state or {},
            optim=self.optim_configs,
            generators=generators,
        )
        save_arrays(path, run_to_arrays(run))

    def load_checkpoint(self, path: str | PathLike, max_bytes: int = 4 * 1024**3) -> None:
        """Restore a run, so that it goes on as if it had never stopped.

        The solver must have been made with the same model architecture, data,
        update rule, batch size and schedule; num_epochs may be higher.

        Parameters
        ----------
        path : path-like
            A file from `save_checkpoint`.
        max_bytes : int
            Largest file that is read.

        Raises
        ------
        ValueError
            If the file is damaged, is no checkpoint, or belongs to another run.
        """
        arrays = load_params(path, max_bytes)
        try:
            run = run_from_arrays(arrays)
            self._check_fits(run)
            set_model_state(self.model, run.model)
        except ValueError as error:
            raise ValueError(f"Cannot resume from {path}: {str(error).rstrip('.')}.") from error
        self._reset()
        self.epoch = run.epoch
        self.iteration = run.iteration
        self.best_val_acc = run.best_val_acc
        self.loss_history = run.loss_history
        self.train_acc_history = run.train_acc_history
        self.val_acc_history = run.val_acc_history
        self.optim_configs = run.optim
        if run.best:
            self._keep_best(run.best)
        for name, generator in self._generators().items():
            generator.bit_generator.state = run.generators[name]

    def _check_fits(self, run: RunState) -> None:
        """Raise ValueError if a run is not one of this solver's runs."""
        settings = self._settings()
        other = {key: value for key, value in run.settings.items() if value != settings.get(key)}
        if other:
            raise ValueError(f"it was trained with {other}; make the Solver with the same settings")
        strangers = run.optim.keys() ^ self.model.params.keys()
        if run.best:
            strangers |= run.best.keys() ^ run.model.keys()
        if strangers:
            raise ValueError("its parameters have other names than those of the model")
        for name, generator in self._generators().items():
            saved = run.generators.get(name, {}).get("bit_generator")
            own = type(generator.bit_generator).__name__
            if saved != own:
                raise ValueError(f"its generator {name!r} was a {saved}, not a {own}")

    def _step(self, total: int) -> None:
        """Draw a minibatch and update every parameter once."""
        batch = self.rng.choice(len(self.X_train), self.batch_size)
        X = self.X_train[batch]
        if self.augment is not None:
            X = self.augment(X, self.rng)
        loss, grads = self.model.loss(X, self.y_train[batch])
        if not math.isfinite(loss):
            self.loss_history.append(float(loss))
            self.iteration += 1
            raise _NotFiniteError(f"the loss is {float(loss)}. {self._likely_cause(X, total)}")
        if self.clip_value is not None:
            grads = clip_by_value(grads, self.clip_value)
        if self.clip_norm is not None:
            grads, _ = clip_by_global_norm(grads, self.clip_norm)
        factor = 1.0 if self.schedule is None else self.schedule(self.iteration, total)
        updated = {}
        for name, w in self.model.params.items():
            config = dict(self.optim_configs[name])
            updated[name] = self._scaled_update(w, grads[name], config, factor)
        if self.iteration == 0:
            self._check_first_step(grads, updated)
        # All parameters change together, so an interrupt cannot leave a half-made step.
        for name, (w, config) in updated.items():
            self.model.params[name] = w
            self.optim_configs[name] = config
        self.loss_history.append(float(loss))
        self.iteration += 1

    def _scaled_update(
        self, w: np.ndarray, dw: np.ndarray, config: dict, factor: float
    ) -> tuple[np.ndarray, dict]:
        """Apply the update rule with the learning rate times factor, for this step alone."""
        if factor == 1.0:
            return self._rule(w, dw, config)
        base = config["learning_rate"]
        config["learning_rate"] = base * factor
        w, config = self._rule(w, dw, config)
        config["learning_rate"] = base
        return w, config

    def _after_step(self, total: int, progress: "_Progress") -> None:
        if self.verbose and (self.iteration - 1) % self.print_every == 0:
            progress.print(
                f"(Iteration {self.iteration} / {total}) loss: {self.loss_history[-1]:f}"
            )
        epoch_end = self.iteration % self.iterations_per_epoch == 0
        if epoch_end:
            self.epoch += 1
            for config in self.optim_configs.values():
                if "learning_rate" in config:
                    config["learning_rate"] *= self.lr_decay
        if epoch_end or self.iteration == 1:
            self._measure(progress)
        progress.advance()

    def _measure(self, progress: "_Progress") -> None:
        name = not_finite(self.model.params)
        if name:
            # A rectifier can hide nan from the loss.
            raise _NotFiniteError(f"{name} holds nan or inf. {self._advice()}")
        train_acc = self.check_accuracy(self.X_train, self.y_train, self.num_train_samples)
        val_acc = self.check_accuracy(self.X_val, self.y_val, self.num_val_samples)
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)
        if self._best_state is None or val_acc > self.best_val_acc:
            self.best_val_acc = val_acc
            state = model_state(self.model)
            self._keep_best({name: value.copy() for name, value in state.items()})
        if self.checkpoint_name is not None:
            self.save_checkpoint(f"{self.checkpoint_name}_epoch_{self.epoch}.npz")
        if self.verbose:
            done = f"(Epoch {self.epoch} / {self.num_epochs})"
            progress.print(f"{done} train acc: {train_acc:f}; val_acc: {val_acc:f}")

    def _check_first_step(self, grads: Arrays, updated: dict[str, tuple]) -> None:
        """Refuse a first step to numbers that are not finite: there are no better ones to keep."""
        name = not_finite(grads)
        if name:
            self.iteration += 1
            raise _NotFiniteError(
                f"the gradient of {name} holds nan or inf, though the loss is finite. "
                "Look at the backward pass: a division by 0, or a root or logarithm of 0."
            )
        name = not_finite({key: w for key, (w, _) in updated.items()})
        if name:
            self.iteration += 1
            raise _NotFiniteError(f"its update makes {name} nan or inf. {self._advice()}")

    def _likely_cause(self, X: np.ndarray, total: int) -> str:
        """Say why the loss of the step just counted is not finite; X is its minibatch."""
        if not np.isfinite(X).all():
            return "The examples of this minibatch hold nan or inf."
        if self.iteration > 1:
            factor = 1.0 if self.schedule is None else self.schedule(self.iteration - 2, total)
            return self._advice(factor)
        name = not_finite(self.model.params)
        if name:
            return f"{name} holds nan or inf before the first step."
        return (
            "No step was made yet: the first weights or the inputs are too large, "
            "or the loss takes the logarithm of 0 or overflows in exp."
        )

    def _advice(self, factor: float = 1.0) -> str:
        rates = [config.get("learning_rate", 0.0) for config in self.optim_configs.values()]
        rate = float(max(rates, default=0.0)) * factor
        if rate == 0:
            return "Most likely the steps are too large."
        return (
            f"Most likely the learning rate {rate:.3g} is too large: try {rate / 10:.3g} in a new "
            "Solver. If that does not help, look for a logarithm of 0 or an overflow in the loss."
        )

    def _measure_first_weights(self) -> None:
        """Where nothing was measured yet, measure the weights before the first step."""
        if self.train_acc_history:
            return
        train_acc = self.check_accuracy(self.X_train, self.y_train, self.num_train_samples)
        val_acc = self.check_accuracy(self.X_val, self.y_val, self.num_val_samples)
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)

    def _what_is_kept(self) -> str:
        if self._best_state is None:
            return "The model keeps the weights that it had."
        return (
            f"The best weights so far (validation accuracy {self.best_val_acc:.1%}) "
            "are in the model."
        )

    def _save_interrupted(self) -> None:
        if self.checkpoint_name is None:
            return
        path = f"{self.checkpoint_name}_step_{self.iteration}.npz"
        self.save_checkpoint(path)
        print(f"The run is saved in {path}; load_checkpoint reads it.")

    def _keep_best(self, state: Arrays) -> None:
        self._best_state = state
        self.best_params = {name: state[name] for name in self.model.params}

    def _install_best(self) -> None:
        """Let the model hold the best state; remember where training stopped."""
        if self._best_state is None:
            return
        self._last_state = model_state(self.model)
        set_model_state(self.model, self._best_state)
        self._installed = dict(self.model.params)

    def _take_up(self) -> None:
        """Go on where training stopped, unless somebody has put other weights into the model."""
        if self._last_state is not None:
            set_model_state(self.model, self._current_state())
            self._last_state = None

    def _current_state(self) -> Arrays:
        """Where training stopped, or the model itself where its weights are not those put in."""
        if self._last_state is None:
            return model_state(self.model)
        for name, value in self.model.params.items():
            if value is not self._installed[name]:
                return model_state(self.model)
        return self._last_state

    def _generators(self) -> dict[str, np.random.Generator]:
        generators = {"solver": self.rng}
        if isinstance(getattr(self.model, "rng", None), np.random.Generator):
            generators["model"] = self.model.rng
        return generators

    def _check_settings(self) -> None:
        for name, minimum in _MINIMA.items():
            value = getattr(self, name)
            if not hasattr(value, "__index__") or index(value) < minimum:
                raise ValueError(
                    f"Solver: {name} must be a whole number, at least {minimum}; got {value!r}."
                )
        if self.update_rule.startswith("_") or not callable(getattr(optim, self.update_rule, None)):
            raise ValueError(f"Solver: cs231n.optim has no update rule {self.update_rule!r}.")
        if self.schedule is not None and "learning_rate" not in self.optim_config:
            raise ValueError("Solver: a schedule scales learning_rate; put one into optim_config.")

    def _settings(self) -> dict[str, Any]:
        """What a run that goes on must have in common with the one that was saved."""
        return {
            "update_rule": self.update_rule,
            "batch_size": self.batch_size,
            "num_train": len(self.X_train),
            "num_train_samples": self.num_train_samples,
            "num_val_samples": self.num_val_samples,
            "lr_decay": self.lr_decay,
            "clip_norm": self.clip_norm,
            "clip_value": self.clip_value,
        }


_interrupts: list[float] = []


def _is_second_interrupt() -> bool:
    """bool : whether the last interrupt was only just before; somebody wants out of a loop."""
    now = monotonic()
    is_second = bool(_interrupts) and now - _interrupts[-1] < _SECOND_INTERRUPT
    _interrupts[:] = [now]
    return is_second


class _Progress:
    """A progress bar that printed lines do not tear, or nothing at all."""

    def __init__(self, done: int, total: int, verbose: bool) -> None:
        self.bar = None
        if verbose:
            from tqdm import tqdm

            # In a notebook two streams would be shown as one block after the other.
            file = sys.stdout if in_notebook() else None
            self.bar = tqdm(initial=done, total=total, unit="step", leave=False, file=file)

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def print(self, line: str) -> None:
        if self.bar is not None:
            self.bar.write(line)

    def advance(self) -> None:
        if self.bar is not None:
            self.bar.update()


def _check_data(data: dict[str, np.ndarray]) -> None:
    missing = [key for key in _DATA if key not in data]
    if missing:
        raise ValueError(f"Solver: data lacks {', '.join(missing)}.")
    for part in ("train", "val"):
        X = data[f"X_{part}"]
        y = data[f"y_{part}"]
        if len(X) != len(y) or len(X) == 0:
            raise ValueError(
                f"Solver: X_{part} and y_{part} need the same length, at least 1; "
                f"got {len(X)} and {len(y)}."
            )
