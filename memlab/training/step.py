"""Optimizer updates in blocks. The values of each step stay on the device until the block ends, so that
the CPU does not wait for the GPU after every update.
"""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from memlab.preset.learning_rate import learning_rate
from memlab.record.events import COLUMNS, NORMS_EVERY
from memlab.training.optimizers import set_learning_rate
from memlab.training.run_data import RunData
from memlab.training.state import TrainState

MAX_ROWS = 1024
"""maximum number of updates in a block"""
MAX_SECONDS = 0.1
"""a block ends after the first update that exceeds this time"""
KEEP_SECONDS = 0.01
"""seconds after which rows are passed on before their block ends"""
KEPT_ROWS = 10
"""maximum number of rows passed on early: more, from shorter steps, would cost too much"""
LOSS, GRAD_NORM, LR, WEIGHT_NORM, UPDATE_NORM = range(len(COLUMNS))

Row = Sequence[float]
"""the values of an update, one per column"""
KeepRows = Callable[[int, Sequence[Row]], None]
"""Takes the step of the first row, and rows that a later event will contain."""
_NOT_MEASURED = (math.nan, math.nan)


def keep_nothing(first: int, rows: Sequence[Row]) -> None:
    """Wait for the event."""


def advance(
    state: TrainState, run_data: RunData, last: int, steps: int, keep: KeepRows = keep_nothing
) -> NDArray[np.float32]:
    """Make updates up to step `last` or until the block is full; returns (row, column) values.

    The end of a block depends on the clock; the values do not. Weight and update norms are computed
    every `NORMS_EVERY` steps and are NaN at other steps.

    Args:
        steps: updates in the whole run, for the learning rate schedule.
        keep: called on a CPU where steps take more than a millisecond, with finite losses only; on
            a GPU, reading values would make the CPU wait.
    """
    n_rows = min(MAX_ROWS, last - state.step)
    keeps = on_cpu = run_data.device.type == "cpu"
    rows: list[Row] = []
    on_device: list[tuple[Tensor | float, ...]] = []
    first, n_kept = state.step + 1, 0
    started = kept_at = time.perf_counter()
    for _ in range(n_rows):
        lr = learning_rate(state.preset.optimizer, state.step + 1, steps)
        measured = (state.step + 1) % NORMS_EVERY == 0
        if measured:
            _copy_weights(state)
        loss, grad_norm = update(state, run_data, lr, steps)
        row = (loss, grad_norm, lr, *(_norms(state) if measured else _NOT_MEASURED))
        if on_cpu:
            rows.append([float(value) for value in row])
        else:
            on_device.append(row)
        now = time.perf_counter()
        if now - started > MAX_SECONDS:
            break
        if keeps and now - kept_at > KEEP_SECONDS:
            new = rows[n_kept:]
            keeps = len(new) <= KEPT_ROWS and all(math.isfinite(row[LOSS]) for row in new)
            if keeps:
                keep(first + n_kept, new)
            kept_at, n_kept = time.perf_counter(), len(rows)
    return np.array(rows or _read(on_device), np.float32).reshape(-1, len(COLUMNS))


def _read(rows: Sequence[tuple[Tensor | float, ...]]) -> list[Row]:
    """The rows in host memory; all their tensors are copied at once."""
    tensors = [value for row in rows for value in row if isinstance(value, Tensor)]
    numbers = iter(torch.stack(tensors).tolist() if tensors else ())
    return [[next(numbers) if isinstance(v, Tensor) else v for v in row] for row in rows]


@torch.no_grad()
def _copy_weights(state: TrainState) -> None:
    torch._foreach_copy_(state.weights_before, state.parameters)


@torch.no_grad()
def _norms(state: TrainState) -> tuple[Tensor, Tensor]:
    """2-norms of the weights before an update, and of the update."""
    weight_norm = _total_norm(state.weights_before)
    torch._foreach_sub_(state.weights_before, state.parameters)
    return weight_norm, _total_norm(state.weights_before)


def _total_norm(tensors: list[Tensor]) -> Tensor:
    """The 2-norm of all tensors together: the bits of `nn.utils.get_total_norm`, in fewer calls."""
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
    return norm


def update(state: TrainState, run_data: RunData, lr: float, steps: int) -> tuple[Tensor, Tensor]:
    """Make one optimizer update of a run of `steps`.

    With micro-batches the gradients are accumulated, each weighted by its share of the targets, which
    gives the gradient of the whole batch.

    Returns:
        The objective (mean over all targets, nats) and the gradient norm before clipping.
    """
    settings = state.preset.training
    step = state.step + 1
    if state.preset.model.dropout:
        torch.manual_seed(state.preset.seeds.number("dropout", step))
    if not state.model.training:
        state.model.train()
    state.optimizer.zero_grad(set_to_none=True)
    dtype = torch.float64 if settings.loss_dtype == "float64" else torch.float32
    plans = run_data.plans.at(step, steps)
    n_targets = sum(plan.n_targets for plan in plans)
    total = torch.zeros((), device=run_data.device)
    for plan in plans:
        loss = plan.loss(state.model, settings.label_smoothing, dtype) * (
            plan.n_targets / n_targets
        )
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
    clip = state.preset.optimizer.clip_grad_norm
    norm = nn.utils.clip_grad_norm_(state.parameters, clip or float("inf"))
    set_learning_rate(state.optimizer, lr)
    state.optimizer.step()
    state.step = step
    return total, norm
