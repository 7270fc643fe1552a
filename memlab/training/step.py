"""Optimizer updates in blocks. The values of each step stay on the device until the block ends, so that
the CPU does not wait for the GPU after every update.
"""

import time
from collections.abc import Callable

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

Block = NDArray[np.float32]
"""(row, column) values, one row per update"""
KeepRows = Callable[[int, Block], None]
"""Takes the step of the first row, and rows that a later event will contain."""


def keep_nothing(first: int, values: Block) -> None:
    """Wait for the event."""


def advance(
    state: TrainState, run_data: RunData, last: int, steps: int, keep: KeepRows = keep_nothing
) -> Block:
    """Make updates up to step `last` or until the block is full; returns (row, column) values.

    The end of a block depends on the clock; the values do not. Weight and update norms are computed
    every `NORMS_EVERY` steps and are NaN at other steps.

    Args:
        steps: updates in the whole run, for the learning rate schedule.
        keep: called on a CPU where steps take more than a millisecond, with finite losses only; on
            a GPU, reading values would make the CPU wait.
    """
    rows = min(MAX_ROWS, last - state.step)
    on_device = torch.full((rows, len(COLUMNS)), torch.nan, device=run_data.device)  # (row, column)
    rates = np.empty(rows, np.float32)
    started = kept_at = time.perf_counter()
    first, done, n_kept = state.step + 1, 0, 0
    # The same memory; None as soon as no more rows are passed on early.
    readable = on_device.numpy() if run_data.device.type == "cpu" else None
    while done < rows:
        lr = learning_rate(state.preset.optimizer, state.step + 1, steps)
        measured = (state.step + 1) % NORMS_EVERY == 0
        before = [p.detach().clone() for p in state.parameters] if measured else []
        on_device[done, LOSS], on_device[done, GRAD_NORM] = update(state, run_data, lr, steps)
        if measured:
            on_device[done, WEIGHT_NORM], on_device[done, UPDATE_NORM] = _norms(state, before)
        rates[done] = lr
        done += 1
        now = time.perf_counter()
        if now - started > MAX_SECONDS:
            break
        if readable is not None and now - kept_at > KEEP_SECONDS:
            values = _with_rates(readable[n_kept:done], rates[n_kept:done])
            if len(values) <= KEPT_ROWS and np.isfinite(values[:, LOSS]).all():
                keep(first + n_kept, values)
            else:
                readable = None
            kept_at, n_kept = time.perf_counter(), done
    return _with_rates(on_device[:done].cpu().numpy(), rates[:done])


def _with_rates(values: Block, rates: Block) -> Block:
    values[:, LR] = rates
    return values


def _norms(state: TrainState, before: list[Tensor]) -> tuple[Tensor, Tensor]:
    """2-norms of the weights before an update, and of the update."""
    added = [p.detach() - b for p, b in zip(state.parameters, before, strict=True)]
    return nn.utils.get_total_norm(before), nn.utils.get_total_norm(added)


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
