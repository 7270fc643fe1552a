"""Comparison of engines: time per update, error of the gradient, fraction of the peak speed."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from memlab.models.linear import linear
from memlab.models.transformer import Transformer
from memlab.preset.facts import Facts
from memlab.preset.schema import Model, Preset
from memlab.preset.size import RowCounts, d_mlp_of, products
from memlab.training.device import set_threads
from memlab.training.engines.choose import ENGINES
from memlab.training.engines.engine import CPU, BatchPlan
from memlab.training.optimizers import build_optimizer
from memlab.training.run_data import RunData
from memlab.training.update_plans import UpdatePlans

SECONDS = 10.0
"""approximate time limit of the measurement; every engine makes at least three updates"""


def measure(preset: Preset, seconds: float = SECONDS) -> dict[str, Any]:
    """Time complete updates with each engine, interleaved on the same batches.

    The process uses as many threads as a run of the preset. The tree engine is omitted with dropout.

    Returns:
        The results of `memlab bench`. `gflop_left`: matrix products of an update with the fastest
        engine; `matrix_gflops`: measured peak speed of such products; `share_of_limit`: speed of the
        fastest engine, including all other work, divided by `matrix_gflops`.
    """
    run_data = RunData(preset, CPU)
    set_threads(run_data.flop)
    facts, batches, sequences = run_data.facts, run_data.batches, run_data.choice.engine.sequences
    engines = {
        name: kind(sequences)
        for name, kind in ENGINES.items()
        if name != "tree" or not preset.model.dropout
    }
    plans = {name: UpdatePlans(engine, batches) for name, engine in engines.items()}
    times = _interleave(
        {name: _stepper(facts, plan) for name, plan in plans.items()},
        updates=plans["plain"].updates_at_once,
        seconds=seconds,
    )
    medians = {name: median(seconds) for name, seconds in times.items()}
    fastest = min(medians, key=medians.__getitem__)
    index = batches.at(1, facts.updates)
    plan = engines[fastest].batch(index)
    left = products(preset.model, len(facts.dataset.vocabulary), plan.row_counts) / 1e9
    speed = _matrix_gflops(preset.model, plan.row_counts)
    return {
        "preset": preset.name,
        "engine": run_data.choice.name,
        "reason": run_data.choice.reason,
        "engines": {
            name: {
                "ms_per_step": 1000 * seconds,
                "times_plain": medians["plain"] / seconds,
                "steps": len(times[name]) * plans[name].updates_at_once,
            }
            for name, seconds in medians.items()
        },
        "gradient_error": _gradient_error(facts, plan, engines["plain"].batch(index)),
        "gflop_left": left,
        "matrix_gflops": speed,
        "share_of_limit": left / speed / medians[fastest],
        "threads": torch.get_num_threads(),
    }


def _model(facts: Facts) -> Transformer:
    settings, seed = facts.preset.model, facts.preset.seeds.number("init")
    return Transformer(settings, len(facts.dataset.vocabulary), facts.n_ctx, seed=seed)


def _stepper(facts: Facts, plans: UpdatePlans) -> Callable[[int], None]:
    """A function that makes update `step`, including the preparation of its batch."""
    model = _model(facts)
    optimizer = build_optimizer(facts.preset.optimizer, model)

    def update(step: int) -> None:
        (plan,) = plans.at(step, facts.updates)
        optimizer.zero_grad()
        plan.loss(model, facts.preset.training.label_smoothing).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return update


def _interleave(
    steppers: dict[str, Callable[[int], None]], updates: int, seconds: float
) -> dict[str, list[float]]:
    """Seconds per update in each round. A round makes `updates` updates with every engine.

    The first round is a warm-up and does not count.
    """
    times: dict[str, list[float]] = {name: [] for name in steppers}
    rounds, end = 0, float("inf")
    while rounds <= 3 or time.perf_counter() < end:
        steps = range(rounds * updates + 1, (rounds + 1) * updates + 1)
        for name, update in steppers.items():
            started = time.perf_counter()
            for step in steps:
                update(step)
            times[name].append((time.perf_counter() - started) / updates)
        if rounds == 0:
            times = {name: [] for name in steppers}
            end = time.perf_counter() + seconds
        rounds += 1
    return times


def _gradient_error(facts: Facts, plan: BatchPlan, plain: BatchPlan) -> float:
    """Relative error of the float32 gradient of an engine; reference: plain engine in float64."""
    model = _model(facts).eval()
    exact = _gradient(plain, model.double())
    gradient = _gradient(plan, model.float())
    return float((gradient - exact).norm() / exact.norm())


def _gradient(plan: BatchPlan, model: Transformer) -> torch.Tensor:
    loss = plan.loss(model, dtype=model.token.weight.dtype)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    return torch.cat([gradient.flatten() for gradient in gradients]).double()


def _matrix_gflops(model: Model, row_counts: RowCounts) -> float:
    """Speed of the matrix products of the MLP, forward and backward, in GFLOP/s."""
    rows, d_model, d_mlp = max(row_counts.inner, row_counts.outputs), model.d_model, d_mlp_of(model)
    x, up = torch.randn(rows, d_model), torch.randn(d_mlp, d_model)
    grad = torch.randn(rows, d_mlp)
    leaves = [x.requires_grad_(), up.requires_grad_()]
    seconds = []
    for _ in range(7):
        started = time.perf_counter()
        torch.autograd.grad(linear(*leaves), leaves, grad)
        seconds.append(time.perf_counter() - started)
    return 6e-9 * rows * d_model * d_mlp / median(seconds)
